/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.h - the nearest of many rows, exactly, by comparing with all.
 *
 * Squared distances and cosines are products of matrices in single precision, with a bound on
 * what these are off; only rows that may be among the nearest by that bound are looked at again,
 * in double or, where both rows are bytes, in whole numbers.  So what is found depends neither
 * on the processor nor on how rows are cut into blocks.  Of many long rows, asked for many times,
 * the products are of their shadows, an eighth as wide (shadow.h). */
#ifndef MP_NEAREST_H
#define MP_NEAREST_H
#include "core/stage.h"

enum mp_metric { MP_L2, MP_L1, MP_L3, MP_COSINE };
#define MP_METRICS "l2|l1|l3|cosine"

/* Rows to search, which stay where they are: in exactly one of x and b; bytes are levels, a
 * 255th of a float. */
struct mp_nearest_rows {
    size_t n, d;
    const float *x;
    const uint8_t *b;
};

struct mp_found {
    size_t row;
    double distance; /* of l2, l1 and l3 the first, second, third root; 1 less the cosine */
};

/* Made ready for many searches, by several threads; NULL after an mp_fail() of its own.  Takes
 * oneDNN (mp_dnn_load() in `prepare`). */
struct mp_nearest;
struct mp_nearest *mp_nearest_open(struct mp_ctx *c, const struct mp_nearest_rows *rows,
                                   enum mp_metric metric);
void mp_nearest_close(struct mp_nearest *s);

/* The k nearest of each of n rows x, n * k of them, nearest first, of equals the first; k is at
 * most the number of rows. */
int mp_nearest_find(struct mp_ctx *c, const struct mp_nearest *s, const float *x, size_t n,
                    size_t k, struct mp_found *found);

/* How many pairs of rows were compared by their shadows so far: for tests. */
uint64_t mp_nearest_by_shadows(const struct mp_nearest *s);

/* The squared distance of two rows of n levels. */
uint64_t mp_square_gap(const uint8_t *a, const uint8_t *b, size_t n);

/* Writes n values as levels; false: not all are a level's float, and what is written is of no
 * use. */
bool mp_levels(const float *x, size_t n, uint8_t *to);

/* The floats of n levels. */
void mp_of_levels(const uint8_t *b, size_t n, float *to);
#endif
