/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resize.c - another image size.
 *
 * Each axis is a map of its own, by image/resample.h.  Cost: a multiply-add for each weight;
 * 28x28 to 20x20 lanczos 0.6 us, to 56x56 linear 1.1 us an image.
 *
 * Peer: Pillow's Image.resize on floats, which it equals to 1e-6 inside the image, and
 * everywhere for nearest and for linear when growing (also cv2.INTER_LINEAR).  Near the
 * border edge pixels repeat here, as in libvips and OpenCV, and are left out there.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "image/resample.h"
#include <math.h>

struct params {
    int width, height;
    double scale;
    int kernel;
};

static const struct mp_param table[] = {
    MP_PARAM(width, .def = "0", .min = 0, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "new width; 0: from the height, keeping proportions, or else from the scale"),
    MP_PARAM(height, .def = "0", .min = 0, .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "new height; 0: from the width, keeping proportions, or else from the scale"),
    MP_PARAM(scale, .def = "1", .min = 0.01, .max = 100,
             .doc = "new size over old size, where neither width nor height is given"),
    MP_PARAM(kernel, .def = "cubic", .choices = MP_KERNEL_CHOICES,
             .doc = "interpolation, from blocky to sharp"),
    MP_END
};

static int whole(double v)
{
    return v < 1 ? 1 : v > 1e6 ? 1000000 : (int)lrint(v);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const double down = p->height > 0 ? (double)p->height / in.h : 0;
    const double across = p->width > 0 ? (double)p->width / in.w : 0;
    (void)state;

    if ((p->width > 0 || p->height > 0) && p->scale != 1)
        return mp_fail(c, "scale=%g beside width or height; give either scale or a size", p->scale);
    out->h = whole(in.h * (down > 0 ? down : across > 0 ? across : p->scale));
    out->w = whole(in.w * (across > 0 ? across : down > 0 ? down : p->scale));
    if (out->h > MP_IMAGE_SIDE || out->w > MP_IMAGE_SIDE)
        return mp_fail(c, "%d x %d would become %d x %d: 1..%d px are possible each way", in.h,
                       in.w, out->h, out->w, MP_IMAGE_SIDE);
    return MP_OK;
}

MP_CLONES static void cut(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mp_cut(x[i]);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_shape s = in->shape, t = out->shape;
    struct mp_axes m = { .channels = (size_t)s.c };
    (void)state;

    const enum mp_kernel kernel = (enum mp_kernel)p->kernel;
    if (mp_axis_resample(c, &m.down, s.h, t.h, kernel) < 0 ||
        mp_axis_resample(c, &m.across, s.w, t.w, kernel) < 0 || mp_axes_room(c, &m) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        float *to = out->x + i * mp_len(t);
        mp_axes_map(&m, in->x + i * mp_len(s), to);
        cut(to, mp_len(t));
    }
    return MP_OK;
}

MP_STAGE(resize) = {
    .brief = "Change the size of each image",
    .doc = "Give width, height, both, or scale.  Shrinking averages over what each new\n"
           "pixel covers, except with kernel=nearest, which picks one pixel.  cubic and\n"
           "lanczos sharpen a little and would overshoot; the result is cut to 0 .. 1.\n"
           "Pixel centres are aligned as in Pillow and OpenCV: nearest, and linear when\n"
           "growing, equal Pillow; the others do inside the image.  At the border edge\n"
           "pixels repeat.",
    .example = "resize width=20 height=20",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
