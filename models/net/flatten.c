/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flatten.c - an image as a vector: values stay in their order. */
#include "core/layer.h"
#include <limits.h>
#include <string.h>

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const size_t d = mp_len(in);
    (void)params;

    if (d > INT_MAX)
        return mp_fail(c, "images of %zu values; must be at most %d", d, INT_MAX);
    *out = (struct mp_shape){ 1, (int)d, 1 };
    return MP_OK;
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    memcpy(y, x, p->n * mp_len(p->in) * sizeof *y);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    (void)x, (void)y;
    if (dx != NULL)
        memcpy(dx, dy, p->n * mp_len(p->in) * sizeof *dx);
    return MP_OK;
}

static int forward_bf16(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y)
{
    memcpy(y, x, p->n * mp_len(p->in) * sizeof *y);
    return MP_OK;
}

static int backward_bf16(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx)
{
    (void)x, (void)y;
    if (dx != NULL)
        memcpy(dx, dy, p->n * mp_len(p->in) * sizeof *dx);
    return MP_OK;
}

MP_LAYER(flatten) = {
    .brief = "Read an image as a vector",
    .doc = "Rows, columns and channels one after another, channels fastest.",
    .example = "flatten",
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .forward_bf16 = forward_bf16,
    .backward_bf16 = backward_bf16,
};
