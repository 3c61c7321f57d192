/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product_check.h - whether convolutions and matrix products come out as plain loops have them.
 *
 * Of small whole numbers, so that products and sums are exact in any order and only the result
 * is rounded: one term that is lost or counted twice is seen among ten thousand.  Some outputs
 * are looked at, near the borders and within, of the first row and the last, each with all
 * that it depends on. */
#ifndef MP_PRODUCT_CHECK_H
#define MP_PRODUCT_CHECK_H
#include "linear/dnn.h"

enum { MP_WRONG = 1 };

/* MP_OK, MP_WRONG, or negative after an mp_fail(): forward, with its bias and relu, and both
 * ways back, as far as they will be called. */
int mp_conv_check(struct mp_ctx *c, const struct mp_conv *v, const struct mp_conv_dims *d);
int mp_matmul_check(struct mp_ctx *c, const struct mp_matmul *v, const struct mp_matmul_dims *d);
#endif
