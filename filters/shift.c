/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shift.c - moves images by some pixels, or parts of pixels.
 *
 * Each pixel is read where the shift brings it from (image/warp.h); whole pixels are copied.
 * Defined by scipy.ndimage.shift(order=0 or 1, mode="grid-constant").
 */
#include "image/warp.h"

struct params {
    double x, y;
    int kernel;
};

static const struct mp_param table[] = {
    MP_PARAM(x, .def = "0", .min = -MP_IMAGE_SIDE, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "how far to the right"),
    MP_PARAM(y, .def = "0", .min = -MP_IMAGE_SIDE, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "how far down"),
    MP_PARAM(kernel, .def = "linear", .choices = MP_WARP_KERNELS, .doc = MP_WARP_DOC),
    MP_END
};

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_affine move = { .xx = 1, .yy = 1, .right = p->x, .down = p->y };
    (void)state;

    return mp_warp(c, in, out, &move, (enum mp_warp_kernel)p->kernel);
}

MP_STAGE(shift) = {
    .brief = "Move each image",
    .doc = "The size stays: what is moved over the border is lost, and paper comes in.  By whole\n"
           "pixels, all are left as they are; parts of pixels are interpolated.  Equals\n"
           "scipy.ndimage.shift with mode=\"grid-constant\" and order 0 or 1.  center moves each\n"
           "digit to the middle, augment training images at random.",
    .example = "shift x=1.5 y=-2",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
