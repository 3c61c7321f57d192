/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.h - the rows of a data set that are nearest to some others. */
#ifndef MP_NEIGHBOURS_H
#define MP_NEIGHBOURS_H
#include "data/data.h"

struct mp_neighbour {
    size_t row;
    uint64_t square; /* of the distance, in grey levels: the sum of squared differences */
};

/* The k nearest of `among` for each row rows[0 .. n-1] of d, nearest first, of equals the
 * first: n * k of them in `nearest`.  Both sets have images of one size; k <= among->n.
 * Exact, in whole numbers; 0.1 s for 48 rows among 60 000 of 784 pixels. */
int mp_neighbours(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                  const struct mp_data *among, size_t k, struct mp_neighbour *nearest);
#endif
