/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product_check.h - whether convolutions and matrix products come out as plain loops have them.
 * Private to linear/: mp_conv_open() and mp_matmul_open() ask.
 *
 * Of small whole numbers, so that products and sums are exact in any order and only the result
 * is rounded: one term that is lost or counted twice is seen among ten thousand.  Some outputs
 * are looked at, near the borders and within, of the first row and the last, each with all
 * that it depends on. */
#ifndef MP_PRODUCT_CHECK_H
#define MP_PRODUCT_CHECK_H
#include "linear/products.h"

enum { MP_WRONG = 1 };

struct mp_conv;
struct mp_matmul;

/* What is tested, as convolution.h and matmul.h have it. */
struct mp_conv_calls {
    int (*forward)(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                   const float *b, void *y);
    int (*backward_data)(struct mp_ctx *c, const struct mp_conv *v, const void *w, const void *dy,
                         void *dx);
    int (*backward_weights)(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                            const void *dy, float *dw, float *db);
};
typedef int mp_matmul_call(struct mp_ctx *c, const struct mp_matmul *v, const void *a,
                           const void *b, void *y);

/* MP_OK, MP_WRONG, or negative after an mp_fail(): forward, with its bias and relu, and both
 * ways back, as far as they will be called. */
int mp_conv_check(struct mp_ctx *c, const struct mp_conv_dims *d,
                  const struct mp_conv_calls *calls, const struct mp_conv *v);
int mp_matmul_check(struct mp_ctx *c, const struct mp_matmul_dims *d, mp_matmul_call *run,
                    const struct mp_matmul *v);
#endif
