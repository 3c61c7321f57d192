/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgd.c - a linear model by small steps, one for each row.
 *
 * Stochastic gradient descent on the loss of each class against the rest, and a penalty on the
 * squares of weights (Bottou 2010, "Large-scale machine learning with stochastic gradient
 * descent"); what is kept is the mean of the weights after each row (Polyak, Juditsky 1992,
 * "Acceleration of stochastic approximation by averaging").  schedule=optimal has rates
 * 1 / (l2 (t + t0)), with Bottou's t0 by which the first steps are as large as weights may become.
 * Equal to scikit-learn's SGDClassifier, in the same order of rows.
 *
 * The penalty makes all weights smaller by a factor in each step: they are w = scale v, and the
 * step is added to v.  The sum of w after each row is (sum of scales) v, less each step times the
 * sum of the scales before it.
 *
 * Cost: for each row and epoch two multiply-adds for each value and class, on one thread. */
#include "core/learner.h"
#include "linear/class_weights.h"
#include "linear/row_walk.h"
#include <math.h>
#include <stdlib.h>

enum { HINGE, LOG, SQUARED_HINGE }; /* order of .choices below */
enum { OPTIMAL, CONSTANT, INVERSE };

struct params {
    int loss, schedule, epochs;
    double l2, rate, power;
    bool shuffle, average;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(loss, .def = "hinge", .choices = "hinge|log|squared_hinge",
             .doc = "hinge: a linear support vector machine; log: logistic regression"),
    MP_PARAM(l2, .def = "0.0001", .min = 0, .max = 1e6,
             .doc = "penalty on the squares of weights, beside the mean loss of a row"),
    MP_PARAM(epochs, .def = "5", .min = 1, .max = 10000, .unit = "passes over the rows",
             .doc = "how often all rows are seen"),
    MP_PARAM(schedule, .def = "optimal", .choices = "optimal|constant|inverse",
             .doc = "how steps become smaller: as 1 / (l2 t) after a while, not at all, or as "
                    "rate / t^power"),
    MP_PARAM(rate, .def = "0.01", .min = 1e-12, .max = 1e6,
             .doc = "of the first step; schedule=optimal has its own"),
    MP_PARAM(power, .def = "0.5", .min = 0, .max = 10, .doc = "of schedule=inverse"),
    MP_PARAM(shuffle, .def = "yes", .doc = "in another order in each epoch, drawn by the seed"),
    MP_PARAM(average, .def = "yes", .doc = "the mean of the weights after all rows, not the last"),
    MP_CLASS_WEIGHTS(struct params, "the losses of rows"),
    MP_END
};

/* The weights of a class are followed by its offset, which has no penalty. */
struct learner {
    struct mp_row_walk walk;
    const struct params *p;
    struct mp_linear *m; /* v; of offsets the values themselves */
    double *moment;      /* as v: steps times the sum of the scales before them */
    double *slope;       /* of each class's loss */
    double scale, scales, seen, first; /* first: the t0 of schedule=optimal */
    double loss;         /* of this epoch's rows, before their steps */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    if (p->schedule == OPTIMAL && !(p->l2 > 0))
        return mp_fail(c, "l2=0: schedule=optimal has rates of 1 / l2; a penalty, or another "
                       "schedule");
    return mp_class_weights_check(c, p->weights);
}

/* The loss of a score whose side is y = +-1, and its derivative. */
static double loss_of(int loss, double score, double y, double *slope)
{
    const double z = score * y;
    if (loss == LOG) {
        const double e = exp(-fabs(z));
        *slope = -y * (z >= 0 ? e : 1) / (1 + e);
        return log1p(e) + (z >= 0 ? 0 : -z);
    }
    const double gap = z <= 1 ? 1 - z : 0;
    *slope = z > 1 ? 0 : loss == HINGE ? -y : -2 * y * gap;
    return loss == HINGE ? gap : gap * gap;
}

static double rate_of(const struct learner *k)
{
    const struct params *p = k->p;
    return p->schedule == OPTIMAL    ? 1 / (p->l2 * (k->first + k->seen))
           : p->schedule == CONSTANT ? p->rate
                                     : p->rate / pow(k->seen + 1, p->power);
}

/* Before the scale is so small that steps over it overflow, or none at all, it becomes 1 again;
 * what weights were so far stays in the sum. */
static void begin_scale(struct learner *k)
{
    const size_t d = k->m->features;
    for (size_t i = 0; i < k->m->classes * (d + 1); i++)
        if (i % (d + 1) != d) {
            k->moment[i] -= k->scales * k->m->w[i];
            k->m->w[i] *= k->scale;
        }
    k->scales = 0;
    k->scale = 1;
}

static void take_row(void *arg, const float *x, size_t class)
{
    struct learner *k = arg;
    const struct mp_linear *m = k->m;
    const size_t d = m->features;
    const double rate = rate_of(k), counts = k->walk.weight[class];
    for (size_t j = 0; j < m->classes; j++) {
        const double *w = m->w + j * (d + 1), score = k->scale * mp_row_dot(x, w, d) + w[d];
        k->loss += counts * loss_of(k->p->loss, score, j == class ? 1 : -1, &k->slope[j]);
    }
    k->scale *= fmax(0, 1 - rate * k->p->l2);
    if (k->scale < 1e-9)
        begin_scale(k);
    for (size_t j = 0; j < m->classes; j++) {
        double *w = m->w + j * (d + 1), *moment = k->moment + j * (d + 1);
        const double by = -rate * counts * k->slope[j];
        if (!(fabs(by) > 0))
            continue;
        mp_row_step(x, d, by / k->scale, k->scales, w, moment);
        w[d] += by;
        moment[d] += by * k->seen;
    }
    k->scales += k->scale;
    k->seen++;
}

/* From v and its moments to weights; whether they are finite. */
static bool finish(const struct learner *k)
{
    const struct mp_linear *m = k->m;
    const size_t d = m->features;
    bool finite = true;
    for (size_t i = 0; i < m->classes * (d + 1); i++) {
        const bool offset = i % (d + 1) == d;
        if (k->p->average)
            m->w[i] = ((offset ? k->seen : k->scales) * m->w[i] - k->moment[i]) / k->seen;
        else if (!offset)
            m->w[i] *= k->scale;
        finite = finite && isfinite(m->w[i]);
    }
    return finite;
}

static int walk(struct mp_ctx *c, struct learner *k)
{
    const struct params *p = k->p;
    const struct mp_linear *m = k->m;
    if (mp_row_walk_open(c, &k->walk, p->weights, k->m) < 0)
        return -1;
    k->moment = mp_alloc(c, mp_product(m->classes, m->features + 1), sizeof *k->moment);
    k->slope = mp_alloc(c, m->classes, sizeof *k->slope);
    if (k->moment == NULL || k->slope == NULL)
        return -1;
    for (size_t epoch = 0; epoch < k->walk.epochs && isfinite(k->loss); epoch++) {
        k->loss = 0;
        if (mp_row_walk_epoch(c, &k->walk, epoch, take_row, k) < 0)
            return -1;
        mp_record(c, "loss", k->loss / (double)k->walk.n);
    }
    return finish(k) && isfinite(k->loss)
               ? MP_OK
               : mp_fail(c, "the weights grow without end; a smaller rate, or smaller values, for "
                         "instance by standardize");
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct learner k = { .m = state, .p = p, .scale = 1,
                         .first = p->l2 > 0 ? sqrt(sqrt(p->l2)) / p->l2 : 0,
                         .walk = { .epochs = (size_t)p->epochs, .shuffle = p->shuffle } };
    const int rc = walk(c, &k);
    free(k.moment);
    free(k.slope);
    mp_row_walk_close(&k.walk);
    return rc;
}

MP_STAGE(sgd) = {
    .brief = "Learn a weighted sum for each class by small steps, a row at a time",
    .doc = "Looks at one row after another and moves the weights of every class a little to\n"
           "where the row's loss is less: a few passes over the rows do, and each takes a moment.\n"
           "\n"
           "Stochastic gradient descent, each class against the rest, on the hinge loss of\n"
           "support vector machines, the logistic loss or the squared hinge, and `l2` times half\n"
           "the square of the weights.  schedule=optimal is Bottou's, whose steps become smaller\n"
           "as 1 / (l2 t).  What is kept is the mean of the weights after each row, nearly as\n"
           "good as the best weights, which svm and logistic find.  Values should be about as\n"
           "large as each other: standardize.  A score is w.x + b.  In the same order of rows\n"
           "equal to scikit-learn's SGDClassifier with alpha, eta0, power_t for l2, rate, power.\n"
           "Reference: Bottou 2010, Large-scale machine learning with stochastic gradient\n"
           "descent; Polyak, Juditsky 1992, Acceleration of stochastic approximation by averaging.",
    .example = "sgd loss=log epochs=3",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct mp_linear),
    .shape = shape,
    .done = done, .io = mp_linear_io, .clear = mp_linear_clear,
    .apply = mp_linear_apply,
    .learner = MP_LEARNER(.learns = MP_IN_EPOCHS, .scores = MP_MARGINS,
                          .pictures = mp_linear_pictures),
};
