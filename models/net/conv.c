/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.c - convolution layer.
 *
 * By oneDNN, see convolution.h; of images of one channel by plane_conv.c; of 3 x 3 and 5 x 5,
 * where that is faster, by winograd.c in f32 and by fixed_winograd.c in bf16.  Cost: h w kernel^2
 * channels filters multiply-adds for each pass (forward, gradient of the image, gradient of the
 * weights), at half of the processor's peak or more for 16 channels and up, by winograd.c and
 * fixed_winograd.c at up to three times the peak.
 * Defined by torch.nn.Conv2d, which it equals to rounding; with stride > 1, pad=same pads as
 * TensorFlow does. */
#include "core/layer.h"
#include "net/fixed_winograd.h"
#include "net/plane_conv.h"
#include "net/winograd.h"
#include <stdlib.h>

enum { SAME, VALID };

struct params {
    int filters, kernel, stride, pad, act;
    bool bias;
};

static const struct mp_param table[] = {
    MP_PARAM(filters, .min = 1, .max = 4096, .doc = "output channels"),
    MP_PARAM(kernel, .def = "3", .min = 1, .max = 15, .unit = "px",
             .doc = "side of the square that a filter sees"),
    MP_PARAM(stride, .def = "1", .min = 1, .max = 15, .unit = "px",
             .doc = "distance between neighbouring outputs"),
    MP_PARAM(pad, .def = "same", .choices = "same|valid",
             .doc = "zeros around the image, so that stride=1 keeps its size; or none"),
    MP_PARAM(act, .def = "relu", .choices = MP_ACTS, .doc = "activation"),
    MP_PARAM(bias, .def = "yes", .doc = "add a learned constant to each output channel"),
    MP_END
};

enum { MOST_WEIGHTS = 1 << 28 }; /* 1 GiB */

static int side(const struct params *p, int in)
{
    return p->pad == SAME ? (in + p->stride - 1) / p->stride : (in - p->kernel) / p->stride + 1;
}

/* Zeros before the image: half of all, the smaller half where that is odd. */
static int before(const struct params *p, int in, int out)
{
    const int all = (out - 1) * p->stride + p->kernel - in;
    return p->pad == SAME && all > 0 ? all / 2 : 0;
}

static size_t n_weights(const struct params *p, struct mp_shape in)
{
    const size_t one = (size_t)p->kernel * (size_t)p->kernel;
    return mp_product(mp_product(one, (size_t)in.c), (size_t)p->filters);
}

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;
    if (p->pad == VALID && (p->kernel > in.h || p->kernel > in.w))
        return mp_fail(c, "kernel=%d pad=valid: larger than the image, %d x %d px; pad=same takes "
                       "any, a stage resize before the net makes images larger", p->kernel, in.h,
                       in.w);
    if (n_weights(p, in) > MOST_WEIGHTS)
        return mp_fail(c, "filters=%d kernel=%d: more than %d weights for %d input channels",
                       p->filters, p->kernel, MOST_WEIGHTS, in.c);
    *out = (struct mp_shape){ side(p, in.h), side(p, in.w), p->filters };
    return MP_OK;
}

static int weights(const void *params, struct mp_shape in, struct mp_shape out, struct mp_weight *w)
{
    const struct params *p = params;
    const size_t seen = (size_t)p->kernel * (size_t)p->kernel;
    w[0] = (struct mp_weight){ .name = "weights", .size = n_weights(p, in),
                               .fan_in = seen * (size_t)in.c, .fan_out = seen * (size_t)out.c,
                               .init = MP_INIT_FAN, .decay = true };
    w[1] = (struct mp_weight){ .name = "bias", .size = (size_t)out.c, .init = MP_INIT_ZERO };
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
    return (double)n_weights(params, in) * out.h * out.w;
}

static struct mp_conv_dims dims_of(const struct params *p, struct mp_shape in, struct mp_shape out)
{
    return (struct mp_conv_dims){
        .in = in, .out = out, .kernel = p->kernel, .stride = p->stride,
        .top = before(p, in.h, out.h), .left = before(p, in.w, out.w),
        .bias = p->bias, .relu = p->act == MP_ACT_RELU,
    };
}

static double spares(const void *params, struct mp_shape in, struct mp_shape out,
                     enum mp_precision precision)
{
    const struct mp_conv_dims dims = dims_of(params, in, out);
    return precision == MP_BF16 ? mp_fixed_winograd_gain(&dims) : mp_winograd_gain(&dims);
}

struct plan {
    struct mp_conv_dims dims; /* of as many rows as are taken at a time */
    bool plane;              /* but for the gradient of the image */
    bool winograd, fixed;    /* by winograd.h, in f32; or by fixed_winograd.h, in bf16 */
    struct mp_conv *library; /* NULL: not needed */
};

static void close(void *plan)
{
    struct plan *v = plan;
    mp_conv_close(v->library);
    free(v);
}

static int open(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape out,
                size_t n, enum mp_precision precision, bool training, void **plan)
{
    struct plan *v = mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return -1;
    v->dims = dims_of(params, in, out);
    v->dims.n = n;
    v->dims.precision = precision;
    v->plane = mp_plane_conv_fits(&v->dims);
    v->winograd = !v->plane && mp_winograd_fits(&v->dims);
    v->fixed = !v->plane && mp_fixed_winograd_fits(&v->dims);
    if (!v->winograd && !v->fixed) {
        v->dims.n = mp_at_once(n, work(params, in, out));
        v->dims.passes = (v->plane ? 0 : MP_FORWARD) | (training ? MP_BACK_DATA : 0) |
                         (training && !v->plane ? MP_BACK_WEIGHTS : 0);
    }
    if (v->dims.passes != 0 && (v->library = mp_conv_open(c, &v->dims)) == NULL) {
        close(v);
        return -1;
    }
    *plan = v;
    return MP_OK;
}

/* Where row i of rows of that shape begins. */
static void *row_at(const struct mp_pass *p, const void *x, struct mp_shape s, size_t i)
{
    const size_t size = p->precision == MP_BF16 ? sizeof(mp_bf16) : sizeof(float);
    return x != NULL ? (char *)(uintptr_t)x + i * mp_len(s) * size : NULL;
}

/* Up to an activation other than relu. */
static int convolve(struct mp_pass *p, const void *x, const void *w, void *y)
{
    const struct plan *v = p->plan;
    for (size_t i = 0; i < p->n; i += v->dims.n) {
        const void *from = row_at(p, x, p->in, i);
        void *to = row_at(p, y, p->out, i);
        if (mp_stopped(p->c))
            return mp_fail(p->c, "interrupted");
        if ((v->plane      ? mp_plane_conv_forward(p->c, &v->dims, from, p->w[0], p->w[1], to)
             : v->winograd ? mp_winograd_forward(p->c, &v->dims, from, p->w[0], p->w[1], to)
             : v->fixed ? mp_fixed_winograd_forward(p->c, &v->dims, from, p->w[0], p->w[1], to)
                           : mp_conv_forward(p->c, v->library, from, w, p->w[1], to)) < 0)
            return -1;
    }
    return MP_OK;
}

/* The gradients of weights and bias from rows i and on, as many as are taken at a time. */
static int gradients_of(struct mp_pass *p, const void *x, const void *dy, size_t i, float *dw,
                        float *db)
{
    const struct plan *v = p->plan;
    const void *from = row_at(p, x, p->in, i), *up = row_at(p, dy, p->out, i);
    return v->plane ? mp_plane_conv_backward(p->c, &v->dims, from, up, dw, db)
                    : mp_conv_backward_weights(p->c, v->library, from, up, dw, db);
}

static void add_to(float *restrict sum, const float *restrict x, size_t n)
{
    for (size_t j = 0; sum != NULL && j < n; j++)
        sum[j] += x[j];
}

/* All gradients from that before the activation; without dx only those of the weights. */
static int gradients(struct mp_pass *p, const void *x, const void *w, const void *dy, void *dx)
{
    const struct plan *v = p->plan;
    const size_t n_w = n_weights(p->params, p->in), n_b = (size_t)p->out.c;
    if (v->winograd)
        return mp_winograd_backward(p->c, &v->dims, x, p->w[0], dy, p->dw[0], p->dw[1], dx);
    if (v->fixed)
        return mp_fixed_winograd_backward(p->c, &v->dims, x, p->w[0], dy, p->dw[0], p->dw[1], dx);
    float *more = v->dims.n < p->n ? mp_scratch(p->c, n_w + n_b + 16) : p->dw[0];
    float *dw = p->dw[0], *db = p->dw[1];
    if (more == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i += v->dims.n) {
        if (mp_stopped(p->c))
            return mp_fail(p->c, "interrupted");
        if (gradients_of(p, x, dy, i, dw, db) < 0 ||
            (dx != NULL && mp_conv_backward_data(p->c, v->library, w, row_at(p, dy, p->out, i),
                                                 row_at(p, dx, p->in, i)) < 0))
            return -1;
        if (i > 0) {
            add_to(p->dw[0], dw, n_w);
            add_to(p->dw[1], db, n_b);
        }
        dw = more;
        db = p->dw[1] != NULL ? more + (n_w + 15) / 16 * 16 : NULL;
    }
    return MP_OK;
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct params *params = p->params;
    if (convolve(p, x, p->w[0], y) < 0)
        return -1;
    if (params->act != MP_ACT_RELU)
        mp_act_forward((enum mp_act)params->act, y, p->n * mp_len(p->out), p->saved);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const struct params *params = p->params;
    mp_act_backward((enum mp_act)params->act, y, p->saved, dy, p->n * mp_len(p->out));
    return gradients(p, x, p->w[0], dy, dx);
}

static int forward_bf16(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y)
{
    const struct params *params = p->params;
    if (convolve(p, x, p->wb[0], y) < 0)
        return -1;
    if (params->act != MP_ACT_RELU)
        mp_act_forward_bf16((enum mp_act)params->act, y, p->n * mp_len(p->out), p->saved);
    return MP_OK;
}

static int backward_bf16(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx)
{
    const struct params *params = p->params;
    mp_act_backward_bf16((enum mp_act)params->act, y, p->saved, dy, p->n * mp_len(p->out));
    return gradients(p, x, p->wb[0], dy, dx);
}

/* Every kernel: weights lie as kernel rows, kernel columns, input channels, filters. */
static int pictures(struct mp_ctx *c, const void *params, struct mp_shape image,
                    struct mp_shape out, const float *const *w, const struct mp_viewer *v)
{
    const struct params *p = params;
    const struct mp_shape kernel = { p->kernel, p->kernel, image.c };
    int rc = MP_OK;
    for (int f = 0; f < out.c && rc == MP_OK; f++) {
        char name[32];
        snprintf(name, sizeof name, "kernel %d", f + 1);
        rc = mp_see(c, v, name, w[0] + f, kernel, (size_t)out.c);
    }
    return rc;
}

MP_LAYER(conv) = {
    .brief = "Filter each image with learned kernels",
    .doc = "Every output channel is a sum over all input channels, each correlated with\n"
           "a kernel of its own, plus a bias, through the activation.  Input h x w x c,\n"
           "output h x w x filters with pad=same and stride=1; pad=valid keeps only the\n"
           "outputs whose kernels lie inside the image.  Where an odd number of zeros is\n"
           "needed, the extra one comes after the image, as in TensorFlow.\n"
           "Reference: LeCun and others 1998, Gradient-based learning applied to document\n"
           "recognition.",
    .example = "conv filters=32 kernel=5 act=relu",
    .reads = MP_READS_ROWS,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape, .weights = weights, .saved = saved, .work = work, .spares = spares,
    .pictures = pictures,
    .open = open, .close = close,
    .forward = forward, .backward = backward,
    .forward_bf16 = forward_bf16, .backward_bf16 = backward_bf16,
};
