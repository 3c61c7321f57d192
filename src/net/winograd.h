/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd.h - convolutions of 3 x 3 and 5 x 5 in f32 with few multiplications.
 *
 * Four to six times fewer than a direct sum has.  Errors are some ten times those of a direct
 * sum, a five hundredth of bf16's: tests/unit/winograd.c has the bounds. */
#ifndef MP_WINOGRAD_H
#define MP_WINOGRAD_H
#include "linear/convolution.h"

/* How many times fewer multiplications such a convolution takes in f32, with what the way there
 * and back costs; 0: it cannot go this way.  Whatever d->precision is. */
double mp_winograd_gain(const struct mp_conv_dims *d);

/* Whether such a convolution is faster this way, and possible. */
bool mp_winograd_fits(const struct mp_conv_dims *d);

/* y = x * w + b of d->n images, as of mp_conv_forward().  Negative after an mp_fail(). */
int mp_winograd_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const float *x,
                        const float *w, const float *b, float *y);

/* Gradients of weights, of bias and of x, from that of y; db and dx may be NULL. */
int mp_winograd_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const float *x,
                         const float *w, const float *dy, float *dw, float *db, float *dx);
#endif
