/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near.h - rows that are nearly the same: the same picture, slightly changed.
 *
 * The difference of two images is the distance |a/|a| - b/|b|| after each has been scaled to
 * length 1 (so that a paler print is the same picture), the smallest over all shifts of one
 * against the other by up to 1 px each way; ink moved over the edge is not lost but lies
 * outside.  0: the same but for brightness and place; 1.41: no ink in common.  Two digits of
 * different writing differ by 0.9 on the average, the two most alike in MNIST by 0.126. */
#ifndef MP_NEAR_H
#define MP_NEAR_H
#include "data/data.h"

struct mp_near {
    size_t row;          /* SIZE_MAX: none */
    double difference;
};

/* Of each row of a, then of b (may be NULL), the nearest other row of a: near[0], and of b:
 * near[1], if they differ by at most `limit`; of equals the first.  Rows with skip[i] are left
 * out, and so are blank ones.  near[0] and near[1] have a->n + b->n elements.
 *
 * Exact: nothing within the limit is missed.  Cost: a product of n x 41 matrices, that is
 * n^2 / 2 * 82 flops (70 000 rows: 0.2 Tflop, some seconds), and 0.5 us for each pair that it
 * cannot rule out; memory (h + 2)(w + 1) + 164 bytes a row. */
int mp_near_find(struct mp_ctx *c, const struct mp_data *a, const struct mp_data *b,
                 const bool *skip, double limit, struct mp_near *near[2]);
#endif
