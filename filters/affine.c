/* SPDX-License-Identifier: GPL-3.0-or-later */
/* affine.c - one affine map for all images.
 *
 * Each pixel is read where the map brings it from (image/warp.h).  Defined by
 * scipy.ndimage.affine_transform(order=0 or 1, mode="grid-constant") of the inverse.
 */
#include "image/warp.h"

struct params {
    double xx, xy, yx, yy, x, y;
    int kernel;
};

static const struct mp_param table[] = {
    MP_PARAM(xx, .def = "1", .min = -100, .max = 100, .doc = "new x for each px to the right"),
    MP_PARAM(xy, .def = "0", .min = -100, .max = 100, .doc = "new x for each px down"),
    MP_PARAM(yx, .def = "0", .min = -100, .max = 100, .doc = "new y for each px to the right"),
    MP_PARAM(yy, .def = "1", .min = -100, .max = 100, .doc = "new y for each px down"),
    MP_PARAM(x, .def = "0", .min = -MP_IMAGE_SIDE, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "shift to the right"),
    MP_PARAM(y, .def = "0", .min = -MP_IMAGE_SIDE, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "shift down"),
    MP_PARAM(kernel, .def = "linear", .choices = MP_WARP_KERNELS, .doc = MP_WARP_DOC),
    MP_END
};

static struct mp_affine map_of(const struct params *p)
{
    return (struct mp_affine){ .xx = p->xx, .xy = p->xy, .yx = p->yx, .yy = p->yy,
                               .right = p->x, .down = p->y };
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const struct mp_affine map = map_of(p);
    (void)state, (void)in, (void)out;

    if (!mp_affine_inverts(&map))
        return mp_fail(c, "xx=%g xy=%g yx=%g yy=%g: puts all ink on one line; xx yy - xy yx must "
                       "not be 0", p->xx, p->xy, p->yx, p->yy);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_affine map = map_of(p);
    (void)state;

    return mp_warp(c, in, out, &map, (enum mp_warp_kernel)p->kernel);
}

MP_STAGE(affine) = {
    .brief = "Map each image by a matrix and a shift",
    .doc = "Ink that lies u px to the right of the image's centre and v px below it goes to\n"
           "(xx u + xy v + x, yx u + yy v + y): xx=1.2 makes digits wider, xy=-0.3 slants them.\n"
           "The size of the image stays, what is moved over the border is lost, and paper comes\n"
           "in.  Every pixel is read at the one place that it comes from: where a map shrinks\n"
           "to less than half, blur first.  linear and nearest equal\n"
           "scipy.ndimage.affine_transform of the inverse with mode=\"grid-constant\", cubic\n"
           "skimage.transform.warp with order=3, cut to 0..1.  augment does such things to\n"
           "training images at random.",
    .example = "affine xx=1.1 xy=0.2 y=-1",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
