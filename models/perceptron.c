/* SPDX-License-Identifier: GPL-3.0-or-later */
/* perceptron.c - learning from mistakes, a row at a time.
 *
 * A weighted sum of the values for each class.  Where another class than the row's has the
 * highest, the row is added to the weights of its own and taken off those of the other
 * (Rosenblatt 1958, "The perceptron"; of several classes: Crammer and Singer 2003,
 * "Ultraconservative online algorithms for multiclass problems").  What is kept is the mean of
 * the weights after each row (Freund and Schapire 1999, "Large margin classification using the
 * perceptron algorithm"), which is much better than the last ones: sums of steps times their
 * number give it without adding up all weights every time.
 *
 * Cost: for each row and epoch one multiply-add for each value and class, on one thread. */
#include "core/finite.h"
#include "core/learner.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "linear/linear_model.h"
#include <stdlib.h>

enum { PIECE = 256 }; /* rows that are fetched at a time */

struct params {
    int epochs;
    bool shuffle, average;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(epochs, .def = "5", .min = 1, .max = 10000, .unit = "passes over the rows",
             .doc = "how often all rows are seen"),
    MP_PARAM(shuffle, .def = "yes", .doc = "in another order in each epoch, drawn by the seed"),
    MP_PARAM(average, .def = "yes", .doc = "the mean of the weights after all rows, not the last"),
    MP_CLASS_WEIGHTS(struct params, "the steps that rows make"),
    MP_END
};

/* Training; the weights of a class are followed by its offset. */
struct walk {
    struct mp_linear *m;
    const struct params *p;
    size_t n;
    const int *y;
    double *weight;     /* of each class */
    double *moment;     /* as the weights: steps times the rows seen before each */
    size_t *order;
    float *rows;        /* PIECE of them */
    double seen, wrong; /* rows; those of this epoch that made a step */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

/* Sixteen sums side by side, so that the order of additions is the same on every call. */
MP_CLONES static double dot(const float *restrict x, const double *restrict w, size_t d)
{
    double sum[MP_LANES] = { 0 };
    size_t i = 0;
    for (; i + MP_LANES <= d; i += MP_LANES)
        for (size_t l = 0; l < MP_LANES; l++)
            sum[l] += (double)x[i + l] * w[i + l];
    for (size_t l = 0; i < d; i++, l++)
        sum[l] += (double)x[i] * w[i];
    for (size_t half = MP_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

MP_CLONES static void step(const float *restrict x, size_t d, double by, double before,
                           double *restrict w, double *restrict moment)
{
    for (size_t j = 0; j < d; j++) {
        w[j] += by * (double)x[j];
        moment[j] += by * before * (double)x[j];
    }
    w[d] += by;
    moment[d] += by * before;
}

static void take_row(struct walk *k, const float *x, size_t class)
{
    const struct mp_linear *m = k->m;
    const size_t d = m->features;
    size_t best = 0;
    double most = 0;
    for (size_t j = 0; j < m->classes; j++) {
        const double *w = m->w + j * (d + 1), score = dot(x, w, d) + w[d];
        if (j == 0 || score > most) {
            best = j;
            most = score;
        }
    }
    if (best != class) {
        const size_t own = class * (d + 1), other = best * (d + 1);
        step(x, d, k->weight[class], k->seen, m->w + own, k->moment + own);
        step(x, d, -k->weight[class], k->seen, m->w + other, k->moment + other);
        k->wrong++;
    }
    k->seen++;
}

/* Knuth's shuffle: any order is as likely. */
static void shuffle(struct mp_ctx *c, const struct walk *k, size_t epoch)
{
    for (size_t i = k->n; i-- > 1;) {
        const size_t j = mp_random(c, epoch, i) % (i + 1), was = k->order[i];
        k->order[i] = k->order[j];
        k->order[j] = was;
    }
}

static int run_epoch(struct mp_ctx *c, struct walk *k, size_t epoch)
{
    const size_t n = k->n;
    const size_t d = k->m->features;
    k->wrong = 0;
    if (k->p->shuffle)
        shuffle(c, k, epoch);
    for (size_t i = 0, some; i < n; i += some) {
        some = n - i < PIECE ? n - i : PIECE;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (mp_pull(c, k->order + i, some, true, epoch, k->rows) < 0)
            return -1;
        if (!mp_all_finite(k->rows, some * d))
            return mp_fail(c, "a value of training rows is infinite or not a number");
        for (size_t r = 0; r < some; r++)
            take_row(k, k->rows + r * d, (size_t)k->y[k->order[i + r]]);
        mp_progress(c, (double)(epoch * n + i), (double)k->p->epochs * (double)n);
    }
    mp_record(c, "training rows that made a step", k->wrong / (double)n);
    return MP_OK;
}

/* The sum of the weights after each row has every step as often as rows came from its own on. */
static void average(struct walk *k)
{
    const struct mp_linear *m = k->m;
    for (size_t i = 0; i < m->classes * (m->features + 1); i++)
        m->w[i] -= k->moment[i] / k->seen;
}

static int open_walk(struct mp_ctx *c, struct walk *k)
{
    struct mp_linear *m = k->m;
    const size_t n = k->n, all = mp_product(m->classes, m->features + 1);
    m->w = mp_alloc(c, all, sizeof *m->w);
    k->moment = mp_alloc(c, all, sizeof *k->moment);
    k->weight = mp_alloc(c, m->classes, sizeof *k->weight);
    k->order = mp_alloc(c, n, sizeof *k->order);
    k->rows = mp_alloc(c, mp_product(PIECE, m->features), sizeof *k->rows);
    if (m->w == NULL || k->moment == NULL || k->weight == NULL || k->order == NULL ||
        k->rows == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        k->order[i] = i;
    return mp_class_weights(c, k->p->weights, k->y, n, k->weight);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct walk k = { .m = state, .p = params };
    k.n = mp_pull_rows(c, &k.y);
    if (k.y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (k.n == 0)
        return mp_fail(c, "no rows to learn from");
    const uint64_t classes = (uint64_t)mp_classes(c, NULL);
    *k.m = (struct mp_linear){ .features = mp_len(mp_pull_shape(c)), .columns = classes,
                               .classes = classes, .bias = 1 };
    if (classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)classes);
    int rc = open_walk(c, &k);
    for (size_t epoch = 0; epoch < (size_t)k.p->epochs && rc == MP_OK; epoch++)
        rc = run_epoch(c, &k, epoch);
    if (rc == MP_OK && k.p->average)
        average(&k);
    free(k.weight);
    free(k.moment);
    free(k.order);
    free(k.rows);
    return rc;
}

MP_STAGE(perceptron) = {
    .brief = "Learn a weighted sum for each class from mistakes alone",
    .doc = "The oldest of learning machines: it looks at one row after another and changes its\n"
           "weights only where it errs.\n"
           "\n"
           "Where a class that is not the row's has the highest sum, the row is added to the\n"
           "weights of its own class and taken off those of the other.  The weights do not\n"
           "settle where no straight border tells the classes apart, so the mean of those after\n"
           "each row is kept, the averaged perceptron.  A few passes do; svm and logistic are a\n"
           "little more accurate, and ask for the best weights.  A score is w.x + b.\n"
           "Reference: Rosenblatt 1958, The perceptron; Freund, Schapire 1999, Large margin\n"
           "classification using the perceptron algorithm.",
    .example = "perceptron epochs=3",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct mp_linear),
    .shape = shape,
    .done = done, .io = mp_linear_io, .clear = mp_linear_clear,
    .apply = mp_linear_apply,
    .learner = MP_LEARNER(.learns = MP_IN_EPOCHS, .scores = MP_MARGINS,
                          .pictures = mp_linear_pictures),
};
