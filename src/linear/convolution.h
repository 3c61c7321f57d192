/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convolution.h - convolutions of images, by oneDNN.
 *
 * Every call works on the calling thread alone, whatever OpenMP would give, and the
 * same call gives the same bits on any thread.
 *
 * Versions of the library are known that say success and give wrong numbers for some sizes,
 * on some processors.  So what is opened is held against plain loops (product_check.h); where
 * it differs, the same is done in another form, slower, with a warning: with one input channel
 * more, of zeros, or in f32. */
#ifndef MP_CONVOLUTION_H
#define MP_CONVOLUTION_H
#include "linear/products.h"

/* What the library has made ready; several threads may use it at once. */
struct mp_conv;

/* Loads the library, too.  NULL after an mp_fail() of its own. */
struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d);
void mp_conv_close(struct mp_conv *v);

/* x, w, y and their gradients but dw are floats or mp_bf16, as the precision says; b and
 * db are not read without a bias.  Negative after an mp_fail(). */
int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                    const float *b, void *y);
int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const void *w,
                          const void *dy, void *dx);
int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                             const void *dy, float *dw, float *db);
#endif
