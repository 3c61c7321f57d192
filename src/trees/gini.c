/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gini.c - where to cut rows in two so that their classes come apart.
 *
 * Of each value the rows that are not in the bin that most rows have, such as paper, are gathered:
 * what the common bin has is what is left.  From the highest bin on they change sides; many rows
 * of few classes by a table of bins and classes, others one by one, which changes the two sums of
 * squares by little each.  Where weights are whole, all sums are whole numbers, and the same on
 * every processor.
 *
 * Rows of a large part are gathered from columns, which are read in order; those of a small one
 * from rows, of which all that is asked for below it stays in the cache. */
#include "trees/gini.h"
#include "core/simd.h"
#include <stdlib.h>
#include <string.h>

/* Rows of a small part; from how many on, and up to how many classes, a table is faster; up to how
 * many insertion is the fastest way to sort; classes that lie side by side. */
enum { NEAR_ROWS = 1024, TABLE_ROWS = 2000, TABLE_CLASSES = 32, SORT_ROWS = 48, LANES = 8 };

static size_t lanes_of(size_t classes)
{
    return (classes + LANES - 1) / LANES * LANES;
}

int mp_gini_open(struct mp_ctx *c, struct mp_gini *g)
{
    const size_t n = g->bins->n, wide = lanes_of(g->classes);
    g->who = mp_alloc(c, n, sizeof *g->who);
    g->key = mp_alloc(c, mp_product(n + 1, 2), sizeof *g->key);
    g->histogram = mp_alloc(c, MP_MOST_BINS * TABLE_CLASSES, sizeof *g->histogram);
    g->moved = mp_alloc(c, wide, sizeof *g->moved);
    g->common = mp_alloc(c, wide, sizeof *g->common);
    g->all = mp_alloc(c, wide, sizeof *g->all);
    return g->who != NULL && g->key != NULL && g->histogram != NULL && g->moved != NULL &&
           g->common != NULL && g->all != NULL ? MP_OK : -1;
}

void mp_gini_close(struct mp_gini *g)
{
    free(g->who);
    free(g->key);
    free(g->histogram);
    free(g->moved);
    free(g->common);
    free(g->all);
}

void mp_gini_rows(struct mp_gini *g, const uint32_t *rows, size_t n, const uint16_t *times)
{
    g->rows = rows;
    g->n = n;
    g->count = g->kinds = 0;
    g->mass = g->square = 0;
    memset(g->all, 0, lanes_of(g->classes) * sizeof *g->all);
    for (size_t i = 0; i < n; i++) {
        const uint32_t k = g->bins->class[rows[i]], often = times != NULL ? times[rows[i]] : 1;
        g->who[i] = k << 16 | often;
        g->count += often;
        g->kinds += g->all[k] > 0 ? 0 : 1;
        g->all[k] += often * g->weight[k];
        g->kind = k;
    }
    for (size_t k = 0; k < g->classes; k++) {
        g->mass += g->all[k];
        g->square += g->all[k] * g->all[k];
    }
}

static size_t bin_of(uint64_t key)
{
    return key >> 32;
}

static size_t class_of(uint64_t key)
{
    return key >> 16 & 0xffff;
}

static uint32_t times_of(uint64_t key)
{
    return key & 0xffff;
}

/* Keys of the rows that are not in the common bin; how many. */
static size_t gather(const struct mp_gini *g, size_t value)
{
    const struct mp_bins *b = g->bins;
    const uint8_t common = b->common[value];
    const bool near = g->n <= NEAR_ROWS;
    const uint8_t *at = near ? b->row + value : b->at + value * b->n;
    const size_t step = near ? b->d : 1;
    size_t m = 0;
    for (size_t i = 0; i < g->n; i++) { /* no branch to mispredict */
        const uint8_t bin = at[g->rows[i] * step];
        g->key[m] = (uint64_t)bin << 32 | g->who[i];
        m += bin != common;
    }
    return m;
}

/* What has changed sides. */
struct side {
    size_t count;
    double mass, here, there; /* sums of squares; there: of the other side */
};

static void offer(const struct mp_gini *g, size_t value, size_t low, size_t high,
                  const struct side *s, struct mp_cut *best)
{
    if (s->count < g->least || g->count - s->count < g->least)
        return;
    const double score = s->here / s->mass + s->there / (g->mass - s->mass);
    /* Cuts come from the highest bin down: of equally good ones the lowest is the best, such as
     * that between paper and ink. */
    if (score >= best->score)
        *best = (struct mp_cut){ score, value, (uint8_t)low, (uint8_t)high };
}

/* ------------------------------------------------------------------ by a table */

/* What one bin has changes sides, and becomes 0. */
MP_CLONES static void sweep(uint32_t *restrict h, const double *restrict weight,
                            const double *restrict all, double *restrict moved, size_t wide,
                            struct side *s)
{
    double mass[LANES] = { 0 }, here[LANES] = { 0 }, there[LANES] = { 0 };
    uint32_t count[LANES] = { 0 };
    for (size_t k = 0; k < wide; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double more = h[k + l] * weight[k + l], own = moved[k + l] + more;
            const double other = all[k + l] - own;
            count[l] += h[k + l];
            h[k + l] = 0;
            moved[k + l] = own;
            mass[l] += more;
            here[l] += own * own;
            there[l] += other * other;
        }
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) {
            count[l] += count[l + half];
            mass[l] += mass[l + half];
            here[l] += here[l + half];
            there[l] += there[l + half];
        }
    s->count += count[0];
    s->mass += mass[0];
    s->here = here[0];
    s->there = there[0];
}

/* The common bin has what the others do not. */
static void count_common(struct mp_gini *g, size_t common, size_t wide, size_t m)
{
    uint32_t all[TABLE_CLASSES] = { 0 };
    for (size_t i = 0; i < g->n && m < g->n; i++)
        all[g->who[i] >> 16] += g->who[i] & 0xffff;
    for (size_t i = 0; i < m && m < g->n; i++)
        all[class_of(g->key[i])] -= times_of(g->key[i]);
    for (size_t k = 0; k < wide; k++)
        g->histogram[common * wide + k] = all[k];
}

static void best_of_table(struct mp_gini *g, size_t value, size_t m, struct mp_cut *best)
{
    const size_t wide = lanes_of(g->classes), common = g->bins->common[value];
    uint8_t seen[MP_MOST_BINS] = { 0 };
    struct side s = { 0 };
    size_t high = MP_MOST_BINS;
    for (size_t i = 0; i < m; i++) {
        const size_t bin = bin_of(g->key[i]);
        seen[bin] = 1;
        g->histogram[bin * wide + class_of(g->key[i])] += times_of(g->key[i]);
    }
    seen[common] = m < g->n;
    count_common(g, common, wide, m);
    memset(g->moved, 0, wide * sizeof *g->moved);
    for (size_t b = MP_MOST_BINS; b > 0; b -= 8) {
        uint64_t some;
        memcpy(&some, seen + b - 8, sizeof some);
        for (size_t j = b; some != 0 && j-- > b - 8;) {
            if (seen[j] == 0)
                continue;
            if (high < MP_MOST_BINS)
                offer(g, value, j, high, &s, best);
            sweep(g->histogram + j * wide, g->weight, g->all, g->moved, wide, &s);
            high = j;
        }
    }
}

/* ------------------------------------------------------------------ row by row */

static void insert_keys(uint64_t *key, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t own = key[i];
        size_t at = i;
        for (; at > 0 && key[at - 1] > own; at--)
            key[at] = key[at - 1];
        key[at] = own;
    }
}

static const uint64_t *sorted(const struct mp_gini *g, size_t m)
{
    size_t at[MP_MOST_BINS] = { 0 }, sum = 0;
    if (m <= SORT_ROWS) {
        insert_keys(g->key, m);
        return g->key;
    }
    for (size_t i = 0; i < m; i++)
        at[bin_of(g->key[i])]++;
    for (size_t b = 0; b < MP_MOST_BINS; b++) {
        const size_t some = at[b];
        at[b] = sum;
        sum += some;
    }
    for (size_t i = 0; i < m; i++)
        g->key[g->n + 1 + at[bin_of(g->key[i])]++] = g->key[i];
    return g->key + g->n + 1;
}

/* So much of one class changes sides. */
static inline void move(const struct mp_gini *g, size_t class, double w, struct side *s)
{
    const double own = g->moved[class];
    s->mass += w;
    s->here += w * (2 * own + w);
    s->there += w * (w - 2 * (g->all[class] - own));
    g->moved[class] = own + w;
}

static void move_row(const struct mp_gini *g, uint64_t key, struct side *s)
{
    s->count += times_of(key);
    move(g, class_of(key), times_of(key) * g->weight[class_of(key)], s);
}

/* All rows but those of the keys. */
static void move_common(const struct mp_gini *g, const uint64_t *key, size_t m, struct side *s)
{
    size_t count = g->count;
    memcpy(g->common, g->all, g->classes * sizeof *g->common);
    for (size_t i = 0; i < m; i++) {
        g->common[class_of(key[i])] -= times_of(key[i]) * g->weight[class_of(key[i])];
        count -= times_of(key[i]);
    }
    for (size_t k = 0; k < g->classes; k++)
        if (g->common[k] > 0)
            move(g, k, g->common[k], s);
    s->count += count;
}

static struct side begin_moves(const struct mp_gini *g)
{
    for (size_t i = 0; i < g->n; i++)
        g->moved[g->who[i] >> 16] = 0;
    return (struct side){ .there = g->square };
}

static void best_of_sorted(struct mp_gini *g, size_t value, size_t m, struct mp_cut *best)
{
    const uint64_t *key = sorted(g, m);
    const size_t common = g->bins->common[value];
    struct side s = begin_moves(g);
    bool waits = m < g->n; /* the common bin */
    for (size_t i = m; i-- > 0;) {
        const size_t bin = bin_of(key[i]);
        if (waits && bin < common) {
            if (i + 1 < m)
                offer(g, value, common, bin_of(key[i + 1]), &s, best);
            move_common(g, key, m, &s);
            offer(g, value, bin, common, &s, best);
            waits = false;
        } else if (i + 1 < m && bin != bin_of(key[i + 1])) {
            offer(g, value, bin, bin_of(key[i + 1]), &s, best);
        }
        move_row(g, key[i], &s);
    }
    if (waits)
        offer(g, value, common, bin_of(key[0]), &s, best);
}

bool mp_gini_best(struct mp_gini *g, size_t value, struct mp_cut *best)
{
    const size_t m = g->bins->count[value] > 1 ? gather(g, value) : 0;
    size_t i = 1;
    while (m == g->n && i < m && bin_of(g->key[i]) == bin_of(g->key[0]))
        i++;
    if (m == 0 || (m == g->n && i == m))
        return false;
    if (m >= TABLE_ROWS && g->classes <= TABLE_CLASSES)
        best_of_table(g, value, m, best);
    else
        best_of_sorted(g, value, m, best);
    return true;
}

/* ------------------------------------------------------------------ at random */

/* The last bin between two whose values are not above one between those of the two. */
static uint8_t bin_between(const float *least, uint8_t from, uint8_t to, double share)
{
    const double at = (double)least[from] + share * ((double)least[to] - (double)least[from]);
    while (to - from > 1) {
        const uint8_t middle = (uint8_t)((from + to) / 2);
        if ((double)least[middle] <= at)
            from = middle;
        else
            to = middle;
    }
    return from;
}

/* Those of the keys on one side of the cut change sides. */
static struct side part_keys(const struct mp_gini *g, size_t m, uint8_t bin, bool above)
{
    struct side s = { 0 };
    uint32_t count[TABLE_CLASSES] = { 0 };
    if (g->classes > TABLE_CLASSES) {
        s = begin_moves(g);
        for (size_t i = 0; i < m; i++)
            if ((bin_of(g->key[i]) > bin) == above)
                move_row(g, g->key[i], &s);
        return s;
    }
    for (size_t i = 0; i < m; i++)
        count[class_of(g->key[i])] += ((bin_of(g->key[i]) > bin) == above) * times_of(g->key[i]);
    for (size_t k = 0; k < g->classes; k++) {
        const double own = count[k] * g->weight[k], other = g->all[k] - own;
        s.count += count[k];
        s.mass += own;
        s.here += own * own;
        s.there += other * other;
    }
    return s;
}

bool mp_gini_random(struct mp_gini *g, size_t value, uint64_t bits, struct mp_cut *best)
{
    const size_t m = g->bins->count[value] > 1 ? gather(g, value) : 0;
    const uint8_t common = g->bins->common[value];
    size_t low = m < g->n ? common : UINT8_MAX, high = m < g->n ? common : 0;
    for (size_t i = 0; i < m; i++) {
        low = bin_of(g->key[i]) < low ? bin_of(g->key[i]) : low;
        high = bin_of(g->key[i]) > high ? bin_of(g->key[i]) : high;
    }
    if (m == 0 || low == high)
        return false;
    const uint8_t bin = bin_between(g->bins->least + value * MP_MOST_BINS, (uint8_t)low,
                                    (uint8_t)high, (double)(bits >> 11) * 0x1p-53);
    const struct side s = part_keys(g, m, bin, common <= bin);
    offer(g, value, bin, bin + 1u, &s, best);
    return true;
}

uint8_t mp_gini_bin(const struct mp_gini *g, const struct mp_cut *cut)
{
    return bin_between(g->bins->least + cut->value * MP_MOST_BINS, cut->low, cut->high, 0.5);
}
