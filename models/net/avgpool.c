/* SPDX-License-Identifier: GPL-3.0-or-later */
/* avgpool.c - the mean of each window.
 *
 * Windows stand wholly inside the image, as in PyTorch's AvgPool2d: rows and columns
 * that are left over at the end are not read.
 *
 * Cost: size^2 additions a value; loops run over the channels.
 */
#include "core/layer.h"
#include "core/simd.h"
#include <string.h>

struct params {
    int size, stride;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "2", .min = 1, .max = 64, .unit = "px",
             .doc = "height and width of the window"),
    MP_PARAM(stride, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "from one window to the next; 0: size"),
    MP_END
};

static int step(const struct params *p)
{
    return p->stride > 0 ? p->stride : p->size;
}

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;

    if (p->size > in.h || p->size > in.w)
        return mp_fail(c, "size=%d: images are %d x %d (height x width) here; must be at most %d",
                       p->size, in.h, in.w, in.h < in.w ? in.h : in.w);
    out->h = (in.h - p->size) / step(p) + 1;
    out->w = (in.w - p->size) / step(p) + 1;
    return MP_OK;
}

MP_CLONES static void pool(const struct params *p, const float *restrict x, struct mp_shape in,
                           float *restrict y, struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);
    const float share = 1 / (float)(size * size);

    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, y += c) {
            const float *window = x + v * stride * row + u * stride * c;
            for (size_t k = 0; k < c; k++)
                y[k] = window[k];
            for (size_t i = 0; i < size; i++)
                for (size_t j = i == 0; j < size; j++) {
                    const float *from = window + i * row + j * c;
                    for (size_t k = 0; k < c; k++)
                        y[k] += from[k];
                }
            for (size_t k = 0; k < c; k++)
                y[k] *= share;
        }
}

MP_CLONES static void unpool(const struct params *p, float *restrict dx, struct mp_shape in,
                             const float *restrict dy, struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);
    const float share = 1 / (float)(size * size);

    memset(dx, 0, mp_len(in) * sizeof *dx);
    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, dy += c)
            for (size_t i = 0; i < size; i++)
                for (size_t j = 0; j < size; j++) {
                    float *to = dx + (v * stride + i) * row + (u * stride + j) * c;
                    for (size_t k = 0; k < c; k++)
                        to[k] += dy[k] * share;
                }
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);

    for (size_t i = 0; i < p->n; i++)
        pool(p->params, x + i * len, p->in, y + i * d, p->out);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);
    (void)x, (void)y;

    for (size_t i = 0; dx != NULL && i < p->n; i++)
        unpool(p->params, dx + i * len, p->in, dy + i * d, p->out);
    return MP_OK;
}

MP_LAYER(avgpool) = {
    .brief = "Keep the mean of each window",
    .doc = "Windows of size x size pixels, stride pixels apart, channel by channel, as\n"
           "PyTorch's AvgPool2d: windows that would reach over the edge are left out.",
    .example = "avgpool size=2",
    .reads = MP_READS_ROWS,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
