/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slots.h - for each row the bins that are not common: those that sums by bin have to touch.
 *
 * All bins of all values are numbered one after another: value v's are first[v] to first[v + 1].
 * Of most rows most values are in the bin that is common (paper), which has what the others have
 * not, so a row is a short list of slots.  Values lie in blocks whose slots fit into 16 bits. */
#ifndef MP_SLOTS_H
#define MP_SLOTS_H
#include "trees/bins.h"

struct mp_slots {
    const struct mp_bins *bins;
    size_t n, blocks;  /* slots; blocks of values */
    uint32_t *first;   /* slot of each value's bin 0, and the end */
    uint32_t *value;   /* with which each block begins, and the end */
    size_t *begin;     /* of block b and row r: begin[b * (rows + 1) + r], in `at` */
    uint16_t *at;      /* slots, less the block's first */
};

int mp_slots_open(struct mp_ctx *c, struct mp_slots *s, const struct mp_bins *bins);
void mp_slots_close(struct mp_slots *s);

/* to[slot] = the sum of what[row] over those of n rows whose value is in it; `all`: over all n. */
void mp_slots_add(const struct mp_slots *s, const uint32_t *rows, size_t n, const int64_t *what,
                  int64_t all, int64_t *to);
#endif
