/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slots.c - sums by bin.
 *
 * Cost: one addition in memory for each value of a row that is not in its common bin.  The table of
 * a block stays in the cache while all rows pass. */
#include "trees/slots.h"
#include "core/random.h"
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SLOTS = 1 << 16, BLOCK_VALUES = 256, BLOCKS_ASKED = 8, PIECE = 1024, AHEAD = 8 };

/* Any order, always the same. */
static void mix(uint32_t *order, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        const size_t j = mp_mix(i) % (i + 1);
        const uint32_t was = order[i];
        order[i] = order[j];
        order[j] = was;
    }
}

static int number_slots(struct mp_ctx *c, struct mp_slots *s, double share)
{
    const struct mp_bins *b = s->bins;
    const double some = share < 1 ? share * (double)b->d / BLOCKS_ASKED : BLOCK_VALUES;
    const size_t most = some < 1 ? 1 : some < BLOCK_VALUES ? (size_t)some : BLOCK_VALUES;
    s->order = mp_alloc(c, b->d + 1, sizeof *s->order);
    s->place = mp_alloc(c, b->d + 1, sizeof *s->place);
    s->slot = mp_alloc(c, b->d + 1, sizeof *s->slot);
    s->first = mp_alloc(c, b->d + 1, sizeof *s->first);
    if (s->order == NULL || s->place == NULL || s->slot == NULL || s->first == NULL)
        return -1;
    if (b->d > UINT32_MAX / MP_MOST_BINS)
        return mp_fail(c, "rows of %zu values have too many bins; there may be %u values", b->d,
                       UINT32_MAX / MP_MOST_BINS);
    for (size_t i = 0; i < b->d; i++)
        s->order[i] = (uint32_t)i;
    if (share < 1)
        mix(s->order, b->d);
    for (size_t i = 0; i < b->d; i++) {
        const size_t v = s->order[i], at = s->blocks - (s->blocks > 0);
        if (i == 0 || i - s->place[at] == most || s->n + b->count[v] - s->slot[at] > BLOCK_SLOTS) {
            s->place[s->blocks] = (uint32_t)i;
            s->slot[s->blocks++] = (uint32_t)s->n;
        }
        s->first[v] = (uint32_t)s->n;
        s->n += b->count[v];
    }
    s->place[s->blocks] = (uint32_t)b->d;
    s->slot[s->blocks] = (uint32_t)s->n;
    return MP_OK;
}

/* How many slots a row has in a block; written to `to` unless that is NULL. */
static size_t list_slots(const struct mp_slots *s, size_t block, size_t row, uint16_t *to)
{
    const struct mp_bins *b = s->bins;
    const size_t from = s->place[block], end = s->place[block + 1];
    const uint8_t *at = b->row + row * b->d;
    size_t m = 0;
    for (size_t i = from; i < end; i++) {
        const size_t v = s->order[i];
        if (at[v] == b->common[v])
            continue;
        if (to != NULL)
            to[m] = (uint16_t)(s->first[v] - s->slot[block] + at[v]);
        m++;
    }
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

int mp_slots_open(struct mp_ctx *c, struct mp_slots *s, const struct mp_bins *bins, double share)
{
    const size_t n = bins->n, pieces = (n + PIECE - 1) / PIECE;
    size_t sum = 0;
    *s = (struct mp_slots){ .bins = bins };
    if (number_slots(c, s, share) < 0)
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
    free(s->order);
    free(s->place);
    free(s->slot);
    free(s->first);
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

void mp_slots_add(const struct mp_slots *s, size_t block, const uint32_t *rows, size_t n,
                  const int64_t *what, int64_t all, int64_t *to)
{
    const struct mp_bins *b = s->bins;
    memset(to + s->slot[block], 0, (s->slot[block + 1] - s->slot[block]) * sizeof *to);
    add_block(s, block, rows, n, what, to + s->slot[block]);
    for (size_t k = s->place[block]; k < s->place[block + 1]; k++) {
        const size_t v = s->order[k];
        int64_t *own = to + s->first[v], others = 0;
        for (size_t i = 0; i < b->count[v]; i++)
            others += own[i];
        own[b->common[v]] = all - others;
    }
}
