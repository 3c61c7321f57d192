/* SPDX-License-Identifier: GPL-3.0-or-later */
/* globalpool.c - one value for each channel: the mean, or the largest, of all pixels.
 *
 * Lin, Chen and Yan 2013 ("Network in network") for the mean.  The gradient of the
 * largest goes to the first of equal values.
 *
 * Cost: one operation a value; loops run over the channels.
 */
#include "core/layer.h"
#include "core/simd.h"

enum kind { AVG, MAX };

struct params {
    int kind;
};

static const struct mp_param table[] = {
    MP_PARAM(kind, .def = "avg", .choices = "avg|max", .doc = "the mean or the largest value"),
    MP_END
};

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    (void)c, (void)params;
    *out = (struct mp_shape){ 1, in.c, 1 };
    return MP_OK;
}

static size_t pixels(struct mp_shape s)
{
    return (size_t)s.h * (size_t)s.w;
}

MP_CLONES static void pool(enum kind kind, const float *restrict x, size_t n, size_t c,
                           float *restrict y)
{
    for (size_t k = 0; k < c; k++)
        y[k] = x[k];
    for (size_t i = 1; i < n; i++)
        if (kind == MAX)
            for (size_t k = 0; k < c; k++)
                y[k] = x[i * c + k] > y[k] ? x[i * c + k] : y[k];
        else
            for (size_t k = 0; k < c; k++)
                y[k] += x[i * c + k];
    for (size_t k = 0; kind == AVG && k < c; k++)
        y[k] /= (float)n;
}

/* What a largest value has received is taken out of dy, so the next equal one gets
 * nothing. */
MP_CLONES static void unpool(enum kind kind, const float *restrict x, float *restrict dx, size_t n,
                             size_t c, const float *restrict y, float *restrict dy)
{
    const float share = 1 / (float)n;

    for (size_t i = 0; i < n; i++)
        if (kind == MAX)
            for (size_t k = 0; k < c; k++) {
                const float g = dy[k];
                dx[i * c + k] = x[i * c + k] == y[k] ? g : 0;
                dy[k] = x[i * c + k] == y[k] ? 0 : g;
            }
        else
            for (size_t k = 0; k < c; k++)
                dx[i * c + k] = dy[k] * share;
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct params *q = p->params;
    const size_t n = pixels(p->in), c = (size_t)p->in.c;

    for (size_t i = 0; i < p->n; i++)
        pool((enum kind)q->kind, x + i * n * c, n, c, y + i * c);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const struct params *q = p->params;
    const size_t n = pixels(p->in), c = (size_t)p->in.c;

    for (size_t i = 0; dx != NULL && i < p->n; i++)
        unpool((enum kind)q->kind, x + i * n * c, dx + i * n * c, n, c, y + i * c, dy + i * c);
    return MP_OK;
}

MP_LAYER(globalpool) = {
    .brief = "Keep one value of each channel",
    .doc = "The mean (kind=avg) or the largest (kind=max) value of all pixels, channel by\n"
           "channel: a vector of as many values as there are channels.  It replaces\n"
           "flatten and a wide dense layer (Lin, Chen and Yan 2013, \"Network in network\").",
    .example = "globalpool kind=avg",
    .reads = MP_READS_ROWS,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
