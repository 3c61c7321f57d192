/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequence.c - an image as a sequence of its rows or columns, for lstm.
 *
 * A sequence of h steps of d features has the shape h x 1 x d.
 */
#include "core/layer.h"
#include <limits.h>
#include <string.h>

enum by { ROWS, COLUMNS, BOTH };

struct params {
    int by;
};

static const struct mp_param table[] = {
    MP_PARAM(by, .def = "rows", .choices = "rows|columns|both",
             .doc = "what one step is; both: row t and beside it column t"),
    MP_END
};

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;

    if (p->by == BOTH && in.h != in.w)
        return mp_fail(c, "by=both: needs as many rows as columns, got %d x %d (height x width)",
                       in.h, in.w);
    if (mp_len(in) > INT_MAX / 2)
        return mp_fail(c, "images of %zu values; must be at most %d", mp_len(in), INT_MAX / 2);
    const int row = in.w * in.c, column = in.h * in.c;
    *out = p->by == ROWS      ? (struct mp_shape){ in.h, 1, row }
           : p->by == COLUMNS ? (struct mp_shape){ in.w, 1, column }
                              : (struct mp_shape){ in.h, 1, row + column };
    return MP_OK;
}

/* Where the pixel (v, u) stands in the sequence: as part of its row, of its column. */
static size_t in_row(const struct mp_pass *p, size_t v, size_t u)
{
    return v * (size_t)p->out.c + u * (size_t)p->in.c;
}

static size_t in_column(const struct mp_pass *p, enum by by, size_t v, size_t u)
{
    const size_t beside = by == BOTH ? (size_t)p->in.w : 0;
    return u * (size_t)p->out.c + (beside + v) * (size_t)p->in.c;
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const enum by by = (enum by)((const struct params *)p->params)->by;
    const size_t h = (size_t)p->in.h, w = (size_t)p->in.w, c = (size_t)p->in.c;

    for (size_t i = 0; i < p->n; i++, y += mp_len(p->out))
        for (size_t v = 0; v < h; v++, x += w * c) {
            if (by != COLUMNS)
                memcpy(y + in_row(p, v, 0), x, w * c * sizeof *y);
            for (size_t u = 0; by != ROWS && u < w; u++)
                for (size_t k = 0; k < c; k++)
                    y[in_column(p, by, v, u) + k] = x[u * c + k];
        }
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const enum by by = (enum by)((const struct params *)p->params)->by;
    const size_t h = (size_t)p->in.h, w = (size_t)p->in.w, c = (size_t)p->in.c;
    (void)x, (void)y;

    for (size_t i = 0; dx != NULL && i < p->n; i++, dy += mp_len(p->out))
        for (size_t v = 0; v < h; v++, dx += w * c) {
            if (by != COLUMNS)
                memcpy(dx, dy + in_row(p, v, 0), w * c * sizeof *dx);
            else
                memset(dx, 0, w * c * sizeof *dx);
            for (size_t u = 0; by != ROWS && u < w; u++)
                for (size_t k = 0; k < c; k++)
                    dx[u * c + k] += dy[in_column(p, by, v, u) + k];
        }
    return MP_OK;
}

MP_LAYER(sequence) = {
    .brief = "Read an image as a sequence of rows or columns",
    .doc = "Gives steps x 1 x features: by=rows one step for each row of pixels, from the top,\n"
           "by=columns one for each column, from the left; by=both, for square images, row t\n"
           "and beside it column t.  lstm reads an image by rows without this layer too.",
    .example = "sequence by=rows",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
