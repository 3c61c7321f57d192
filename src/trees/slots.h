/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slots.h - for each row the bins that are not common: those that sums by bin have to touch.
 *
 * All bins of all values are numbered: value v's are those from first[v] on.  Of most rows most
 * values are in the bin that is common (paper), which has what the others have not, so a row is a
 * short list of slots.  Values lie in blocks, of which some can be asked about without the others:
 * then they are mixed, so that a block is about any. */
#ifndef MP_SLOTS_H
#define MP_SLOTS_H
#include "trees/bins.h"

struct mp_slots {
    const struct mp_bins *bins;
    size_t n, blocks;  /* slots; blocks of values */
    uint32_t *order;   /* values, block by block */
    uint32_t *place;   /* in `order`, where each block begins, and the end */
    uint32_t *slot;    /* with which each block begins, and the end */
    uint32_t *first;   /* slot of each value's bin 0 */
    size_t *begin;     /* of block b and row r: begin[b * (rows + 1) + r], in `at` */
    uint16_t *at;      /* slots, less the block's first */
};

/* share: of the blocks that will be asked about at a time; below 1 there are many, and mixed. */
int mp_slots_open(struct mp_ctx *c, struct mp_slots *s, const struct mp_bins *bins, double share);
void mp_slots_close(struct mp_slots *s);

/* to[slot], of a block's slots, = the sum of what[row] over those of n rows whose value is in it;
 * `all`: over all n. */
void mp_slots_add(const struct mp_slots *s, size_t block, const uint32_t *rows, size_t n,
                  const int64_t *what, int64_t all, int64_t *to);
#endif
