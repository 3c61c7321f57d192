/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calibrate.c - a model's scores become probabilities.
 *
 * Temperature: softmax(scores / T), with the T of the least negative log likelihood on
 * the rows held back (Guo and others 2017, On calibration of modern neural networks);
 * convex in 1 / T, found by Newton's method within a bracket.  Platt: for each class
 * 1 / (1 + exp(a s + b)) of its score s, shares of the sum, found by Newton's method on
 * Platt's targets (Platt 1999; Lin, Lin and Weng 2007, A note on Platt's probabilistic
 * outputs).  Cost: a dozen passes over the scores of the rows held back. */
#include "core/learner.h"
#include "linear/class_weights.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPERATURE, PLATT };
enum { MIN_ROWS = 20 };

struct params {
    struct mp_held held; /* first, for the engine */
    int method;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(method, .def = "temperature", .choices = "temperature|platt",
             .doc = "temperature: one number for all scores, which changes no prediction; platt: "
                    "a sigmoid for each class"),
    MP_HELD_PARAMS,
    MP_CLASS_WEIGHTS(struct params, "the losses of rows"),
    MP_END
};

struct state {
    size_t k;          /* classes */
    uint64_t n_values;
    double *values;    /* T; or a and b of each class */
    size_t n, room;    /* while learning: rows, their scores and classes */
    float *x;
    int *y;
    double *weight;    /* of each class */
};

static void clear(void *state)
{
    struct state *s = state;
    free(s->values);
    free(s->x);
    free(s->y);
    free(s->weight);
    memset(s, 0, sizeof *s);
}

/* As wide as what it takes: the scores of a model. */
static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const int k = mp_classes(c, NULL);
    (void)state, (void)out;
    if (in.h != 1 || in.w != k || in.c != 1)
        return mp_fail(c, "takes one score a class, 1 x %d x 1, not rows of %d x %d x %d", k, in.h,
                       in.w, in.c);
    return mp_class_weights_check(c, ((const struct params *)params)->weights);
}

/* ------------------------------------------------------------------- rows */

static int reserve(struct mp_ctx *c, struct state *s, size_t n)
{
    size_t room = s->room;
    if (s->n + n <= room)
        return MP_OK;
    room = 2 * room > s->n + n ? 2 * room : s->n + n;
    float *x = mp_alloc(c, mp_product(room, s->k), sizeof *x);
    int *y = mp_alloc(c, room, sizeof *y);
    if (x == NULL || y == NULL) {
        free(x);
        free(y);
        return -1;
    }
    if (s->n > 0) {
        memcpy(x, s->x, s->n * s->k * sizeof *x);
        memcpy(y, s->y, s->n * sizeof *y);
    }
    free(s->x);
    free(s->y);
    s->x = x;
    s->y = y;
    s->room = room;
    return MP_OK;
}

static int append(struct mp_ctx *c, struct state *s, size_t n, const float *x, const int *y)
{
    if (reserve(c, s, n) < 0)
        return -1;
    memcpy(s->x + s->n * s->k, x, n * s->k * sizeof *x);
    memcpy(s->y + s->n, y, n * sizeof *y);
    s->n += n;
    return MP_OK;
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    (void)params;
    s->k = mp_len(in->shape);
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    for (size_t i = 0; i < in->n * s->k; i++)
        if (!isfinite(in->x[i]))
            return mp_fail(c, "a score of row %zu is infinite or not a number",
                           mp_row(in, i / s->k) + 1);
    return append(c, s, in->n, in->x, in->y);
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *f = from;
    return f->n == 0 ? MP_OK : append(c, into, f->n, f->x, f->y);
}

/* ------------------------------------------------------------- temperature */

/* Mean and variance of a row's scores under softmax(beta s), less what its targets
 * expect: the slope and curvature of its loss.  `rest` is the target of the classes
 * that the row is not of. */
static void add_slope(const struct state *s, size_t i, double beta, double rest, double *slope,
                      double *curvature)
{
    const float *x = s->x + i * s->k;
    const double own = (double)x[s->y[i]];
    double top = -INFINITY, sum = 0, mean = 0, square = 0, target = 0;
    for (size_t j = 0; j < s->k; j++) {
        top = fmax(top, (double)x[j]);
        target += rest * ((double)x[j] - own);
    }
    for (size_t j = 0; j < s->k; j++) { /* from `own` on, so that little cancels */
        const double v = (double)x[j] - own, e = exp(beta * ((double)x[j] - top));
        sum += e;
        mean += e * v;
        square += e * v * v;
    }
    mean /= sum;
    *slope += s->weight[s->y[i]] * (mean - target);
    *curvature += s->weight[s->y[i]] * fmax(0, square / sum - mean * mean);
}

static double slope_at(const struct state *s, double beta, double rest, double *curvature)
{
    double slope = 0;
    *curvature = 0;
    for (size_t i = 0; i < s->n; i++)
        add_slope(s, i, beta, rest, &slope, curvature);
    return slope;
}

/* Whether every row's class has its highest score; *spread: the widest of all rows. */
static bool all_right(const struct state *s, double *spread)
{
    bool right = true;
    *spread = 0;
    for (size_t i = 0; i < s->n; i++) {
        const float *x = s->x + i * s->k;
        float low = x[0], high = x[0];
        for (size_t j = 1; j < s->k; j++) {
            low = x[j] < low ? x[j] : low;
            high = x[j] > high ? x[j] : high;
        }
        right = right && x[s->y[i]] >= high;
        *spread = fmax(*spread, (double)high - (double)low);
    }
    return right;
}

/* The root of the slope, which rises with beta, within [low, high]. */
static double find_beta(struct mp_ctx *c, const struct state *s, double low, double high,
                        double rest)
{
    double beta = (low + high) / 2;
    for (int i = 0; i < 200 && high - low > 4 * DBL_EPSILON * high && !mp_stopped(c); i++) {
        double curvature, slope = slope_at(s, beta, rest, &curvature);
        *(slope < 0 ? &low : &high) = beta;
        const double next = beta - slope / curvature;
        const bool inside = curvature > 0 && next > low && next < high;
        if (inside && fabs(next - beta) <= 1e-14 * beta)
            return next;
        beta = inside ? next : (low + high) / 2;
    }
    return beta;
}

/* 1 / T.  There is none where every row is right, as then surer is always better:
 * Platt's targets are taken in place of 1 and 0, which are what n rows can tell.  Nor
 * is there where scores tell less than nothing: all classes are left nearly equal. */
static double best_beta(struct mp_ctx *c, const struct state *s)
{
    double spread, curvature, rest = 0;
    if (all_right(s, &spread) && s->k > 1) {
        rest = 1 / ((double)s->n + 2) / (double)(s->k - 1);
        mp_warn(c, "calibrate: all %zu rows held back are right, which tells little of how sure "
                   "to be; a larger share would tell more", s->n);
    }
    const double least = spread > 0 ? 1e-3 / spread : 1;
    double high = 1000 * least;
    if (slope_at(s, least, rest, &curvature) >= 0) {
        mp_warn(c, "calibrate: the scores of the %zu rows held back tell nothing of their classes",
                s->n);
        return least;
    }
    while (!mp_stopped(c) && slope_at(s, high, rest, &curvature) < 0 && high < 1e300)
        high *= 2;
    return find_beta(c, s, least, high, rest);
}

/* ------------------------------------------------------------------- Platt */

/* One class against the rest: scores brought to mean 0 and deviation 1, targets, and what each row
 * counts. */
struct problem {
    size_t n;
    double *f, *t, *weight;
};

static double loss(const struct problem *q, double a, double b)
{
    double sum = 0;
    for (size_t i = 0; i < q->n; i++) {
        const double z = q->f[i] * a + b;
        sum += q->weight[i] * ((z >= 0 ? q->t[i] : q->t[i] - 1) * z + log1p(exp(-fabs(z))));
    }
    return sum;
}

/* Gradient g and Hessian h = { aa, ab, bb } of the loss. */
static void derive(const struct problem *q, double a, double b, double g[2], double h[3])
{
    g[0] = g[1] = h[1] = 0;
    h[0] = h[2] = 1e-12; /* keeps it invertible */
    for (size_t i = 0; i < q->n; i++) {
        const double f = q->f[i], z = f * a + b, e = exp(-fabs(z));
        const double p = (z >= 0 ? e : 1) / (1 + e), d = q->weight[i] * (q->t[i] - p);
        const double w = q->weight[i] * p * (1 - p);
        g[0] += f * d;
        g[1] += d;
        h[0] += f * f * w;
        h[1] += f * w;
        h[2] += w;
    }
}

/* Newton's method with backtracking, as Lin, Lin and Weng have it, from a = 0. */
static void minimise(struct mp_ctx *c, const struct problem *q, double *a, double *b)
{
    double now = loss(q, *a, *b), g[2], h[3];
    for (int i = 0; i < 100 && !mp_stopped(c); i++) {
        derive(q, *a, *b, g, h);
        const double det = h[0] * h[2] - h[1] * h[1];
        const double da = (h[1] * g[1] - h[2] * g[0]) / det;
        const double db = (h[1] * g[0] - h[0] * g[1]) / det;
        const double down = g[0] * da + g[1] * db;
        double step = 1, next = loss(q, *a + da, *b + db);
        while (!(next <= now + 1e-4 * step * down) && step > 1e-10) {
            step /= 2;
            next = loss(q, *a + step * da, *b + step * db);
        }
        if (!(next <= now))
            return;
        *a += step * da;
        *b += step * db;
        now = next;
        if (-down <= 1e-18 * (1 + now))
            return;
    }
}

static void learn_class(struct mp_ctx *c, const struct state *s, size_t class, struct problem *q,
                        double value[2])
{
    double mean = 0, square = 0, own = 0, a = 0, n = 0;
    for (size_t i = 0; i < s->n; i++) {
        q->weight[i] = s->weight[s->y[i]];
        own += s->y[i] == (int)class ? q->weight[i] : 0;
        n += q->weight[i];
        mean += (double)s->x[i * s->k + class] / (double)s->n;
    }
    for (size_t i = 0; i < s->n; i++) {
        q->f[i] = (double)s->x[i * s->k + class] - mean;
        q->t[i] = s->y[i] == (int)class ? (own + 1) / (own + 2) : 1 / (n - own + 2);
        square += q->f[i] * q->f[i] / (double)s->n;
    }
    const double deviation = square > 0 ? sqrt(square) : 1;
    for (size_t i = 0; i < s->n; i++)
        q->f[i] /= deviation;
    double b = log((n - own + 1) / (own + 1));
    minimise(c, q, &a, &b);
    value[0] = a / deviation;
    value[1] = b - value[0] * mean;
}

static int learn_platt(struct mp_ctx *c, struct state *s)
{
    struct problem q = { .n = s->n, .f = mp_alloc(c, s->n, sizeof *q.f) };
    q.t = mp_alloc(c, s->n, sizeof *q.t);
    q.weight = mp_alloc(c, s->n, sizeof *q.weight);
    const int rc = q.f != NULL && q.t != NULL && q.weight != NULL ? MP_OK : -1;
    for (size_t j = 0; j < s->k && rc == MP_OK; j++)
        learn_class(c, s, j, &q, s->values + 2 * j);
    free(q.f);
    free(q.t);
    free(q.weight);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    if (s->n < MIN_ROWS && !mp_trial(c))
        return mp_fail(c, "%zu row%s held back %s too few to learn from, it needs %d; a larger "
                          "share=, now %g, or more training rows", s->n, s->n == 1 ? "" : "s",
                       s->n == 1 ? "is" : "are", MIN_ROWS, p->held.share);
    s->n_values = p->method == PLATT ? 2 * s->k : 1;
    s->values = mp_alloc(c, s->n_values, sizeof *s->values);
    s->weight = mp_alloc(c, s->k, sizeof *s->weight);
    if (s->values == NULL || s->weight == NULL ||
        mp_class_weights(c, p->weights, s->y, s->n, s->weight) < 0)
        return -1;
    if (p->method == TEMPERATURE)
        s->values[0] = 1 / best_beta(c, s);
    else if (learn_platt(c, s) < 0)
        return -1;
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    free(s->x);
    free(s->y);
    free(s->weight);
    s->x = NULL;
    s->y = NULL;
    s->weight = NULL;
    s->n = s->room = 0;
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    uint64_t k = s->k;
    if (mp_io_u64(io, "classes", &k) < 0 || mp_io_u64(io, "values", &s->n_values) < 0)
        return -1;
    if (k < 1 || k > MP_MOST_CLASSES || (s->n_values != 1 && s->n_values != 2 * k))
        return mp_fail(mp_io_ctx(io), "%llu values for %llu classes",
                       (unsigned long long)s->n_values, (unsigned long long)k);
    s->k = (size_t)k;
    if (mp_io_f64s(io, "value", &s->values, s->n_values) < 0)
        return -1;
    for (size_t i = 0; i < s->n_values; i++)
        if (!isfinite(s->values[i]) || (s->n_values == 1 && !(s->values[i] > 0)))
            return mp_fail(mp_io_ctx(io), "value %zu is %g", i, s->values[i]);
    return MP_OK;
}

/* ---------------------------------------------------------------- applying */

/* Scores too near to one another for floats of their probabilities: the highest score
 * still has the highest. */
static void keep_top(const float *x, float *p, size_t k)
{
    size_t top = 0;
    for (size_t j = 1; j < k; j++)
        top = x[j] > x[top] ? j : top;
    for (size_t j = 0; j < top; j++)
        if (p[j] >= p[top])
            p[top] = nextafterf(p[j], 1);
}

/* e: room for k doubles, here and below. */
static void softmax(const float *x, double temperature, float *p, size_t k, double *e)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < k; j++)
        top = fmax(top, (double)x[j]);
    for (size_t j = 0; j < k; j++)
        sum += e[j] = exp(((double)x[j] - top) / temperature);
    for (size_t j = 0; j < k; j++)
        p[j] = (float)(e[j] / sum);
    keep_top(x, p, k);
}

static void sigmoids(const float *x, const double *values, float *p, size_t k, double *e)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++)
        sum += e[j] = 1 / (1 + exp(values[2 * j] * (double)x[j] + values[2 * j + 1]));
    for (size_t j = 0; j < k; j++)
        p[j] = (float)(sum > 0 ? e[j] / sum : 1 / (double)k);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    if (mp_len(in->shape) != s->k)
        return mp_fail(c, "learned from %zu scores a row, got %zu", s->k, mp_len(in->shape));
    double *e = (double *)(void *)mp_scratch(c, 2 * s->k);
    for (size_t i = 0; e != NULL && i < in->n; i++) {
        const float *x = in->x + i * s->k;
        float *p = out->x + i * s->k;
        if (s->n_values == 1)
            softmax(x, s->values[0], p, s->k, e);
        else
            sigmoids(x, s->values, p, s->k, e);
    }
    return e != NULL ? MP_OK : -1;
}

MP_STAGE(calibrate) = {
    .brief = "Make a model's scores probabilities",
    .doc = "Stands after a model.  A share of the training rows is held back from every\n"
           "stage before it; from their scores it learns how sure the model may be.  With\n"
           "refit=yes the stages before then learn once more, from all rows, so that no row\n"
           "is lost to them; this takes nearly twice the time, and the probabilities are\n"
           "those of a model that learned from a few rows less.  With refit=no the model\n"
           "stays the very one that was calibrated.  temperature divides all scores by one\n"
           "number before a softmax and changes no prediction; platt fits a sigmoid for each\n"
           "class, bends more, and may change a few.\n"
           "Reference: Guo and others 2017, On calibration of modern neural networks; Platt\n"
           "1999; Lin, Lin and Weng 2007.",
    .example = "calibrate method=platt share=0.2",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.needs = MP_HELD, .scores = MP_PROBABILITIES),
};
