/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows_times.h - rows times a matrix, in products of one size: a row's values do not depend on how
 * many there are, nor on where it stands among them. */
#ifndef MP_ROWS_TIMES_H
#define MP_ROWS_TIMES_H
#include "core/stage.h"

/* A product takes this many rows, missing ones being 0: a multiple of 6, which the kernel of
 * oneDNN for arm64 takes at a time. */
enum { MP_TIMES_ROWS = 96 };

/* In apply(): y, n x k, of n rows x of d values and w, d x k, or with `turned` k x d.  Takes
 * oneDNN; negative after an mp_fail(). */
int mp_rows_times(struct mp_ctx *c, const float *x, size_t n, size_t d, const float *w, size_t k,
                  bool turned, float *y);
#endif
