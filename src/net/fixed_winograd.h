/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_winograd.h - convolutions of 3 x 3 and 5 x 5 of bf16 images with few multiplications, of
 * whole numbers of 16 bits.
 *
 * Four to six times fewer than a direct sum has, and as fast ones as bf16's.
 * tests/unit/fixed_winograd.c has errors beside those of bf16 products. */
#ifndef MP_FIXED_WINOGRAD_H
#define MP_FIXED_WINOGRAD_H
#include "linear/convolution.h"

/* How many times fewer multiplications such a convolution takes in bf16, with what the way there
 * and back costs; 0: it cannot go this way, or the processor's bf16 products do not take half the
 * time of f32's.  Whatever d->precision is. */
double mp_fixed_winograd_gain(const struct mp_conv_dims *d);

/* Whether such a convolution is faster this way, and possible. */
bool mp_fixed_winograd_fits(const struct mp_conv_dims *d);

/* y = x * w + b of d->n images, as of mp_conv_forward(), weights in floats.  Negative after an
 * mp_fail(). */
int mp_fixed_winograd_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const mp_bf16 *x,
                              const float *w, const float *b, mp_bf16 *y);

/* Gradients of weights, of bias and of x, from that of y; db and dx may be NULL. */
int mp_fixed_winograd_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const mp_bf16 *x,
                               const float *w, const mp_bf16 *dy, float *dw, float *db,
                               mp_bf16 *dx);
#endif
