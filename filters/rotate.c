/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rotate.c - turns images about their centre by any angle.
 *
 * Each pixel is read where the turn brings it from (image/warp.h).  Defined by
 * scipy.ndimage.affine_transform(order=0 or 1, mode="grid-constant"), cubic by
 * skimage.transform.warp(order=3).
 */
#include "image/warp.h"
#include <math.h>

struct params {
    double angle;
    int kernel;
};

static const struct mp_param table[] = {
    MP_PARAM(angle, .min = -360, .max = 360, .unit = "degrees", .doc = "how far, clockwise"),
    MP_PARAM(kernel, .def = "linear", .choices = MP_WARP_KERNELS, .doc = MP_WARP_DOC),
    MP_END
};

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const double a = p->angle * M_PI / 180;
    const struct mp_affine turn = { .xx = cos(a), .xy = -sin(a), .yx = sin(a), .yy = cos(a) };
    (void)state;

    return mp_warp(c, in, out, &turn, (enum mp_warp_kernel)p->kernel);
}

MP_STAGE(rotate) = {
    .brief = "Turn each image by an angle",
    .doc = "Turns clockwise about the centre, which lies between the middle pixels where their\n"
           "number is even.  The size stays: what is turned over the border is lost, pad first\n"
           "if strokes come near it; paper comes in.  linear and nearest equal\n"
           "scipy.ndimage.affine_transform with mode=\"grid-constant\", cubic\n"
           "skimage.transform.warp with order=3, cut to 0..1.  orient turns by 90 degrees and\n"
           "leaves pixels as they are, augment turns training images at random.",
    .example = "rotate angle=15",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
