/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c - fully connected layer.
 *
 * Matrix products by oneDNN.  Cost: inputs x units multiply-adds a row for each
 * pass; with few rows an item, reading the weights counts for more.  Defined by
 * torch.nn.Linear, which it equals to rounding. */
#include "core/layer.h"
#include "core/simd.h"
#include "linear/matmul.h"
#include <stdlib.h>
#include <string.h>

struct params {
    int units, act;
    bool bias;
};

static const struct mp_param table[] = {
    MP_PARAM(units, .min = 1, .max = 65536, .doc = "outputs"),
    MP_PARAM(act, .def = "relu", .choices = MP_ACTS, .doc = "activation"),
    MP_PARAM(bias, .def = "yes", .doc = "add a learned constant to each output"),
    MP_END
};

enum { MOST_WEIGHTS = 1 << 28 }; /* 1 GiB */

MP_CLONES static void add_bias(float *restrict y, const float *restrict bias, size_t n, size_t d)
{
    for (size_t i = 0; i < n; i++, y += d)
        for (size_t j = 0; j < d; j++)
            y[j] += bias[j];
}

MP_CLONES static void sum_rows(const float *restrict y, float *restrict sum, size_t n, size_t d)
{
    for (size_t i = 0; i < n; i++, y += d)
        for (size_t j = 0; j < d; j++)
            sum[j] += y[j];
}

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;
    if (mp_product(mp_len(in), (size_t)p->units) > MOST_WEIGHTS)
        return mp_fail(c, "units=%d: more than %d weights for %zu inputs", p->units, MOST_WEIGHTS,
                       mp_len(in));
    *out = (struct mp_shape){ 1, p->units, 1 };
    return MP_OK;
}

static int weights(const void *params, struct mp_shape in, struct mp_shape out, struct mp_weight *w)
{
    const struct params *p = params;
    const size_t n_in = mp_len(in), n_out = mp_len(out);
    w[0] = (struct mp_weight){ .name = "weights", .size = n_in * n_out, .fan_in = n_in,
                               .fan_out = n_out, .init = MP_INIT_FAN, .decay = true,
                               .outer = true };
    w[1] = (struct mp_weight){ .name = "bias", .size = n_out, .init = MP_INIT_ZERO };
    return p->bias ? 2 : 1;
}

static size_t saved(const void *params, struct mp_shape in, struct mp_shape out)
{
    const struct params *p = params;
    (void)in;
    return p->act == MP_ACT_GELU ? mp_len(out) : 0;
}

static double work(const void *params, struct mp_shape in, struct mp_shape out)
{
    (void)params;
    return (double)mp_len(in) * (double)mp_len(out);
}

/* Products that make the output and, in training, the gradient of the input. */
struct plan {
    struct mp_matmul *y, *dx;
};

static void close(void *plan)
{
    struct plan *v = plan;
    mp_matmul_close(v->y);
    mp_matmul_close(v->dx);
    free(v);
}

static int open(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape out,
                size_t n, enum mp_precision precision, bool training, void **plan)
{
    const size_t n_in = mp_len(in), n_out = mp_len(out);
    struct plan *v = mp_alloc(c, 1, sizeof *v);
    (void)params;
    if (v == NULL)
        return -1;
    v->y = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = n, .n = n_out, .k = n_in, .lda = n_in, .ldb = n_out, .ldc = n_out,
        .precision = precision });
    v->dx = !training ? NULL : mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = n, .n = n_in, .k = n_out, .tb = true, .lda = n_out, .ldb = n_out, .ldc = n_in,
        .round = true, .precision = precision });
    if (v->y == NULL || (training && v->dx == NULL)) {
        close(v);
        return -1;
    }
    *plan = v;
    return MP_OK;
}

/* From x W to the output. */
static void finish(const struct mp_pass *p, float *y)
{
    const struct params *params = p->params;
    const size_t n_out = mp_len(p->out);
    if (params->bias)
        add_bias(y, p->w[1], p->n, n_out);
    mp_act_forward((enum mp_act)params->act, y, p->n * n_out, p->saved);
}

/* From the gradient of the output to that of x W + b, from which the net makes that of W;
 * and to that of b. */
static void begin(const struct mp_pass *p, const float *y, float *dy)
{
    const struct params *params = p->params;
    const size_t n_out = mp_len(p->out);
    mp_act_backward((enum mp_act)params->act, y, p->saved, dy, p->n * n_out);
    if (params->bias) {
        memset(p->dw[1], 0, n_out * sizeof(float));
        sum_rows(dy, p->dw[1], p->n, n_out);
    }
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct plan *plan = p->plan;
    if (mp_matmul_run(p->c, plan->y, x, p->w[0], y) < 0)
        return -1;
    finish(p, y);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const struct plan *plan = p->plan;
    (void)x;
    begin(p, y, dy);
    return dx != NULL ? mp_matmul_run(p->c, plan->dx, dy, p->w[0], dx) : MP_OK;
}

/* The output is small beside the input: it is made in floats. */
static int forward_bf16(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y)
{
    const struct plan *plan = p->plan;
    const size_t n = p->n * mp_len(p->out);
    float *wide = mp_scratch(p->c, n);
    if (wide == NULL || mp_matmul_run(p->c, plan->y, x, p->wb[0], wide) < 0)
        return -1;
    finish(p, wide);
    mp_to_bf16(wide, y, n);
    return MP_OK;
}

static int backward_bf16(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx)
{
    const struct plan *plan = p->plan;
    const size_t n = p->n * mp_len(p->out);
    float *wide = mp_scratch(p->c, n), *up = mp_scratch(p->c, n);
    (void)x;
    if (wide == NULL || up == NULL)
        return -1;
    mp_from_bf16(y, wide, n);
    mp_from_bf16(dy, up, n);
    begin(p, wide, up);
    mp_to_bf16(up, dy, n);
    return dx != NULL ? mp_matmul_run(p->c, plan->dx, dy, p->wb[0], dx) : MP_OK;
}

/* The weights of every unit, which lie a unit a column. */
static int pictures(struct mp_ctx *c, const void *params, struct mp_shape image,
                    struct mp_shape out, const float *const *w, const struct mp_viewer *v)
{
    const struct params *p = params;
    int rc = MP_OK;
    (void)out;
    for (int u = 0; u < p->units && rc == MP_OK; u++) {
        char name[32];
        snprintf(name, sizeof name, "unit %d", u + 1);
        rc = mp_see(c, v, name, w[0] + u, image, (size_t)p->units);
    }
    return rc;
}

MP_LAYER(dense) = {
    .brief = "Connect every input with every output",
    .doc = "y = act(x W + b).  Images are taken as vectors, as they lie in memory; the\n"
           "output is a vector of `units` values.",
    .example = "dense units=128 act=relu",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape, .weights = weights, .saved = saved, .work = work, .pictures = pictures,
    .open = open, .close = close,
    .forward = forward, .backward = backward,
    .forward_bf16 = forward_bf16, .backward_bf16 = backward_bf16,
};
