/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounding.c - whether rows may be kept in 16 bits.
 *
 * Method: a row x that is rounded to x + e has the score w.x + w.e, and to second order the
 * objective's mean changes as if the penalty |w|^2 / 2 were the larger by h v_j w_j^2 / 2, where h
 * is the curvature of all losses together and v_j the mean square of what rounding does to value j.
 * So it is no more than a share `most` of the penalty, and of the objective, where h v_j is no more
 * than that for all j; and what the penalty cannot tell from nothing is nothing in any direction,
 * however alike the values are to each other.  v_j is taken from a sample.  What that lets pass:
 * features of like size.  What it does not: some of 1e6 beside others, whose step is the same.
 *
 * Reference: Bishop 1995, "Training with noise is equivalent to Tikhonov regularization". */
#include "linear/rounding.h"
#include "core/short_row.h"
#include "core/simd.h"
#include <stdlib.h>

enum { ENOUGH = 2048 }; /* rows of the sample that are looked at */

MP_CLONES static void add_squares(const float *restrict x, const float *restrict rounded, size_t d,
                                  double *restrict sum)
{
    for (size_t j = 0; j < d; j++) {
        const double off = (double)x[j] - (double)rounded[j];
        sum[j] += off * off;
    }
}

int mp_rounding_may(struct mp_ctx *c, const float *const *x, size_t n, size_t d, double weight,
                    double most, bool *may)
{
    const size_t some = n < ENOUGH ? n : ENOUGH;
    int16_t *row = mp_alloc(c, mp_short_row(d), sizeof *row);
    float *rounded = mp_alloc(c, d, sizeof *rounded);
    double *sum = mp_alloc(c, d, sizeof *sum);
    const int rc = row != NULL && rounded != NULL && sum != NULL ? MP_OK : -1;
    for (size_t i = 0; i < some && rc == MP_OK; i++) {
        mp_short_from(x[i * n / some], 1, d, row);
        mp_short_to(row, d, rounded);
        add_squares(x[i * n / some], rounded, d, sum);
    }
    *may = rc == MP_OK && some > 0;
    for (size_t j = 0; j < d && *may; j++)
        *may = weight * sum[j] <= most * (double)some;
    free(row);
    free(rounded);
    free(sum);
    return rc;
}
