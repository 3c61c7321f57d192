/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plane_conv.h - convolutions of images of one channel, such as a net's first layer.
 *
 * Libraries lay out their loops over input channels; where there is only one, a loop over
 * the outputs of a row, with all filters side by side, is two to three times as fast. */
#ifndef MP_PLANE_CONV_H
#define MP_PLANE_CONV_H
#include "linear/convolution.h"

/* Whether there is a loop for such a convolution. */
bool mp_plane_conv_fits(const struct mp_conv_dims *d);

/* y = x * w + b of d->n images, as of mp_conv_forward().  x and y are as the precision
 * says, weights floats, and so is all arithmetic.  Negative after an mp_fail(). */
int mp_plane_conv_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const void *x,
                          const float *w, const float *b, void *y);

/* Gradients of weights and, unless NULL, bias from that of y. */
int mp_plane_conv_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const void *x,
                           const void *dy, float *dw, float *db);
#endif
