/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slots.c - sums by bin.
 *
 * Cost: one addition in memory for each value of a row that is not in its common bin.  The table of
 * a block, half a megabyte at most, stays in the cache while all rows pass. */
#include "trees/slots.h"
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SLOTS = 1 << 16, PIECE = 1024, AHEAD = 8 };

static int number_slots(struct mp_ctx *c, struct mp_slots *s)
{
    const struct mp_bins *b = s->bins;
    s->first = mp_alloc(c, b->d + 1, sizeof *s->first);
    s->value = mp_alloc(c, b->d + 1, sizeof *s->value);
    if (s->first == NULL || s->value == NULL)
        return -1;
    if (b->d > UINT32_MAX / MP_MOST_BINS)
        return mp_fail(c, "rows of %zu values have too many bins; there may be %u values", b->d,
                       UINT32_MAX / MP_MOST_BINS);
    for (size_t v = 0; v < b->d; v++) {
        if (s->blocks == 0 ||
            s->first[v] + b->count[v] - s->first[s->value[s->blocks - 1]] > BLOCK_SLOTS)
            s->value[s->blocks++] = (uint32_t)v;
        s->first[v + 1] = s->first[v] + b->count[v];
    }
    s->value[s->blocks] = (uint32_t)b->d;
    s->n = s->first[b->d];
    return MP_OK;
}

/* How many slots a row has in a block; written to `to` unless that is NULL. */
static size_t list_slots(const struct mp_slots *s, size_t block, size_t row, uint16_t *to)
{
    const struct mp_bins *b = s->bins;
    const size_t from = s->value[block], end = s->value[block + 1];
    const uint8_t *at = b->row + row * b->d;
    size_t m = 0;
    if (to == NULL) {
        for (size_t v = from; v < end; v++)
            m += at[v] != b->common[v];
        return m;
    }
    for (size_t v = from; v < end; v++)
        if (at[v] != b->common[v])
            to[m++] = (uint16_t)(s->first[v] - s->first[from] + at[v]);
    return m;
}

static int list_piece(struct mp_ctx *c, void *arg, size_t i)
{
    struct mp_slots *s = arg;
    const size_t n = s->bins->n, from = i * PIECE, end = n - from < PIECE ? n : from + PIECE;
    (void)c;
    for (size_t b = 0; b < s->blocks; b++)
        for (size_t r = from; r < end; r++) {
            size_t *begin = &s->begin[b * (n + 1) + r];
            if (s->at == NULL)
                *begin = list_slots(s, b, r, NULL);
            else
                list_slots(s, b, r, s->at + *begin);
        }
    return MP_OK;
}

int mp_slots_open(struct mp_ctx *c, struct mp_slots *s, const struct mp_bins *bins)
{
    const size_t n = bins->n, pieces = (n + PIECE - 1) / PIECE;
    size_t sum = 0;
    *s = (struct mp_slots){ .bins = bins };
    if (number_slots(c, s) < 0)
        return -1;
    s->begin = mp_alloc(c, mp_product(s->blocks, n + 1), sizeof *s->begin);
    if (s->begin == NULL || mp_parallel_for(c, pieces, list_piece, s) < 0)
        return -1;
    for (size_t i = 0; i < s->blocks * (n + 1); i++) { /* how many become where */
        const size_t some = s->begin[i];
        s->begin[i] = sum;
        sum += some;
    }
    s->at = mp_alloc(c, sum + 1, sizeof *s->at);
    return s->at != NULL ? mp_parallel_for(c, pieces, list_piece, s) : -1;
}

void mp_slots_close(struct mp_slots *s)
{
    free(s->first);
    free(s->value);
    free(s->begin);
    free(s->at);
    *s = (struct mp_slots){ 0 };
}

static void add_block(const struct mp_slots *s, size_t block, const uint32_t *rows, size_t n,
                      const int64_t *what, int64_t *restrict to)
{
    const size_t *begin = s->begin + block * (s->bins->n + 1);
    for (size_t i = 0; i < n; i++) {
        const uint16_t *at = s->at + begin[rows[i]], *end = s->at + begin[rows[i] + 1];
        const int64_t more = what[rows[i]];
        if (i + AHEAD < n)
            __builtin_prefetch(s->at + begin[rows[i + AHEAD]]);
        for (; at < end; at++)
            to[*at] += more;
    }
}

void mp_slots_add(const struct mp_slots *s, const uint32_t *rows, size_t n, const int64_t *what,
                  int64_t all, int64_t *to)
{
    const struct mp_bins *b = s->bins;
    memset(to, 0, s->n * sizeof *to);
    for (size_t block = 0; block < s->blocks; block++)
        add_block(s, block, rows, n, what, to + s->first[s->value[block]]);
    for (size_t v = 0; v < b->d; v++) {
        int64_t others = 0;
        for (size_t i = s->first[v]; i < s->first[v + 1]; i++)
            others += to[i];
        to[s->first[v] + b->common[v]] = all - others;
    }
}
