/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lstm.c - long short-term memory over a sequence.
 *
 * Hochreiter and Schmidhuber 1997 with forget gates (Gers, Schmidhuber and Cummins
 * 2000); the cell, and the order i f g o of its gates, are those of PyTorch's LSTM:
 *
 *     i = sigmoid, f = sigmoid, g = tanh, o = sigmoid of  x W + h U + b
 *     c = f c + i g        h = o tanh(c)
 *
 * with `forget` added to the sum of f.  Everything is kept step after step (time,
 * row, value), so that x W is one product over all steps, and so are, backwards, the
 * gradients of W, of U and of x; only h U goes step by step.  Where that one product would
 * take too long for a user who wants to stop, it is made of some steps at a time.  backward()
 * puts the gradients of the sums in the place of the gates in `saved`.
 *
 * Cost: steps * 4 units * (features + units) multiply-adds a row, and twice that
 * backwards; gates are a tenth of it at 128 units.
 */
#include "core/layer.h"
#include "core/simd.h"
#include "linear/matmul.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 65536, MAX_FEATURES = 1 << 20 };
enum { WEIGHTS, RECURRENT, BIAS, UPPER };
enum { GATES = 4 };

struct params {
    double forget;
    int units, layers, directions;
    bool last;
};

static const struct mp_param table[] = {
    MP_PARAM(units, .def = "128", .min = 1, .max = 4096, .doc = "length of the state"),
    MP_PARAM(layers, .def = "1", .min = 1, .max = 4,
             .doc = "how many, each reading the one before"),
    MP_PARAM(directions, .def = "1", .min = 1, .max = 2,
             .doc = "2: a second one reads from the end to the beginning"),
    MP_PARAM(last, .def = "yes",
             .doc = "give what is known after the whole sequence; no: after every step"),
    MP_PARAM(forget, .def = "1", .min = 0, .max = 10,
             .doc = "added to the forget gates' sums: 1 lets a net remember from the beginning"),
    MP_END
};

/* ------------------------------------------------------------------ sizes */

/* The numbers of one pass, and where things lie. */
struct net {
    size_t n, steps, features, units, wide; /* wide: outputs of a step, all directions */
    int layers, directions;
    float forget;
};

static struct net net_of(const void *params, struct mp_shape in, size_t n)
{
    const struct params *p = params;
    const size_t units = (size_t)p->units;

    return (struct net){ .n = n, .steps = (size_t)in.h,
                         .features = (size_t)in.w * (size_t)in.c, .units = units,
                         .wide = units * (size_t)p->directions, .layers = p->layers,
                         .directions = p->directions, .forget = (float)p->forget };
}

/* What a layer keeps of each row: outputs; gates and cells of each direction. */
static size_t kept(const struct net *s)
{
    return s->steps * (s->wide + (GATES + 1) * s->wide);
}

static size_t inputs(const struct net *s, int layer)
{
    return layer == 0 ? s->features : s->wide;
}

/* One direction of one layer: numbers of its weights and what it keeps. */
struct cell {
    size_t w, u, b; /* places in their tensors */
    int tensor;     /* of w */
    bool reversed;
    float *out;     /* steps x n x wide, from this direction's first on */
    float *gates;   /* steps x n x 4 units */
    float *cells;   /* steps x n x units */
};

static struct cell cell_of(const struct net *s, float *keep, int layer, int direction)
{
    const size_t rows = s->steps * s->n, d = (size_t)direction;
    const size_t first = (size_t)layer * (size_t)s->directions + d;
    const size_t above = layer > 0 ? first - (size_t)s->directions : d;
    float *at = keep + (size_t)layer * kept(s) * s->n;
    float *gates = at + rows * s->wide + d * rows * (GATES + 1) * s->units;

    return (struct cell){ .w = above * inputs(s, layer) * GATES * s->units,
                          .u = first * s->units * GATES * s->units,
                          .b = first * GATES * s->units,
                          .tensor = layer > 0 ? UPPER : WEIGHTS, .reversed = direction == 1,
                          .out = at + d * s->units, .gates = gates,
                          .cells = gates + rows * GATES * s->units };
}

/* The k-th step that a direction takes. */
static size_t nth(const struct net *s, bool reversed, size_t k)
{
    return reversed ? s->steps - 1 - k : k;
}

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;
    const int wide = p->units * p->directions;

    if (in.h > MAX_STEPS || mp_product((size_t)in.w, (size_t)in.c) > MAX_FEATURES)
        return mp_fail(c, "a sequence of %d steps of %zu values; must be at most %d of %d", in.h,
                       mp_product((size_t)in.w, (size_t)in.c), MAX_STEPS, MAX_FEATURES);
    *out = p->last ? (struct mp_shape){ 1, wide, 1 } : (struct mp_shape){ in.h, 1, wide };
    return MP_OK;
}

static int weights(const void *params, struct mp_shape in, struct mp_shape out, struct mp_weight *w)
{
    const struct net s = net_of(params, in, 1);
    const size_t all = (size_t)s.layers * s.wide, sums = GATES * s.units;
    (void)out;

    w[WEIGHTS] = (struct mp_weight){ .name = "weights", .size = s.features * GATES * s.wide,
                                     .fan_in = s.features, .fan_out = sums,
                                     .init = MP_INIT_FAN, .decay = true };
    w[RECURRENT] = (struct mp_weight){ .name = "recurrent", .size = all * sums,
                                       .fan_in = s.units, .fan_out = sums,
                                       .init = MP_INIT_ORTHOGONAL, .decay = true };
    w[BIAS] = (struct mp_weight){ .name = "bias", .size = GATES * all, .init = MP_INIT_ZERO };
    if (s.layers == 1)
        return UPPER;
    w[UPPER] = (struct mp_weight){ .name = "upper", .size = (all - s.wide) * GATES * s.wide,
                                   .fan_in = s.wide, .fan_out = sums, .init = MP_INIT_FAN,
                                   .decay = true };
    return UPPER + 1;
}

static size_t saved(const void *params, struct mp_shape in, struct mp_shape out)
{
    const struct net s = net_of(params, in, 1);
    (void)out;
    return (size_t)s.layers * kept(&s);
}

static double work(const void *params, struct mp_shape in, struct mp_shape out)
{
    const struct net s = net_of(params, in, 1);
    double sum = 0;
    (void)out;

    for (int l = 0; l < s.layers; l++)
        sum += (double)(inputs(&s, l) + s.units);
    return sum * (double)(s.steps * GATES * s.wide);
}

/* ------------------------------------------------------------------ gates */

/* e^x - 1 = two * part + (two - 1), two a power of 2; |x| up to 87.  Reduction and
 * polynomial as in Cephes' expf (Moshier 1989). */
static inline float exp_parts(float x, float *two)
{
    const float shifted = x * 1.44269504f + 12582912.0f; /* rounds: 1.5 * 2^23 */
    const float k = shifted - 12582912.0f;
    const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    float part = 1.9875691500e-4f;
    uint32_t bits;

    part = part * r + 1.3981999507e-3f;
    part = part * r + 8.3334519073e-3f;
    part = part * r + 4.1665795894e-2f;
    part = part * r + 1.6666665459e-1f;
    part = part * r + 5.0000001201e-1f;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127u << 23);
    memcpy(two, &bits, sizeof bits);
    return part * r * r + r;
}

/* Written so that what is not a number stays so: a net that diverges must show it. */
static inline float between(float x, float limit)
{
    x = x > limit ? limit : x;
    return x < -limit ? -limit : x;
}

static inline float sigmoid(float x)
{
    float two;
    const float part = exp_parts(between(-x, 87), &two);
    return 1 / (1 + (two * part + two));
}

/* By e^2x - 1, which keeps its relative precision near 0; beyond 9.1 it is 1. */
static inline float hyperbolic(float x)
{
    float two;
    const float part = exp_parts(between(2 * x, 20), &two);
    const float less = two * part + (two - 1);
    return less / (less + 2);
}

/* One step of n rows: sums become gates, and give the cells and the outputs. */
MP_CLONES static void open_gates(const struct net *s, const float *restrict bias,
                                 const float *restrict before, float *restrict gates,
                                 float *restrict cells, float *restrict out)
{
    const size_t u = s->units;
    const float forget = s->forget;

    for (size_t r = 0; r < s->n; r++, before += u, cells += u, gates += GATES * u, out += s->wide)
#pragma omp simd
        for (size_t j = 0; j < u; j++) {
            const float i = sigmoid(gates[j] + bias[j]);
            const float f = sigmoid(gates[u + j] + bias[u + j] + forget);
            const float g = hyperbolic(gates[2 * u + j] + bias[2 * u + j]);
            const float o = sigmoid(gates[3 * u + j] + bias[3 * u + j]);
            const float c = f * before[j] + i * g;
            gates[j] = i, gates[u + j] = f, gates[2 * u + j] = g, gates[3 * u + j] = o;
            cells[j] = c;
            out[j] = o * hyperbolic(c);
        }
}

/* The same backwards: from the gradients of outputs (dout) and cells (dcell, which
 * become those of the step before), gates become the gradients of the sums. */
MP_CLONES static void close_gates(const struct net *s, const float *restrict before,
                                  const float *restrict cells, const float *restrict dout,
                                  float *restrict dcell, float *restrict gates)
{
    const size_t u = s->units;

    for (size_t r = 0; r < s->n; r++, before += u, cells += u, dcell += u) {
#pragma omp simd
        for (size_t j = 0; j < u; j++) {
            const float i = gates[j], f = gates[u + j], g = gates[2 * u + j];
            const float o = gates[3 * u + j], t = hyperbolic(cells[j]);
            const float dc = dcell[j] + dout[j] * o * (1 - t * t);
            gates[j] = dc * g * i * (1 - i);
            gates[u + j] = dc * before[j] * f * (1 - f);
            gates[2 * u + j] = dc * i * (1 - g * g);
            gates[3 * u + j] = dout[j] * t * o * (1 - o);
            dcell[j] = dc * f;
        }
        gates += GATES * u;
        dout += s->wide;
    }
}

MP_CLONES static void add_rows(const float *restrict rows, size_t n, size_t d,
                               float *restrict sum)
{
    memset(sum, 0, d * sizeof *sum);
    for (size_t i = 0; i < n; i++, rows += d)
        for (size_t j = 0; j < d; j++)
            sum[j] += rows[j];
}

/* --------------------------------------------------------------- products */

/* Those of a layer, for all its directions, or of all layers above the first. */
struct products {
    size_t block, du_block;                     /* steps that one product takes */
    struct mp_matmul *sums, *dw, *dx, *more_dx; /* of what it reads; more_dx adds */
    struct mp_matmul *step, *dstep, *du;        /* of its own outputs, step by step */
};

struct plan {
    struct products first, upper;
};

static void close_products(struct products *q)
{
    struct mp_matmul *all[] = { q->sums, q->dw, q->dx, q->more_dx, q->step, q->dstep, q->du };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mp_matmul_close(all[i]);
}

/* Rounded outputs lie packed, u values apart; others `wide`. */
static size_t apart(const struct net *s, enum mp_precision precision)
{
    return precision == MP_BF16 ? s->units : s->wide;
}

static int open_forward(struct mp_ctx *c, const struct net *s, size_t d,
                        enum mp_precision precision, struct products *q)
{
    const size_t u = s->units, sums = GATES * u;
    q->sums = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = q->block * s->n, .n = sums, .k = d, .lda = d, .ldb = sums, .ldc = sums,
        .precision = precision });
    q->step = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = s->n, .n = sums, .k = u, .lda = apart(s, precision), .ldb = sums, .ldc = sums,
        .add = true, .precision = precision });
    return q->sums == NULL || q->step == NULL ? -1 : MP_OK;
}

static int open_backward(struct mp_ctx *c, const struct net *s, size_t d,
                         enum mp_precision precision, struct products *q)
{
    const size_t u = s->units, sums = GATES * u, rows = q->block * s->n;
    struct mp_matmul_dims dx = { .m = rows, .n = d, .k = sums, .lda = sums, .ldb = sums, .ldc = d,
                                 .tb = true, .precision = precision };
    q->dw = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = d, .n = sums, .k = rows, .ta = true, .lda = d, .ldb = sums, .ldc = sums,
        .add = q->block < s->steps, .precision = precision });
    q->dx = mp_matmul_open(c, &dx);
    dx.add = true;
    q->more_dx = mp_matmul_open(c, &dx);
    q->dstep = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = s->n, .n = u, .k = sums, .lda = sums, .ldb = sums, .ldc = s->wide, .tb = true,
        .add = true, .precision = precision });
    q->du = mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = u, .n = sums, .k = q->du_block * s->n, .ta = true, .lda = apart(s, precision),
        .ldb = sums, .ldc = sums, .add = q->du_block + 1 < s->steps, .precision = precision });
    return q->dw == NULL || q->dx == NULL || q->more_dx == NULL || q->dstep == NULL ||
                   q->du == NULL
               ? -1
               : MP_OK;
}

static int open_products(struct mp_ctx *c, const struct net *s, size_t d,
                         enum mp_precision precision, bool training, struct products *q)
{
    const double row = (double)s->n * GATES * (double)s->units;
    q->block = mp_at_once(s->steps, row * (double)d);
    q->du_block = mp_at_once(s->steps - 1, row * (double)s->units);
    return open_forward(c, s, d, precision, q) < 0 ||
                   (training && open_backward(c, s, d, precision, q) < 0)
               ? -1
               : MP_OK;
}

static void close(void *plan)
{
    struct plan *v = plan;
    close_products(&v->first);
    close_products(&v->upper);
    free(v);
}

static int open(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape out,
                size_t n, enum mp_precision precision, bool training, void **plan)
{
    const struct net s = net_of(params, in, n);
    struct plan *v = mp_alloc(c, 1, sizeof *v);
    (void)out;
    if (v == NULL)
        return -1;
    if (open_products(c, &s, s.features, precision, training, &v->first) < 0 ||
        (s.layers > 1 && open_products(c, &s, s.wide, precision, training, &v->upper) < 0)) {
        close(v);
        return -1;
    }
    *plan = v;
    return MP_OK;
}

static const struct products *products_of(const struct mp_pass *p, const struct cell *at)
{
    const struct plan *v = p->plan;
    return at->tensor == UPPER ? &v->upper : &v->first;
}

/* n rows of d values, `stride` apart, as products read them: rounded into `to`, where
 * they are packed, or as they are. */
static const void *operand(const struct mp_pass *p, const float *x, size_t n, size_t d,
                           size_t stride, mp_bf16 *to)
{
    if (p->precision == MP_F32)
        return x;
    for (size_t i = 0; i < n; i++)
        mp_to_bf16(x + i * stride, to + i * d, d);
    return to;
}

static const void *weights_at(const struct mp_pass *p, int tensor, size_t at)
{
    return p->precision == MP_BF16 ? (const void *)(p->wb[tensor] + at) : p->w[tensor] + at;
}

/* The value number `at` of what a product reads. */
static const void *value_at(const struct mp_pass *p, const void *x, size_t at)
{
    return p->precision == MP_BF16 ? (const void *)((const mp_bf16 *)x + at)
                                   : (const void *)((const float *)x + at);
}

/* Runs q on so many steps, `block` at a time: each step of a, b and y is so many values on
 * from the one before; 0: it is the same one. */
static int by_blocks(const struct mp_pass *p, const struct mp_matmul *q, size_t steps,
                     size_t block, const void *a, size_t a_step, const void *b, size_t b_step,
                     float *y, size_t y_step)
{
    for (size_t t = 0; t < steps; t += block)
        if (mp_stopped(p->c) ? mp_fail(p->c, "interrupted")
                             : mp_matmul_run(p->c, q, value_at(p, a, t * a_step),
                                             value_at(p, b, t * b_step), y + t * y_step) < 0)
            return -1;
    return MP_OK;
}

/* ------------------------------------------------------------- directions */

/* rows x steps x d becomes steps x rows x d; with the numbers exchanged, back. */
static void turn(const float *from, float *to, size_t rows, size_t steps, size_t d)
{
    for (size_t t = 0; t < steps; t++)
        for (size_t i = 0; i < rows; i++, to += d)
            memcpy(to, from + (i * steps + t) * d, d * sizeof *to);
}

/* One direction reads x, steps x n x d; `zeros` is the cell before the first step. */
static int run(const struct mp_pass *p, const struct net *s, const struct cell *at,
               const float *x, size_t d, const float *zeros)
{
    const size_t n = s->n, u = s->units, sums = GATES * u, wide = s->wide;
    const struct products *q = products_of(p, at);
    const void *w = weights_at(p, at->tensor, at->w), *r = weights_at(p, RECURRENT, at->u);
    mp_bf16 *room = mp_bf16_scratch(p->c, n * (s->steps * d > u ? s->steps * d : u));

    if (room == NULL ||
        by_blocks(p, q->sums, s->steps, q->block, operand(p, x, s->steps * n, d, d, room), n * d,
                  w, 0, at->gates, n * sums) < 0)
        return -1;
    for (size_t k = 0; k < s->steps; k++) {
        if (mp_stopped(p->c))
            return mp_fail(p->c, "interrupted");
        const size_t t = nth(s, at->reversed, k), was = k > 0 ? nth(s, at->reversed, k - 1) : t;
        float *gates = at->gates + t * n * sums;
        const float *h = at->out + was * n * wide;
        if (k > 0 &&
            mp_matmul_run(p->c, q->step, operand(p, h, n, u, wide, room), r, gates) < 0)
            return -1;
        open_gates(s, p->w[BIAS] + at->b, k > 0 ? at->cells + was * n * u : zeros, gates,
                   at->cells + t * n * u, at->out + t * n * wide);
    }
    return MP_OK;
}

/* From the gradients of its outputs (in dout, which later steps' are added to) those
 * of its sums, in the place of the gates, and rounded in `room`. */
static int run_back(const struct mp_pass *p, const struct net *s, const struct cell *at,
                    float *dout, const float *zeros, float *dcell, mp_bf16 *room)
{
    const size_t n = s->n, u = s->units, sums = GATES * u, wide = s->wide;
    const void *r = weights_at(p, RECURRENT, at->u);

    memset(dcell, 0, n * u * sizeof *dcell);
    for (size_t k = s->steps; k-- > 0;) {
        if (mp_stopped(p->c))
            return mp_fail(p->c, "interrupted");
        const size_t t = nth(s, at->reversed, k), was = k > 0 ? nth(s, at->reversed, k - 1) : t;
        float *gates = at->gates + t * n * sums;
        close_gates(s, k > 0 ? at->cells + was * n * u : zeros, at->cells + t * n * u,
                    dout + t * n * wide, dcell, gates);
        const void *up = operand(p, gates, n, sums, sums, room + t * n * sums);
        if (k > 0 && mp_matmul_run(p->c, products_of(p, at)->dstep, up, r,
                                   dout + was * n * wide) < 0)
            return -1;
    }
    return MP_OK;
}

/* Gradients of the weights and, unless dx is NULL, of what it read: dx is written for
 * the first direction and added to for the second, which reads the same. */
static int weigh(const struct mp_pass *p, const struct net *s, const struct cell *at,
                 const float *x, size_t d, float *dx, const mp_bf16 *rounded)
{
    const size_t n = s->n, rows = s->steps * n, u = s->units, sums = GATES * u;
    const struct products *q = products_of(p, at);
    const bool bf16 = p->precision == MP_BF16;
    const size_t after = at->reversed ? 0 : n; /* the row from which sums have a step before */
    const void *up = bf16 ? (const void *)rounded : at->gates;
    const void *next = bf16 ? (const void *)(rounded + after * sums) : at->gates + after * sums;
    float *du = p->dw[RECURRENT] + at->u, *dw = p->dw[at->tensor] + at->w;
    mp_bf16 *room = mp_bf16_scratch(p->c, rows * (d > u ? d : u));

    if (room == NULL)
        return -1;
    add_rows(at->gates, rows, sums, p->dw[BIAS] + at->b);
    memset(du, 0, u * sums * sizeof *du);
    /* Outputs of a step with the sums of the next that is taken. */
    const float *out = at->out + (at->reversed ? n * s->wide : 0);
    if (s->steps > 1 &&
        by_blocks(p, q->du, s->steps - 1, q->du_block,
                  operand(p, out, rows - n, u, s->wide, room), n * (bf16 ? u : s->wide), next,
                  n * sums, du, 0) < 0)
        return -1;
    memset(dw, 0, d * sums * sizeof *dw);
    if (by_blocks(p, q->dw, s->steps, q->block, operand(p, x, rows, d, d, room), n * d, up,
                  n * sums, dw, 0) < 0)
        return -1;
    return dx == NULL ? MP_OK
                      : by_blocks(p, at->reversed ? q->more_dx : q->dx, s->steps, q->block, up,
                                  n * sums, weights_at(p, at->tensor, at->w), 0, dx, n * d);
}

/* ------------------------------------------------------------------ passes */

/* The outputs `from`, steps x n x wide, as the layer gives them.  A direction's last
 * step is where it ends: for the second, the first. */
static void give(const struct net *s, bool last, const float *from, float *y)
{
    if (!last)
        turn(from, y, s->steps, s->n, s->wide);
    for (size_t i = 0; last && i < s->n; i++)
        for (int d = 0; d < s->directions; d++) {
            const size_t at = (size_t)d * s->units, t = nth(s, d == 1, s->steps - 1);
            memcpy(y + i * s->wide + at, from + (t * s->n + i) * s->wide + at,
                   s->units * sizeof *y);
        }
}

/* The reverse: gradients of all outputs from those of what was given. */
static void take(const struct net *s, bool last, const float *dy, float *to)
{
    if (!last)
        turn(dy, to, s->n, s->steps, s->wide);
    else
        memset(to, 0, s->steps * s->n * s->wide * sizeof *to);
    for (size_t i = 0; last && i < s->n; i++)
        for (int d = 0; d < s->directions; d++) {
            const size_t at = (size_t)d * s->units, t = nth(s, d == 1, s->steps - 1);
            memcpy(to + (t * s->n + i) * s->wide + at, dy + i * s->wide + at,
                   s->units * sizeof *to);
        }
}

/* Its state after every step, a line each. */
static struct mp_shape seen(const void *params, struct mp_shape in, struct mp_shape out)
{
    const struct params *p = params;
    (void)out;
    return (struct mp_shape){ in.h, p->units * p->directions, 1 };
}

static void watch(const struct mp_pass *p, float *to)
{
    const struct net s = net_of(p->params, p->in, p->n);
    turn(cell_of(&s, p->saved, s.layers - 1, 0).out, to, s.steps, s.n, s.wide);
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const struct params *q = p->params;
    const struct net s = net_of(q, p->in, p->n);
    const size_t all = (size_t)s.layers * kept(&s) * s.n;
    float *keep = p->saved != NULL ? p->saved : mp_scratch(p->c, all);
    float *turned = mp_scratch(p->c, s.steps * s.n * s.features);
    float *zeros = mp_scratch(p->c, s.n * s.units);

    if (keep == NULL || turned == NULL || zeros == NULL)
        return -1;
    memset(zeros, 0, s.n * s.units * sizeof *zeros);
    turn(x, turned, s.n, s.steps, s.features);
    const float *from = turned;
    for (int l = 0; l < s.layers; l++) {
        for (int d = 0; d < s.directions; d++) {
            const struct cell at = cell_of(&s, keep, l, d);
            const int mark = mp_scratch_mark(p->c);
            if (run(p, &s, &at, from, inputs(&s, l), zeros) < 0)
                return -1;
            mp_scratch_release(p->c, mark);
        }
        from = cell_of(&s, keep, l, 0).out;
    }
    give(&s, q->last, from, y);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const struct params *q = p->params;
    const struct net s = net_of(q, p->in, p->n);
    const size_t rows = s.steps * s.n;
    float *turned = mp_scratch(p->c, rows * s.features);
    float *dturned = dx != NULL ? mp_scratch(p->c, rows * s.features) : turned;
    float *dout = mp_scratch(p->c, rows * s.wide);
    float *below = s.layers > 1 ? mp_scratch(p->c, rows * s.wide) : dout;
    float *zeros = mp_scratch(p->c, s.n * s.units), *dcell = mp_scratch(p->c, s.n * s.units);
    mp_bf16 *room = mp_bf16_scratch(p->c, rows * GATES * s.units);
    (void)y;

    if (room == NULL || turned == NULL || dturned == NULL || dout == NULL || below == NULL ||
        zeros == NULL || dcell == NULL)
        return -1;
    memset(zeros, 0, s.n * s.units * sizeof *zeros);
    turn(x, turned, s.n, s.steps, s.features);
    take(&s, q->last, dy, dout);
    for (int l = s.layers - 1; l >= 0; l--) {
        const float *from = l > 0 ? cell_of(&s, p->saved, l - 1, 0).out : turned;
        float *to = l > 0 ? below : dx != NULL ? dturned : NULL;
        for (int d = 0; d < s.directions; d++) {
            const struct cell at = cell_of(&s, p->saved, l, d);
            const int mark = mp_scratch_mark(p->c);
            if (run_back(p, &s, &at, dout + (size_t)d * s.units, zeros, dcell, room) < 0 ||
                weigh(p, &s, &at, from, inputs(&s, l), to, room) < 0)
                return -1;
            mp_scratch_release(p->c, mark);
        }
        float *was = dout;
        dout = below;
        below = was;
    }
    if (dx != NULL)
        turn(dturned, dx, s.steps, s.n, s.features);
    return MP_OK;
}

MP_LAYER(lstm) = {
    .brief = "Read a sequence with a long short-term memory",
    .doc = "Reads the image line by line and keeps in its state what matters of what it\n"
           "has read.\n"
           "\n"
           "Reads h x w x c as h steps of w * c values: an image row by row; see sequence for\n"
           "other ways.  Gives 1 x units x 1, or with last=no steps x 1 x units; twice as\n"
           "many values with directions=2: those of the second direction follow those of the\n"
           "first, and the last that it gives is what it knows at the sequence's beginning.\n"
           "\n"
           "The cell is that of PyTorch's LSTM, the gates in its order i f g o, without\n"
           "peepholes and projections.  PyTorch has two bias vectors that are only ever\n"
           "added; here there is their sum, which an optimiser like Adam moves half as fast.\n"
           "The forget gates' bias begins at `forget` (Jozefowicz, Zaremba and Sutskever 2015,\n"
           "\"An empirical exploration of recurrent network architectures\"), the others at 0;\n"
           "in PyTorch all begin at random, forget=0 alone comes near it.\n"
           "\n"
           "Tensors, each row after row: \"weights\", features x 4 units for each direction;\n"
           "\"recurrent\", units x 4 units, and \"bias\", 4 units, for each layer and in it each\n"
           "direction; \"upper\", the weights of the layers above the first, units * directions\n"
           "x 4 units for each layer and in it each direction.  PyTorch's weight_ih_l0 is the\n"
           "transpose of the first, weight_hh_l0 that of the second.",
    .example = "lstm units=32",
    .reads = MP_READS_STEPS,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .weights = weights,
    .saved = saved,
    .work = work,
    .seen = seen,
    .watch = watch,
    .open = open,
    .close = close,
    .forward = forward,
    .backward = backward,
};
