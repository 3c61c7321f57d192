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
#include "core/learner.h"
#include "linear/class_weights.h"
#include "linear/row_walk.h"
#include <stdlib.h>

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
struct learner {
    struct mp_row_walk walk;
    struct mp_linear *m;
    double *moment;     /* as the weights: steps times the rows seen before each */
    double seen, wrong; /* rows; those of this epoch that made a step */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

static void move(struct learner *k, const float *x, size_t class, double by)
{
    const size_t d = k->m->features, at = class * (d + 1);
    mp_row_step(x, d, by, k->seen, k->m->w + at, k->moment + at);
    k->m->w[at + d] += by;
    k->moment[at + d] += by * k->seen;
}

static void take_row(void *arg, const float *x, size_t class)
{
    struct learner *k = arg;
    const struct mp_linear *m = k->m;
    const size_t d = m->features;
    size_t best = 0;
    double most = 0;
    for (size_t j = 0; j < m->classes; j++) {
        const double *w = m->w + j * (d + 1), score = mp_row_dot(x, w, d) + w[d];
        if (j == 0 || score > most) {
            best = j;
            most = score;
        }
    }
    if (best != class) {
        move(k, x, class, k->walk.weight[class]);
        move(k, x, best, -k->walk.weight[class]);
        k->wrong++;
    }
    k->seen++;
}

/* The sum of the weights after each row has every step as often as rows came from its own on. */
static void average(struct learner *k)
{
    const struct mp_linear *m = k->m;
    for (size_t i = 0; i < m->classes * (m->features + 1); i++)
        m->w[i] -= k->moment[i] / k->seen;
}

static int walk(struct mp_ctx *c, struct learner *k, const struct params *p)
{
    const struct mp_linear *m = k->m;
    if (mp_row_walk_open(c, &k->walk, p->weights, k->m) < 0)
        return -1;
    k->moment = mp_alloc(c, mp_product(m->classes, m->features + 1), sizeof *k->moment);
    if (k->moment == NULL)
        return -1;
    for (size_t epoch = 0; epoch < k->walk.epochs; epoch++) {
        k->wrong = 0;
        if (mp_row_walk_epoch(c, &k->walk, epoch, take_row, k) < 0)
            return -1;
        mp_record(c, "training rows that made a step", k->wrong / (double)k->walk.n);
    }
    if (p->average)
        average(k);
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct learner k = { .m = state,
                         .walk = { .epochs = (size_t)p->epochs, .shuffle = p->shuffle } };
    const int rc = walk(c, &k, p);
    free(k.moment);
    mp_row_walk_close(&k.walk);
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
