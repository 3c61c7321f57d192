/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resample.h - an axis of another length.
 *
 * Pixel centres stay where they are in the image.  A new pixel is the sum of the old ones that
 * a kernel reaches from its centre, weighed by the kernel and divided by the sum of the weights.
 * Where an axis shrinks the kernel is wider by as much, so nothing aliases. */
#ifndef MP_RESAMPLE_H
#define MP_RESAMPLE_H
#include "image/axis.h"

enum mp_kernel { MP_KERNEL_NEAREST, MP_KERNEL_LINEAR, MP_KERNEL_CUBIC, MP_KERNEL_LANCZOS };
#define MP_KERNEL_CHOICES "nearest|linear|cubic|lanczos"

/* `from` pixels become `to`.  In scratch. */
int mp_axis_resample(struct mp_ctx *c, struct mp_axis *a, int from, int to, enum mp_kernel kernel);

/* Each of `to` equal parts of `from` pixels is their mean there, parts of pixels by their share.
 * In scratch. */
int mp_axis_means(struct mp_ctx *c, struct mp_axis *a, int from, int to);
#endif
