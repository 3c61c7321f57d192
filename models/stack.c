/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stack.c - several models as one, by a model that learns whom to believe.
 *
 * Method: stacked generalisation (Wolpert 1992).  Every training row gets the scores of
 * branches that have not seen it, fold by fold; from these a logistic model for each class
 * against the rest is learned, as in logistic.c.  Probabilities go in as logarithms, margins
 * as they are.  A class's probability is its sigmoid, over the sum of all classes'.
 * Cost: fitting the branches folds + 1 times; the last model is small. */
#include "linear/linear_model.h"
#include <linear.h>
#include <math.h>
#include <stdlib.h>

#define LEAST 1e-6 /* probabilities below count as this; more than that is not known of any */

struct params {
    struct mp_stack stack; /* first, for the engine */
    double C, tolerance;
    char *weights;
};

static const struct mp_param table[] = {
    MP_STACK_PARAMS,
    MP_PARAM(C, .def = "1", .min = 1e-9, .max = 1e9,
             .doc = "weight of the errors against the size of the weights"),
    MP_PARAM(tolerance, .def = "0", .min = 0, .max = 10,
             .doc = "when to stop; 0 takes liblinear's own, 0.01"),
    MP_CLASS_WEIGHTS(struct params, "C of rows"),
    MP_END
};

static struct mp_linear_params linear(const struct params *p)
{
    return (struct mp_linear_params){ .C = p->C, .tolerance = p->tolerance, .bias = 1,
                                      .weights = p->weights };
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct mp_branches *b = params;
    const int k = mp_classes(c, NULL);
    (void)state, (void)out;
    if (in.h != 1 || in.w != b->n * k || in.c != 1)
        return mp_fail(c, "takes %d scores from each of %d branches, not rows of %d x %d x %d", k,
                       b->n, in.h, in.w, in.c);
    return mp_class_weights_check(c, ((const struct params *)params)->weights);
}

/* What the logistic model sees of one branch's k scores. */
static void view(enum mp_scores scores, const float *x, size_t k, float *out)
{
    double top = x[0], sum = 0;
    for (size_t j = 0; j < k; j++)
        top = fmax(top, (double)x[j]);
    for (size_t j = 0; j < k && scores == MP_LOGITS; j++)
        sum += exp((double)x[j] - top);
    for (size_t j = 0; j < k; j++) {
        const double v = (double)x[j];
        out[j] = scores == MP_MARGINS  ? x[j]
                 : scores == MP_LOGITS ? (float)log(fmax(LEAST, exp(v - top) / sum))
                                       : (float)log(fmax(LEAST, v));
    }
}

/* A row of d scores as the logistic model sees it. */
static void see(const struct mp_branches *b, const float *x, size_t d, float *out)
{
    const size_t k = d / (size_t)b->n;
    for (int i = 0; i < b->n; i++)
        view(b->at[i].scores, x + (size_t)i * k, k, out + (size_t)i * k);
}

/* All rows as the logistic model sees them. */
static int see_all(struct mp_ctx *c, const struct mp_branches *b, const struct mp_passes *rows,
                   float *seen)
{
    size_t *number = mp_alloc(c, rows->n, sizeof *number);
    const void **x = mp_alloc(c, rows->n, sizeof *x);
    void *room = NULL;
    int rc = number != NULL && x != NULL ? mp_passes_room(c, rows, rows->n, &room) : -1;
    for (size_t i = 0; i < rows->n && rc == MP_OK; i++)
        number[i] = i;
    if (rc == MP_OK)
        rc = mp_passes_take(c, rows, number, rows->n, room, x);
    for (size_t i = 0; i < rows->n && rc == MP_OK; i++)
        see(b, x[i], rows->d, seen + i * rows->d);
    free(number);
    free(x);
    free(room);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct mp_linear_params p = linear(params);
    const struct mp_linear_solver solver = { .liblinear = L2R_LR };
    struct mp_passes rows = mp_passes_of(c);
    float *seen = mp_alloc(c, mp_product(rows.n, rows.d), sizeof *seen);
    int rc = seen != NULL ? see_all(c, params, &rows, seen) : -1;
    rows.x = seen;
    rows.before = rows.behind = 0;
    if (rc == MP_OK)
        rc = mp_linear_train(c, &p, state, &solver, &rows);
    free(seen);
    return rc;
}

/* log(1 / (1 + exp(-s))), without overflow. */
static double log_sigmoid(double s)
{
    return s > 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
}

/* By logarithms, so that log odds of any size have a sum that is not zero. */
static void to_probabilities(float *x, size_t k)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < k; j++)
        top = fmax(top, log_sigmoid((double)x[j]));
    for (size_t j = 0; j < k; j++)
        sum += exp(log_sigmoid((double)x[j]) - top);
    for (size_t j = 0; j < k; j++)
        x[j] = (float)(exp(log_sigmoid((double)x[j]) - top) / sum);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_linear_params p = linear(params);
    const size_t d = mp_len(in->shape), k = mp_len(out->shape);
    struct mp_chunk seen = *in;
    if ((seen.x = mp_scratch(c, in->n * d)) == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        see(params, in->x + i * d, d, seen.x + i * d);
    if (mp_linear_apply(c, &p, state, &seen, out) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        to_probabilities(out->x + i * k, k);
    return MP_OK;
}

MP_STAGE(stack) = {
    .brief = "Let a model learn which of several models to believe",
    .doc = "Each branch below it is a pipeline with a model of its own; all start from the\n"
           "rows that reach this line.  The branches are fitted once for each fold, on the\n"
           "others, and give the fold's rows their scores; from these a logistic model for\n"
           "each class is learned.  Then the branches learn from all rows.\n"
           "Reference: Wolpert 1992, Stacked generalization.",
    .example = "stack folds=3\n  branch\n    svm\n  branch\n    logistic",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct mp_linear),
    .shape = shape,
    .done = done,
    .io = mp_linear_io, .clear = mp_linear_clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_PASSES, .needs = MP_STACKED, .scores = MP_PROBABILITIES,
                          .prepare = mp_linear_prepare),
};
