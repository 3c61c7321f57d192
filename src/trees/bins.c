/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bins.c - training rows in few levels.
 *
 * Levels (bytes) are counted, floats sorted: by radix, 11 bits at a time, with the number of their
 * row beside them, so that bins are given out in one pass over the sorted ones.
 * Cost: some nanoseconds a value.  Memory: the rows, as bytes or floats, and two bytes a value. */
#include "trees/bins.h"
#include "core/finite.h"
#include "core/learner.h"
#include "linear/nearest.h"
#include <stdlib.h>
#include <string.h>

enum { DIGIT = 11, DIGITS = 1 << DIGIT, COLUMNS = 16, ROWS = 1024 };

/* ------------------------------------------------------------------ keeping rows */

static int begin(struct mp_ctx *c, struct mp_bins *b, size_t d)
{
    const size_t n = mp_fit_rows(c);
    if (n > UINT32_MAX / 2)
        return mp_fail(c, "learns from at most %u rows, got %zu", UINT32_MAX / 2, n);
    *b = (struct mp_bins){ .room = n, .d = d };
    b->b = mp_alloc(c, mp_product(n, d), sizeof *b->b);
    b->class = mp_alloc(c, n, sizeof *b->class);
    return b->b != NULL && b->class != NULL ? MP_OK : -1;
}

static int grow_to_floats(struct mp_ctx *c, struct mp_bins *b)
{
    b->x = mp_alloc(c, mp_product(b->room, b->d), sizeof *b->x);
    if (b->x == NULL)
        return -1;
    mp_of_levels(b->b, b->n * b->d, b->x);
    free(b->b);
    b->b = NULL;
    return MP_OK;
}

int mp_bins_add(struct mp_ctx *c, struct mp_bins *b, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (b->class == NULL && begin(c, b, d) < 0)
        return -1;
    if (b->d != d || in->n > b->room - b->n)
        return mp_fail(c, "%zu rows of %zu values where %zu of %zu were to come", in->n, d,
                       b->room - b->n, b->d);
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        if (!mp_all_finite(x, d))
            return mp_fail(c, "a value of row %zu is infinite or not a number", mp_row(in, i) + 1);
        if (b->x == NULL && !mp_levels(x, d, b->b + b->n * d) && grow_to_floats(c, b) < 0)
            return -1;
        if (b->x != NULL)
            memcpy(b->x + b->n * d, x, d * sizeof *x);
        b->class[b->n++] = (uint16_t)in->y[i];
    }
    return MP_OK;
}

void mp_bins_free(struct mp_bins *b)
{
    free(b->class);
    free(b->at);
    free(b->row);
    free(b->count);
    free(b->common);
    free(b->edge);
    free(b->least);
    free(b->b);
    free(b->x);
    *b = (struct mp_bins){ 0 };
}

/* ------------------------------------------------------------------ making bins */

/* Different values of a column, in order, while they are put into bins. */
struct cutter {
    float *edge, *least;
    size_t bins, most;
    size_t held, left, places; /* rows in the bin at hand; not yet in closed ones; bins left */
    size_t values;             /* different ones still to come */
    float last;
};

static void begin_cut(struct cutter *k, struct mp_bins *b, size_t column, size_t most,
                      size_t values)
{
    *k = (struct cutter){ .edge = b->edge + column * MP_MOST_BINS,
                          .least = b->least + column * MP_MOST_BINS,
                          .most = most, .left = b->n, .places = most, .values = values };
}

/* The bin of the next value, which so many rows have.  A bin is full that has as many rows as the
 * rest would have each; where there are as many places as values, any bin is. */
static uint8_t cut(struct cutter *k, float value, size_t rows)
{
    const bool full = k->held > 0 && (k->values <= k->places - 1 ||
                                      k->held * k->places >= k->left);
    if (k->bins == 0 || (full && k->places > 1)) {
        if (k->bins > 0) {
            const float middle = (float)(((double)k->last + (double)value) / 2);
            k->edge[k->bins - 1] = middle < value ? middle : k->last;
            k->left -= k->held;
            k->places--;
        }
        k->least[k->bins++] = value;
        k->held = 0;
    }
    k->held += rows;
    k->values--;
    k->last = value;
    return (uint8_t)(k->bins - 1);
}

struct work {
    struct mp_bins *b;
    size_t most;
};

static void end_cut(struct mp_bins *b, size_t column, const struct cutter *k)
{
    const uint8_t *at = b->at + column * b->n;
    size_t rows[MP_MOST_BINS] = { 0 }, common = 0;
    for (size_t i = 0; i < b->n; i++)
        rows[at[i]]++;
    for (size_t i = 1; i < k->bins; i++)
        common = rows[i] > rows[common] ? i : common;
    b->count[column] = (uint16_t)k->bins;
    b->common[column] = (uint8_t)common;
}

static void bin_levels(struct work *w, size_t column, const uint8_t *from)
{
    struct mp_bins *b = w->b;
    size_t rows[256] = { 0 }, values = 0;
    uint8_t bin[256], *to = b->at + column * b->n;
    struct cutter k;
    for (size_t i = 0; i < b->n; i++)
        rows[from[i]]++;
    for (size_t v = 0; v < 256; v++)
        values += rows[v] > 0;
    begin_cut(&k, b, column, w->most, values);
    for (size_t v = 0; v < 256; v++)
        bin[v] = rows[v] > 0 ? cut(&k, (float)v / 255.0f, rows[v]) : 0;
    for (size_t i = 0; i < b->n; i++)
        to[i] = bin[from[i]];
    end_cut(b, column, &k);
}

/* Some columns together, as each row has them in a few lines of memory. */
static int take_levels(struct mp_ctx *c, void *arg, size_t i)
{
    struct work *w = arg;
    const struct mp_bins *b = w->b;
    const size_t first = i * COLUMNS, some = b->d - first < COLUMNS ? b->d - first : COLUMNS;
    uint8_t *columns = mp_alloc(c, mp_product(b->n, COLUMNS), 1);
    if (columns == NULL)
        return -1;
    for (size_t r = 0; r < b->n; r++)
        for (size_t j = 0; j < some; j++)
            columns[j * b->n + r] = b->b[r * b->d + first + j];
    for (size_t j = 0; j < some; j++)
        bin_levels(w, first + j, columns + j * b->n);
    free(columns);
    return MP_OK;
}

/* Bits whose order is that of the floats; -0 is 0. */
static uint32_t key_of(float x)
{
    const float plain = x + 0.0f;
    uint32_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint64_t pair)
{
    const uint32_t key = (uint32_t)(pair >> 32);
    const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Sorts pairs, a key above a row; where they lie then. */
static uint64_t *sort(uint64_t *from, uint64_t *to, size_t n)
{
    for (unsigned shift = 32; shift < 64; shift += DIGIT) {
        size_t at[DIGITS] = { 0 }, sum = 0;
        for (size_t i = 0; i < n; i++)
            at[from[i] >> shift & (DIGITS - 1)]++;
        for (size_t v = 0; v < DIGITS; v++) {
            const size_t some = at[v];
            at[v] = sum;
            sum += some;
        }
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
        uint64_t *was = from;
        from = to;
        to = was;
    }
    return from;
}

static void bin_floats(struct work *w, size_t column, const uint64_t *pairs)
{
    struct mp_bins *b = w->b;
    uint8_t *to = b->at + column * b->n;
    size_t values = 0, end;
    struct cutter k;
    for (size_t i = 0; i < b->n; i++)
        values += i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32;
    begin_cut(&k, b, column, w->most, values);
    for (size_t i = 0; i < b->n; i = end) {
        for (end = i; end < b->n && pairs[end] >> 32 == pairs[i] >> 32;)
            end++;
        const uint8_t bin = cut(&k, value_of(pairs[i]), end - i);
        for (size_t j = i; j < end; j++)
            to[(uint32_t)pairs[j]] = bin;
    }
    end_cut(b, column, &k);
}

static int take_floats(struct mp_ctx *c, void *arg, size_t i)
{
    struct work *w = arg;
    const struct mp_bins *b = w->b;
    const size_t first = i * COLUMNS, some = b->d - first < COLUMNS ? b->d - first : COLUMNS;
    uint64_t *pairs = mp_alloc(c, mp_product(b->n, 2), sizeof *pairs);
    if (pairs == NULL)
        return -1;
    for (size_t j = 0; j < some; j++) {
        for (size_t r = 0; r < b->n; r++)
            pairs[r] = (uint64_t)key_of(b->x[r * b->d + first + j]) << 32 | r;
        bin_floats(w, first + j, sort(pairs, pairs + b->n, b->n));
    }
    free(pairs);
    return MP_OK;
}

/* Rows again, of all columns. */
static int turn(struct mp_ctx *c, void *arg, size_t i)
{
    const struct mp_bins *b = ((struct work *)arg)->b;
    const size_t first = i * ROWS, end = b->n - first < ROWS ? b->n : first + ROWS;
    (void)c;
    for (size_t at = 0; at < b->d; at += COLUMNS) {
        const size_t behind = b->d - at < COLUMNS ? b->d : at + COLUMNS;
        for (size_t r = first; r < end; r++)
            for (size_t j = at; j < behind; j++)
                b->row[r * b->d + j] = b->at[j * b->n + r];
    }
    return MP_OK;
}

int mp_bins_finish(struct mp_ctx *c, struct mp_bins *b, size_t most)
{
    struct work w = { b, most };
    if (b->n == 0)
        return mp_fail(c, "no rows to learn from");
    b->at = mp_alloc(c, mp_product(b->n, b->d), sizeof *b->at);
    b->row = mp_alloc(c, mp_product(b->n, b->d), sizeof *b->row);
    b->count = mp_alloc(c, b->d, sizeof *b->count);
    b->common = mp_alloc(c, b->d, sizeof *b->common);
    b->edge = mp_alloc(c, mp_product(b->d, MP_MOST_BINS), sizeof *b->edge);
    b->least = mp_alloc(c, mp_product(b->d, MP_MOST_BINS), sizeof *b->least);
    if (b->at == NULL || b->row == NULL || b->count == NULL || b->common == NULL ||
        b->edge == NULL || b->least == NULL)
        return -1;
    int rc = mp_parallel_for(c, (b->d + COLUMNS - 1) / COLUMNS,
                             b->x != NULL ? take_floats : take_levels, &w);
    if (rc == MP_OK)
        rc = mp_parallel_for(c, (b->n + ROWS - 1) / ROWS, turn, &w);
    free(b->b);
    free(b->x);
    b->b = NULL;
    b->x = NULL;
    return rc;
}

size_t mp_bins_part(const uint8_t *column, uint8_t bin, uint32_t *rows, size_t n, uint32_t *spare)
{
    size_t first = 0, behind = 0;
    for (size_t i = 0; i < n; i++) { /* no branch to mispredict */
        const uint32_t row = rows[i];
        const bool above = column[row] > bin;
        rows[first] = row;
        spare[behind] = row;
        first += !above;
        behind += above;
    }
    memcpy(rows + first, spare, behind * sizeof *rows);
    return first;
}
