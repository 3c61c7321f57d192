/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_conv.h - one convolution by oneDNN, in exactly the form that is asked for.
 * Private to linear/: what the library gives is not held against anything here. */
#ifndef MP_DNN_CONV_H
#define MP_DNN_CONV_H
#include "linear/products.h"

/* Several threads may use it at once. */
struct mp_dnn_conv;

/* NULL after an mp_fail() of its own; warns where the library is slow. */
struct mp_dnn_conv *mp_dnn_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d);
void mp_dnn_conv_close(struct mp_dnn_conv *v);

/* As mp_conv_forward() and the others of convolution.h. */
int mp_dnn_conv_forward(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *x,
                        const void *w, const float *b, void *y);
int mp_dnn_conv_backward_data(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *w,
                              const void *dy, void *dx);
int mp_dnn_conv_backward_weights(struct mp_ctx *c, const struct mp_dnn_conv *v, const void *x,
                                 const void *dy, float *dw, float *db);
#endif
