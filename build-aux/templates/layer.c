/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - multiplies all values by a number. FILL IN: what it does.
 *
 * FILL IN: y = f(x) and its gradients, reference, cost.  A layer with weights lists them in
 * weights(): models/net/dense.c is the example.
 */
#include "core/layer.h"

struct params {
    double factor; /* FILL IN: a field for each parameter */
};

static const struct mp_param table[] = {
    MP_PARAM(factor, .def = "0.5", .min = -100, .max = 100, /* FILL IN: a row for each field */
             .doc = "what every value is multiplied by"),
    MP_END
};

/* to = factor * from, of one item's rows. */
static int scale(const struct mp_pass *p, const float *from, float *to)
{
    const struct params *q = p->params;
    const size_t n = p->n * mp_len(p->in);
    const float factor = (float)q->factor;

    for (size_t i = 0; i < n; i++)
        to[i] = from[i] * factor;
    return MP_OK;
}

/* FILL IN: y = f(x), of p->n rows. */
static int forward(struct mp_pass *p, const float *x, float *y)
{
    return scale(p, x, y);
}

/* FILL IN: dx, the loss's gradient by x, from dy, that by y; NULL: nobody needs it.  Those of
 * weights go to p->dw. */
static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    (void)x, (void)y;
    return dx != NULL ? scale(p, dy, dx) : MP_OK;
}

MP_LAYER(mine) = {
    .brief = "Multiply all values by a number", /* FILL IN: verb first, no full stop */
    .doc = "y = factor x.",                     /* FILL IN: the manual */
    .example = "mine factor=2", /* FILL IN: it is run by `make check` */
    .params = table,
    .params_size = sizeof(struct params),
    .forward = forward, /* FILL IN: and .shape, if y has another shape or some are refused */
    .backward = backward,
};
