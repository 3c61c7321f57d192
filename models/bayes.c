/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bayes.c - naive Bayes: as if the values of a row knew nothing of each other.
 *
 * The probability of a class is its share of the rows times the densities of all values, each by
 * itself (Maron 1961, "Automatic indexing"): a Gaussian; ink that is thrown onto the page
 * drop by drop, more likely here than there; or a coin for each pixel, ink or paper.  The last
 * two are linear in the row.  Equal to scikit-learn's GaussianNB, MultinomialNB and BernoulliNB;
 * a factor on a class is a sample weight on its rows.
 *
 * Cost: one pass, four flops a value; two or three for each value and class to predict. */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "linear/moments.h"
#include "linear/scores.h"
#include <math.h>
#include <stdlib.h>

enum { GAUSSIAN, MULTINOMIAL, BERNOULLI }; /* order of .choices below */

static const double pi = 3.14159265358979323846;

struct params {
    double var_smoothing, alpha, binarize;
    int kind;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(kind, .def = "gaussian", .choices = "gaussian|multinomial|bernoulli",
             .doc = "what a value is: a number with a normal distribution, an amount, yes or no"),
    MP_PARAM(var_smoothing, .def = "1e-9", .min = 1e-15, .max = 1e6,
             .doc = "gaussian: added to each variance, in units of the largest of all values"),
    MP_PARAM(alpha, .def = "1", .min = 1e-10, .max = 1e9,
             .doc = "multinomial, bernoulli: added to each sum, so that nothing is impossible"),
    MP_PARAM(binarize, .def = "0", .min = -1e9, .max = 1e9,
             .doc = "bernoulli: values above it are yes"),
    MP_CLASS_WEIGHTS(struct params, "the number of rows"),
    MP_END
};

struct state {
    struct mp_class_moments seen; /* until done(); bernoulli: of 0 and 1 */
    uint64_t d, classes, squares; /* squares: 1 for gaussian, otherwise 0 */
    double *first;                /* classes x d: the mean, or what a value is multiplied by */
    double *second;               /* gaussian: classes x d, 1 / variance */
    double *constant;             /* of each class; -INFINITY: it had no rows */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

static int check_amounts(struct mp_ctx *c, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    for (size_t i = 0; i < in->n * d; i++)
        if (!(in->x[i] >= 0))
            return mp_fail(c, "kind=multinomial takes amounts, 0 and more; value %zu of row %zu is "
                           "%g", i % d + 1, mp_row(in, i / d) + 1, (double)in->x[i]);
    return MP_OK;
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    const size_t n = in->n * mp_len(in->shape);
    struct mp_chunk ink = *in;
    if (p->kind == MULTINOMIAL && check_amounts(c, in) < 0)
        return -1;
    if (p->kind == BERNOULLI) {
        if ((ink.x = mp_scratch(c, n)) == NULL)
            return -1;
        for (size_t i = 0; i < n; i++)
            ink.x[i] = (double)in->x[i] > p->binarize;
    }
    return mp_class_moments_add(c, &s->seen, &ink);
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    return mp_class_moments_join(c, &((struct state *)into)->seen, &((struct state *)from)->seen);
}

/* ------------------------------------------------------------------ what apply() reads */

/* Added to all variances; rows that are all the same have any. */
static int smoothing(struct mp_ctx *c, const struct params *p, const struct state *s, double *add)
{
    struct mp_moments all = { 0 };
    double most = 0;
    const int rc = mp_class_moments_all(c, &s->seen, &all);
    for (size_t j = 0; j < all.d; j++)
        most = fmax(most, all.spread[j] / (double)all.rows);
    mp_moments_free(&all);
    *add = most > 0 ? p->var_smoothing * most : 1;
    return rc;
}

static double make_gaussian(const struct mp_moments *m, double add, double *mean, double *inverse)
{
    double constant = 0;
    for (size_t j = 0; j < m->d; j++) {
        const double variance = m->spread[j] / (double)m->rows + add;
        mean[j] = m->mean[j];
        inverse[j] = 1 / variance;
        constant -= log(2 * pi * variance) / 2;
    }
    return constant;
}

/* n: what the class's rows count. */
static double make_multinomial(const struct mp_moments *m, double n, double alpha, double *factor)
{
    double all = 0;
    for (size_t j = 0; j < m->d; j++)
        all += n * m->mean[j] + alpha;
    for (size_t j = 0; j < m->d; j++)
        factor[j] = log((n * m->mean[j] + alpha) / all);
    return 0;
}

static double make_bernoulli(const struct mp_moments *m, double n, double alpha, double *factor)
{
    double constant = 0;
    for (size_t j = 0; j < m->d; j++) {
        const double yes = n * m->mean[j] + alpha, no = fmax(0, n - n * m->mean[j]) + alpha;
        factor[j] = log(yes / no);
        constant += log(no / (yes + no));
    }
    return constant;
}

/* count: what the rows of each class count. */
static int make(struct mp_ctx *c, const struct params *p, struct state *s, const double *count)
{
    double all = 0, add = 0;
    if (p->kind == GAUSSIAN && smoothing(c, p, s, &add) < 0)
        return -1;
    for (size_t k = 0; k < s->classes; k++)
        all += count[k];
    for (size_t k = 0; k < s->classes; k++) {
        const struct mp_moments *m = &s->seen.of[k];
        double *first = s->first + k * s->d;
        s->constant[k] = log(count[k] / all);
        if (m->rows == 0)
            continue;
        s->constant[k] += p->kind == GAUSSIAN ? make_gaussian(m, add, first, s->second + k * s->d)
                          : p->kind == BERNOULLI ? make_bernoulli(m, count[k], p->alpha, first)
                                                 : make_multinomial(m, count[k], p->alpha, first);
    }
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    if (s->seen.of == NULL)
        return mp_fail(c, "no rows to learn from");
    s->d = s->seen.d;
    s->classes = s->seen.classes;
    s->squares = p->kind == GAUSSIAN;
    const size_t all = mp_product(s->classes, s->d);
    double *count = mp_alloc(c, s->classes, sizeof *count);
    s->constant = mp_alloc(c, s->classes, sizeof *s->constant);
    s->first = mp_alloc(c, all, sizeof *s->first);
    s->second = mp_alloc(c, s->squares * all, sizeof *s->second);
    const bool room = count != NULL && s->constant != NULL && s->first != NULL &&
                      s->second != NULL;
    int rc = room ? mp_class_moments_counts(c, &s->seen, p->weights, count) : -1;
    if (rc == MP_OK)
        rc = make(c, p, s, count);
    free(count);
    mp_class_moments_free(&s->seen);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_u64(io, "squares", &s->squares) < 0)
        return -1;
    if (s->squares > 1)
        return mp_fail(mp_io_ctx(io), "squares: %llu, not 0 or 1: damaged",
                       (unsigned long long)s->squares);
    const size_t all = mp_product(s->classes, s->d);
    if (mp_io_f64s(io, "constant", &s->constant, s->classes) < 0 ||
        mp_io_f64s(io, "first", &s->first, all) < 0)
        return -1;
    return mp_io_f64s(io, "second", &s->second, s->squares > 0 ? all : 0);
}

static int shard(struct mp_io *io, void *state)
{
    return mp_class_moments_io(io, &((struct state *)state)->seen);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_class_moments_free(&s->seen);
    free(s->first);
    free(s->second);
    free(s->constant);
}

/* ------------------------------------------------------------------ applying */

/* Eight sums side by side, so that the order of additions is the same on every call. */
static double add_up(const double *lane)
{
    const double even = (lane[0] + lane[4]) + (lane[2] + lane[6]);
    return even + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

MP_CLONES static double squares(const float *restrict x, const double *restrict mean,
                                const double *restrict inverse, size_t d)
{
    double sum[8] = { 0 };
    for (size_t i = 0; i < d; i += 8)
        for (size_t l = 0; l < 8 && i + l < d; l++) {
            const double gap = (double)x[i + l] - mean[i + l];
            sum[l] += gap * gap * inverse[i + l];
        }
    return add_up(sum);
}

MP_CLONES static double product(const float *restrict x, const double *restrict factor, size_t d)
{
    double sum[8] = { 0 };
    for (size_t i = 0; i < d; i += 8)
        for (size_t l = 0; l < 8 && i + l < d; l++)
            sum[l] += (double)x[i + l] * factor[i + l];
    return add_up(sum);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = s->classes;
    double *score = (double *)(void *)mp_scratch(c, 2 * k);
    float *ink = mp_scratch(c, d);
    if (score == NULL || ink == NULL)
        return -1;
    if (d != s->d || mp_len(out->shape) != k || s->squares != (p->kind == GAUSSIAN))
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       k, (size_t)s->d, mp_len(out->shape), d);
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        for (size_t j = 0; j < d && p->kind == BERNOULLI; j++)
            ink[j] = (double)x[j] > p->binarize;
        x = p->kind == BERNOULLI ? ink : x;
        for (size_t j = 0; j < k; j++) {
            const double *first = s->first + j * d;
            score[j] = s->constant[j] + (s->squares > 0
                           ? squares(x, first, s->second + j * d, d) / -2 : product(x, first, d));
        }
        mp_log_probabilities(score, k, out->x + i * k);
    }
    return MP_OK;
}

/* Means, or how likely a drop of ink is, or that there is any. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t all = s->classes * s->d;
    double *x = mp_alloc(c, all, sizeof *x);
    for (size_t i = 0; i < all && x != NULL; i++)
        x[i] = p->kind == GAUSSIAN ? s->first[i] : p->kind == MULTINOMIAL ? exp(s->first[i])
                                                 : 1 / (1 + exp(-s->first[i]));
    const int rc = x != NULL ? mp_class_pictures(c, x, s->classes, s->d, image, v) : -1;
    free(x);
    return rc;
}

MP_STAGE(bayes) = {
    .brief = "Weigh the classes by naive Bayes",
    .doc = "How likely each value of a row is in each class, multiplied as if values knew\n"
           "nothing of each other.  Pixels do, so it is far too sure of itself, but it learns\n"
           "in one pass, and from few rows.\n"
           "\n"
           "kind=gaussian: each value has a normal distribution in each class.  multinomial: a\n"
           "value says how much of a row's ink lies there, which must not be below 0; what the\n"
           "row has altogether does not matter.  bernoulli: a value is above `binarize` or not,\n"
           "ink or paper.  Scores are logarithms of probabilities, those of scikit-learn's\n"
           "GaussianNB, MultinomialNB and BernoulliNB with the same parameters.  A class without\n"
           "training rows is never chosen.\n"
           "Reference: Maron 1961, Automatic indexing: an experimental inquiry; Hand, Yu 2001,\n"
           "Idiot's Bayes - not so stupid after all?",
    .example = "bayes kind=bernoulli binarize=0.5",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.scores = MP_LOGITS, .pictures = pictures, .shard = shard),
};
