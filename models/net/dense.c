/* dense.c - fully connected layer.
 *
 * Matrix products by oneDNN's sgemm.  Cost: inputs x units multiply-adds a row for each
 * pass; with few rows an item, reading the weights counts for more.  Defined by
 * torch.nn.Linear, which it equals to rounding. */
#include "dnn.h"
#include "layer.h"
#include "simd.h"
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
                               .fan_out = n_out, .init = MP_INIT_FAN, .decay = true };
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

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct params *params = p->params;
    const size_t n_in = mp_len(p->in), n_out = mp_len(p->out);
    if (mp_gemm(false, false, p->n, n_out, n_in, 1, x, n_in, p->w[0], n_out, 0, y, n_out) < 0)
        return mp_fail(p->c, "no memory for a matrix product");
    if (params->bias)
        add_bias(y, p->w[1], p->n, n_out);
    mp_act_forward((enum mp_act)params->act, y, p->n * n_out, p->saved);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const struct params *params = p->params;
    const size_t n_in = mp_len(p->in), n_out = mp_len(p->out);
    mp_act_backward((enum mp_act)params->act, y, p->saved, dy, p->n * n_out);
    if (params->bias) {
        memset(p->dw[1], 0, n_out * sizeof(float));
        sum_rows(dy, p->dw[1], p->n, n_out);
    }
    if (mp_gemm(true, false, n_in, n_out, p->n, 1, x, n_in, dy, n_out, 0, p->dw[0], n_out) < 0
        || (dx != NULL
            && mp_gemm(false, true, p->n, n_in, n_out, 1, dy, n_out, p->w[0], n_out, 0, dx, n_in)
                   < 0))
        return mp_fail(p->c, "no memory for a matrix product");
    return MP_OK;
}

MP_LAYER(dense) = {
    .brief = "Connect every input with every output",
    .doc = "y = act(x W + b).  Images are taken as vectors, as they lie in memory; the\n"
           "output is a vector of `units` values.",
    .example = "dense units=128 act=relu",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape, .weights = weights, .saved = saved, .work = work,
    .forward = forward, .backward = backward,
};
