/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lda.c - linear discriminant analysis: normal distributions that share one covariance.
 *
 * A class's score is linear in the row: w = C^-1 (m - mean), with m the class's mean and C the
 * covariance of rows about the means of their classes, brought nearer to a ball:
 * C = (1 - s) S + s tr(S) / d I.  `auto` is the s of Chen, Wiesel, Eldar and Hero 2010, "Shrinkage
 * algorithms for MMSE covariance estimation" (OAS): like Ledoit and Wolf's it is that of the least
 * expected error, but for normal distributions, which is what is assumed here anyway, and so it
 * needs no other sums than S.  Equal to scikit-learn's LinearDiscriminantAnalysis without
 * shrinkage, and its OAS.
 *
 * Cost: see gram.c and gram_solve.c, as of ridge; rows are read once and not kept. */
#include "core/learner.h"
#include "linear/class_weights.h"
#include "linear/dnn.h"
#include "linear/gram.h"
#include "linear/linear_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct params {
    char *shrinkage, *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(shrinkage, .def = "auto", .unit = "auto|0..1",
             .doc = "of the covariance towards a ball; auto: what rows that are normally "
                    "distributed need"),
    MP_CLASS_WEIGHTS(struct params, "the number of rows"),
    MP_END
};

struct state {
    struct mp_linear model; /* first: its functions are hooks of this stage */
    struct mp_gram gram;    /* until done() */
};

/* *s: the number; -1: auto. */
static int read_shrinkage(struct mp_ctx *c, const char *text, double *s)
{
    char *end;
    *s = strtod(text, &end);
    if (strcmp(text, "auto") == 0)
        *s = -1;
    else if (end == text || *end != '\0' || !(*s >= 0 && *s <= 1))
        return mp_fail(c, "shrinkage=%s: expected auto or a number 0..1", text);
    return MP_OK;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    double s;
    (void)state, (void)out;
    if (mp_gram_check(c, mp_len(in)) < 0 || read_shrinkage(c, p->shrinkage, &s) < 0)
        return -1;
    return mp_class_weights_check(c, p->weights);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct mp_gram *g = &((struct state *)state)->gram;
    if (mp_gram_begin(c, g, in, true, MP_F32, p->weights) < 0)
        return -1;
    g->within = true;
    return mp_gram_add(c, g, in);
}

/* ------------------------------------------------------------------ the covariance */

/* How many rows vary freely about the means of their classes, as they count. */
static double freedom_of(const struct mp_gram *g)
{
    double freedom = 0;
    for (size_t k = 0; k < g->classes; k++) {
        const double weight = g->root != NULL ? (double)g->root[k] * (double)g->root[k] : 1;
        freedom += fmax(0, g->count[k] - weight);
    }
    return freedom;
}

static double oas(const struct mp_gram *g)
{
    const double mean = mp_gram_diagonal(g), square = mp_gram_square(g), p = (double)g->d;
    const double all = square + mean * mean;
    const double rest = ((double)g->rows + 1) * (square - mean * mean / p);
    return rest > all ? all / rest : 1;
}

/* b: of each class what its mean differs from that of all, which C^-1 b takes the place of, with
 * C = (1 - s) S + s unit I; more s, ten times each, until there is an inverse. */
static int solve(struct mp_ctx *c, const struct mp_gram *g, double *s, double *b)
{
    const double freedom = fmax(freedom_of(g), 1), mean = mp_gram_diagonal(g);
    const double unit = mean > 0 ? mean / freedom : 1;
    const size_t n = g->classes * g->side * MP_GRAM_TILE;
    int rc = isfinite(mean) ? 1 : 2;
    for (; rc == 1 && *s < 1; *s = rc == 1 ? fmin(1, fmax(1e-7, 10 * *s)) : *s)
        rc = mp_gram_solve(c, g, *s / (1 - *s) * unit * freedom, b, g->classes);
    if (rc < 0)
        return rc;
    if (rc == 2)
        return mp_fail(c, "the products of the rows are not finite; make the values smaller, for "
                       "instance by standardize");
    const double factor = rc == MP_OK ? freedom / (1 - *s) : 1 / unit;
    for (size_t i = 0; i < n; i++)
        b[i] *= factor;
    return MP_OK;
}

/* ------------------------------------------------------------------ the classes */

/* Of each class: its mean less that of all, 0 of one without rows. */
static void differences(const struct mp_gram *g, double *to)
{
    const size_t wide = g->side * MP_GRAM_TILE;
    for (size_t j = 0; j < g->d; j++) {
        const double mean = mp_gram_sum(g, j) / g->all;
        for (size_t k = 0; k < g->classes; k++)
            to[k * wide + j] = g->count[k] > 0 ? g->sums[k * wide + j] / g->count[k] - mean : 0;
    }
}

/* w: of each class C^-1 gap. */
static void keep(struct mp_linear *m, const struct mp_gram *g, const double *gap, const double *w)
{
    const size_t d = g->d, wide = g->side * MP_GRAM_TILE;
    for (size_t k = 0; k < m->columns; k++, gap += wide, w += wide) {
        double *to = m->w + k * (d + 1);
        to[d] = log(g->count[k] / g->all);
        for (size_t j = 0; j < d; j++) {
            to[j] = w[j];
            to[d] -= w[j] * ((double)g->shift[j] + mp_gram_sum(g, j) / g->all + gap[j] / 2);
        }
    }
}

/* A class without rows: less than what the others have on the average. */
static void fill_in(struct mp_linear *m, const struct mp_gram *g)
{
    const size_t d = g->d;
    double there = 0;
    for (size_t k = 0; k < m->columns; k++)
        there += g->count[k] > 0;
    for (size_t k = 0; k < m->columns; k++) {
        double *to = m->w + k * (d + 1);
        for (size_t j = 0; j <= d && !(g->count[k] > 0); j++) {
            to[j] = j == d ? -1 : 0;
            for (size_t i = 0; i < m->columns; i++)
                to[j] += g->count[i] > 0 ? m->w[i * (d + 1) + j] / there : 0;
        }
    }
}

static int learn(struct mp_ctx *c, const struct params *p, struct mp_linear *m, struct mp_gram *g,
                 double *gap, double *w)
{
    double asked, s;
    if (mp_gram_finish(c, g) < 0 || read_shrinkage(c, p->shrinkage, &asked) < 0)
        return -1;
    differences(g, gap);
    memcpy(w, gap, g->classes * g->side * MP_GRAM_TILE * sizeof *w);
    const double first = asked < 0 ? oas(g) : asked;
    s = first;
    if (solve(c, g, &s, w) < 0)
        return -1;
    if (s > first)
        mp_remark(c, "shrinkage=%.3g leaves directions without variance; took %.3g", first, s);
    else if (asked < 0)
        mp_remark(c, "shrinkage is %.3g", s);
    keep(m, g, gap, w);
    fill_in(m, g);
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    struct mp_linear *m = &s->model;
    struct mp_gram *g = &s->gram;
    if (g->rows == 0)
        return mp_fail(c, "no rows to learn from");
    *m = (struct mp_linear){ .features = g->d, .columns = g->classes, .classes = g->classes,
                             .bias = 1 };
    if (m->classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)m->classes);
    const size_t n = g->classes * g->side * MP_GRAM_TILE;
    m->w = mp_alloc(c, mp_product(m->columns, m->features + 1), sizeof *m->w);
    double *gap = mp_alloc(c, n, sizeof *gap), *w = mp_alloc(c, n, sizeof *w);
    const bool room = m->w != NULL && gap != NULL && w != NULL;
    const int rc = room ? learn(c, params, m, g, gap, w) : -1;
    free(gap);
    free(w);
    mp_gram_close(g);
    return rc;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_gram_close(&s->gram);
    mp_linear_clear(&s->model);
}

MP_STAGE(lda) = {
    .brief = "Weigh the classes by normal distributions of one shape",
    .doc = "As if the rows of all classes were spread in the same way, each about its mean: the\n"
           "class in which a row is most likely wins.  Borders between classes are straight.\n"
           "\n"
           "Linear discriminant analysis, in closed form.  The rows are read once and not kept;\n"
           "what is learned from are the sums of their products, 4 bytes for each pair of values.\n"
           "`shrinkage` makes all directions alike, which keeps those in which few rows vary\n"
           "from being trusted too much; auto is OAS, an estimate like Ledoit and Wolf's for\n"
           "normal distributions, and the report tells what it came to.  Where the covariance\n"
           "has no inverse, more is taken.  Scores are logarithms of probabilities but for what\n"
           "all classes have in common: those of scikit-learn's LinearDiscriminantAnalysis.\n"
           "Reference: Fisher 1936, The use of multiple measurements in taxonomic problems; Chen,\n"
           "Wiesel, Eldar, Hero 2010, Shrinkage algorithms for MMSE covariance estimation.",
    .example = "lda shrinkage=0.1",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = mp_linear_io, .clear = clear,
    .apply = mp_linear_apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .part = mp_gram_part, .scores = MP_LOGITS,
                          .prepare = mp_dnn_load,
                          .pictures = mp_linear_pictures),
};
