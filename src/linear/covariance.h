/* SPDX-License-Identifier: GPL-3.0-or-later */
/* covariance.h - means of rows and sums of products of all pairs of their values, in one pass.
 *
 * Joined from sheet to sheet and shard to shard by the pairwise update of Chan, Golub and LeVeque
 * (1979), which does not cancel as "sum of products minus product of sums" does.  A sheet's own
 * products, about its own mean, are floats in sums of 32 rows, added up in double: twice as fast
 * as doubles throughout, and as exact as the rows are.  (Sums of 256 would turn components of
 * nearly equal variance.)  Of a sheet that is pixels, 255ths, they are whole numbers where the
 * processor multiplies bytes faster than floats, and exact.
 *
 * Cost: d^2 flops a row, 0.3 s of one core for 60000 rows of 784, of pixels a third.  Memory:
 * 4 d^2 bytes, and 1 KiB times d until mp_covariance_end(). */
#ifndef MP_COVARIANCE_H
#define MP_COVARIANCE_H
#include "core/stage.h"

struct mp_covariance {    /* zeroed: of no rows */
    uint64_t rows, d; /* rows in the sums, values per row */
    size_t n_held;   /* rows seen that are not in the sums yet */
    float *held;     /* these */
    double *mean;    /* d */
    double *cross;   /* upper triangle row by row, d (d + 1) / 2 */
    bool bytes;      /* sheets of pixels are multiplied as bytes */
};

/* For fit(): n rows of d values; of another length than before they fail.  The products are
 * oneDNN's (mp_dnn_load() in `prepare`).  Sums depend on the rows in their order, not on how
 * calls cut them. */
int mp_covariance_add(struct mp_ctx *c, struct mp_covariance *s, const float *x, size_t n,
                      size_t d);

/* For merge(): takes what `from` has. */
int mp_covariance_join(struct mp_ctx *c, struct mp_covariance *into, struct mp_covariance *from);

/* For done(): adds what is held. */
int mp_covariance_end(struct mp_ctx *c, struct mp_covariance *s);

/* For shard(). */
int mp_covariance_io(struct mp_io *io, struct mp_covariance *s);

void mp_covariance_free(struct mp_covariance *s);
#endif
