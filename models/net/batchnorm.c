/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batchnorm.c - gives every channel mean 0 and deviation 1, then a learned scale and
 * shift.
 *
 * Ioffe and Szegedy 2015, over the rows of one item instead of the whole batch: ghost
 * batch normalisation (Hoffer, Hubara and Soudry 2017).  Values are those of PyTorch's
 * BatchNorm2d and BatchNorm1d on the rows of an item.  The variance is that of
 * differences from the mean (two passes), summed in double precision.
 *
 * Weights: scale, shift, and the running mean and variance.  For these last two, which
 * are fixed, backward() gives in dw not a gradient but the item's mean and its unbiased
 * variance; the trainer blends their averages over a batch's items into w.
 *
 * Cost: three passes over the values forward, two backward: memory bound.
 */
#include "core/layer.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

enum { SCALE, SHIFT, MEAN, VARIANCE, TENSORS };

struct params {
    double momentum, epsilon;
};

static const struct mp_param table[] = {
    MP_PARAM(momentum, .def = "0.1", .min = 0, .max = 1,
             .doc = "weight of a new batch in the running mean and variance"),
    MP_PARAM(epsilon, .def = "1e-5", .min = 1e-12, .max = 1,
             .doc = "added to the variance before its root is taken"),
    MP_END
};

/* A vector is normalised value by value, an image channel by channel. */
static size_t channels(struct mp_shape s)
{
    return (size_t)(s.h == 1 && s.c == 1 ? s.w : s.c);
}

/* Channels are counted off in steps of so many values: a multiple of the channels
 * that fills vector registers. */
static size_t stretch(size_t c)
{
    return c < MP_LANES ? c * MP_LANES : c;
}

static int weights(const void *params, struct mp_shape in, struct mp_shape out, struct mp_weight *w)
{
    const double blend = ((const struct params *)params)->momentum;
    const size_t c = channels(in);
    (void)out;

    w[SCALE] = (struct mp_weight){ .name = "scale", .size = c, .init = MP_INIT_ONE };
    w[SHIFT] = (struct mp_weight){ .name = "shift", .size = c, .init = MP_INIT_ZERO };
    w[MEAN] = (struct mp_weight){ .name = "mean", .size = c, .init = MP_INIT_ZERO,
                                  .fixed = true, .blend = blend };
    w[VARIANCE] = (struct mp_weight){ .name = "variance", .size = c, .init = MP_INIT_ONE,
                                      .fixed = true, .blend = blend };
    return TENSORS;
}

/* The mean and the variance of each channel; the same for each row. */
static size_t saved(const void *params, struct mp_shape in, struct mp_shape out)
{
    (void)params, (void)out;
    return 2 * channels(in);
}

/* One channel's numbers, repeated over a stretch. */
struct norm {
    size_t c, wide, total; /* channels, stretch, values of the item */
    double n;              /* values of one channel */
    bool learned;          /* by running averages: constants for the gradient */
    float *mean, *a, *b;   /* wide each */
    double *sum, *sum2;    /* wide each */
};

static int prepare(struct mp_pass *p, struct norm *m)
{
    m->c = channels(p->in);
    m->wide = stretch(m->c);
    m->total = p->n * mp_len(p->in);
    m->n = (double)(m->total / m->c);
    /* One value has no spread. */
    m->learned = !p->training || m->total / m->c < 2;
    float *f = mp_scratch(p->c, 3 * m->wide);
    double *d = (double *)(void *)mp_scratch(p->c, 2 * 2 * m->wide);
    if (f == NULL || d == NULL)
        return -1;
    m->mean = f, m->a = f + m->wide, m->b = f + 2 * m->wide;
    m->sum = d, m->sum2 = d + m->wide;
    memset(d, 0, 2 * m->wide * sizeof *d);
    return MP_OK;
}

/* Sums over a stretch become sums over a channel. */
static void fold(double *sum, size_t wide, size_t c)
{
    for (size_t j = c; j < wide; j++)
        sum[j % c] += sum[j];
}

static void spread(float *v, size_t wide, size_t c)
{
    for (size_t j = c; j < wide; j++)
        v[j] = v[j - c];
}

MP_CLONES static void add_values(const float *restrict x, size_t total, size_t wide,
                                 double *restrict sum)
{
    size_t i = 0;
    for (; i + wide <= total; i += wide)
        for (size_t j = 0; j < wide; j++)
            sum[j] += (double)x[i + j];
    for (size_t j = 0; i + j < total; j++)
        sum[j] += (double)x[i + j];
}

MP_CLONES static void add_squares(const float *restrict x, size_t total, size_t wide,
                                  const float *restrict mean, double *restrict sum)
{
    size_t i = 0;
    for (; i + wide <= total; i += wide)
        for (size_t j = 0; j < wide; j++) {
            const float d = x[i + j] - mean[j];
            sum[j] += (double)(d * d);
        }
    for (size_t j = 0; i + j < total; j++) {
        const float d = x[i + j] - mean[j];
        sum[j] += (double)(d * d);
    }
}

MP_CLONES static void add_products(const float *restrict x, const float *restrict dy, size_t total,
                                   size_t wide, const float *restrict mean, double *restrict sum,
                                   double *restrict sum2)
{
    size_t i = 0;
    for (; i + wide <= total; i += wide)
        for (size_t j = 0; j < wide; j++) {
            sum[j] += (double)dy[i + j];
            sum2[j] += (double)(dy[i + j] * (x[i + j] - mean[j]));
        }
    for (size_t j = 0; i + j < total; j++) {
        sum[j] += (double)dy[i + j];
        sum2[j] += (double)(dy[i + j] * (x[i + j] - mean[j]));
    }
}

/* y = a (x - mean) + b */
MP_CLONES static void scale(const float *restrict x, float *restrict y, size_t total, size_t wide,
                            const float *restrict mean, const float *restrict a,
                            const float *restrict b)
{
    size_t i = 0;
    for (; i + wide <= total; i += wide)
        for (size_t j = 0; j < wide; j++)
            y[i + j] = (x[i + j] - mean[j]) * a[j] + b[j];
    for (size_t j = 0; i + j < total; j++)
        y[i + j] = (x[i + j] - mean[j]) * a[j] + b[j];
}

/* dx += k dy */
MP_CLONES static void add_scaled(const float *restrict dy, float *restrict dx, size_t total,
                                 size_t wide, const float *restrict k)
{
    size_t i = 0;
    for (; i + wide <= total; i += wide)
        for (size_t j = 0; j < wide; j++)
            dx[i + j] += k[j] * dy[i + j];
    for (size_t j = 0; i + j < total; j++)
        dx[i + j] += k[j] * dy[i + j];
}

/* The item's mean and variance of each channel. */
static void measure(struct norm *m, const float *x, float *mean, float *variance)
{
    add_values(x, m->total, m->wide, m->sum);
    fold(m->sum, m->wide, m->c);
    for (size_t k = 0; k < m->c; k++)
        mean[k] = m->mean[k] = (float)(m->sum[k] / m->n);
    spread(m->mean, m->wide, m->c);
    add_squares(x, m->total, m->wide, m->mean, m->sum2);
    fold(m->sum2, m->wide, m->c);
    for (size_t k = 0; k < m->c; k++)
        variance[k] = (float)(m->sum2[k] / m->n);
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct params *q = p->params;
    struct norm m;

    if (prepare(p, &m) < 0)
        return -1;
    const float *mean = p->w[MEAN], *variance = p->w[VARIANCE];
    if (!m.learned) {
        measure(&m, x, p->saved, p->saved + m.c);
        mean = p->saved;
        variance = p->saved + m.c;
    }
    for (size_t k = 0; k < m.c; k++) {
        m.mean[k] = mean[k];
        m.a[k] = (float)((double)p->w[SCALE][k] / sqrt((double)variance[k] + q->epsilon));
        m.b[k] = p->w[SHIFT][k];
    }
    spread(m.mean, m.wide, m.c);
    spread(m.a, m.wide, m.c);
    spread(m.b, m.wide, m.c);
    scale(x, y, m.total, m.wide, m.mean, m.a, m.b);
    return MP_OK;
}

/* dw, and the parts of dx = k dy + a (x - mean) + b: k in `k`. */
static void gradients(struct mp_pass *p, struct norm *m, const float *variance, float *k)
{
    const struct params *q = p->params;
    const double n = m->n;

    for (size_t j = 0; j < m->c; j++) {
        const double inverse = 1 / sqrt((double)variance[j] + q->epsilon);
        const double gain = (double)p->w[SCALE][j] * inverse;
        p->dw[SCALE][j] = (float)(m->sum2[j] * inverse);
        p->dw[SHIFT][j] = (float)m->sum[j];
        p->dw[MEAN][j] = m->mean[j];
        p->dw[VARIANCE][j] = (float)(m->learned ? (double)variance[j]
                                                : (double)variance[j] * n / (n - 1));
        k[j] = (float)gain;
        m->a[j] = (float)(m->learned ? 0 : -gain * inverse * inverse * m->sum2[j] / n);
        m->b[j] = (float)(m->learned ? 0 : -gain * m->sum[j] / n);
    }
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    struct norm m;
    (void)y;

    if (prepare(p, &m) < 0)
        return -1;
    float *k = mp_scratch(p->c, m.wide);
    if (k == NULL)
        return -1;
    memcpy(m.mean, m.learned ? p->w[MEAN] : p->saved, m.c * sizeof *m.mean);
    spread(m.mean, m.wide, m.c);
    add_products(x, dy, m.total, m.wide, m.mean, m.sum, m.sum2);
    fold(m.sum, m.wide, m.c);
    fold(m.sum2, m.wide, m.c);
    gradients(p, &m, m.learned ? p->w[VARIANCE] : p->saved + m.c, k);
    if (dx == NULL)
        return MP_OK;
    spread(m.a, m.wide, m.c);
    spread(m.b, m.wide, m.c);
    spread(k, m.wide, m.c);
    scale(x, dx, m.total, m.wide, m.mean, m.a, m.b);
    add_scaled(dy, dx, m.total, m.wide, k);
    return MP_OK;
}

MP_LAYER(batchnorm) = {
    .brief = "Normalise every channel over the rows of a batch",
    .doc = "Keeps the values between layers at one scale, so that a net learns faster and\n"
           "with larger steps.\n"
           "\n"
           "Gives every channel of an image, or every value of a vector, mean 0 and deviation\n"
           "1, then a learned scale and shift (Ioffe and Szegedy 2015, \"Batch normalization\").\n"
           "While training, mean and variance are those of 32 rows at a time, whatever the\n"
           "batch: ghost batch normalisation (Hoffer, Hubara and Soudry 2017, \"Train longer,\n"
           "generalize better\"), which generalises at least as well and does not depend on\n"
           "the number of threads.  With batch=32 it is PyTorch's BatchNorm.\n"
           "\n"
           "Elsewhere running averages are used: after each batch they move by the share\n"
           "momentum towards the batch's mean and unbiased variance.  Where there is but one\n"
           "value of a channel to train on they are used too.",
    .example = "batchnorm momentum=0.1",
    .params = table,
    .params_size = sizeof(struct params),
    .weights = weights,
    .saved = saved,
    .forward = forward,
    .backward = backward,
};
