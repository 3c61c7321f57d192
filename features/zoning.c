/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zoning.c - the mean ink of each zone of an image.
 *
 * The zones divide the image evenly; a pixel that a border crosses counts on either side by its
 * share, as in cv2.resize() with INTER_AREA, where zones are no smaller than pixels.
 *
 * Cost: one multiply-add a pixel, and two turns of the image (axis.h).
 */
#include "core/stage.h"
#include "image/describe.h"
#include "image/resample.h"

struct params {
    int rows, columns;
};

static const struct mp_param table[] = {
    MP_PARAM(rows, .def = "7", .min = 1, .max = MP_IMAGE_SIDE, .doc = "zones from top to bottom"),
    MP_PARAM(columns, .def = "7", .min = 1, .max = MP_IMAGE_SIDE,
             .doc = "zones from left to right"),
    MP_END
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    return mp_described(c, in, (double)p->rows * p->columns, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t wide = (size_t)p->columns;
    const struct mp_described d = mp_which(i, (size_t)p->rows * wide);
    mp_describe_name(text, size, in, d.channel, "zoning[y=%zu,x=%zu", d.i / wide, d.i % wide);
}

static void describe(void *work, const float *plane, float *to)
{
    mp_axes_map(work, plane, to);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct mp_axes m = { .channels = 1 };
    (void)state;

    if (mp_axis_means(c, &m.down, in->shape.h, p->rows) < 0 ||
        mp_axis_means(c, &m.across, in->shape.w, p->columns) < 0 || mp_axes_room(c, &m) < 0)
        return -1;
    return mp_describe_planes(c, in, out, describe, &m);
}

MP_STAGE(zoning) = {
    .brief = "Take the mean ink of each zone of the image",
    .doc = "Divides the image evenly into rows x columns zones and gives the mean of each,\n"
           "zone after zone from the upper left one on: a coarse picture, 0 where there is\n"
           "paper, 1 where all is ink.  A pixel that a border crosses counts on either side\n"
           "by its share.  The values are those of OpenCV's resize with INTER_AREA, as long\n"
           "as zones are no smaller than pixels.  Each channel of a colour image has zones of\n"
           "its own, one channel after another.",
    .example = "zoning rows=4 columns=4",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
