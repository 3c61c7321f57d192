/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ridge.c - linear regression on the classes, in closed form.
 *
 * Each class against the rest: targets are 1 for its rows and -1 for others; minimises
 * |X w + b - y|^2 + a |w|^2, where a is `ridge` times the mean diagonal of X'X, X about its
 * mean, so that what it does depends neither on the scale of the values nor on how many rows
 * there are.  All classes share one matrix X'X and one factor of it (Hoerl and Kennard 1970,
 * "Ridge regression").  With weights each row's square counts so many times, in X'X and in the
 * mean, too.  Equal to scikit-learn's Ridge(alpha=a) on such targets and sample weights.
 *
 * Cost: see gram.c and gram_solve.c; rows are read once and not kept, but by choose=loo. */
#include "core/learner.h"
#include "linear/class_weights.h"
#include "linear/dnn.h"
#include "linear/gram.h"
#include "linear/left_out.h"
#include "linear/linear_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many values a trace is computed, of more it is estimated by so many random vectors. */
enum { EXACT = 256, PROBES = 32 };
enum { GCV, LOO }; /* order of .choices below */

struct params {
    double ridge;
    int precision, choose;
    bool offset;
    char *penalties, *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(ridge, .def = "0.0001", .min = 1e-12, .max = 1e6,
             .doc = "penalty on large weights, in units of the mean sum of squares of a value"),
    MP_PARAM(penalties, .def = "", .unit = "number,number,...",
             .doc = "values of ridge, of which the best is taken"),
    MP_PARAM(choose, .def = "gcv", .choices = "gcv|loo",
             .doc = "the best of these: by generalised cross-validation, or by leaving out one "
                    "row after another, exactly, which keeps the rows"),
    MP_PARAM(offset, .def = "yes", .doc = "learn a constant for each class, without penalty"),
    MP_PARAM(precision, .def = "f32", .choices = MP_PRECISIONS,
             .doc = "what the products of training read; auto: bf16 where the processor "
                    "multiplies that faster"),
    MP_CLASS_WEIGHTS(struct params, "the squares of rows"),
    MP_END
};

struct state {
    struct mp_linear model;    /* first: its functions are hooks of this stage */
    struct mp_gram gram;       /* until done(), and so: */
    struct mp_left_out rows;
};

/* The next of a list of penalties from *at on: 1; 0: there is none. */
static int next_penalty(struct mp_ctx *c, const char *text, const char **at, double *ridge)
{
    char *end;
    if (**at == '\0')
        return 0;
    *ridge = strtod(*at, &end);
    if (end == *at || (*end != ',' && *end != '\0') || (*end == ',' && end[1] == '\0') ||
        !(*ridge >= 1e-12 && *ridge <= 1e6))
        return mp_fail(c, "penalties=%s: expected numbers 1e-12..1000000 with commas between them",
                       text);
    *at = end + (*end == ',');
    return 1;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    double ridge;
    int rc = 0;
    (void)state, (void)out;
    if (p->penalties[0] != '\0' && fabs(p->ridge - strtod(table[0].def, NULL)) > 0)
        return mp_fail(c, "ridge=%g beside penalties=%s: one penalty, or several to choose from",
                       p->ridge, p->penalties);
    if (p->penalties[0] == '\0' && p->choose == LOO)
        return mp_fail(c, "choose=loo: needs penalties= to choose from");
    for (const char *at = p->penalties; (rc = next_penalty(c, p->penalties, &at, &ridge)) > 0;)
        ;
    return rc < 0 || mp_gram_check(c, mp_len(in)) < 0 ? -1 : mp_class_weights_check(c, p->weights);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct mp_gram *g = &((struct state *)state)->gram;
    if (mp_gram_begin(c, g, in, p->offset, mp_dnn_precision(c, p->precision), p->weights) < 0)
        return -1;
    if (p->penalties[0] != '\0' && p->choose == LOO &&
        mp_left_out_add(c, &((struct state *)state)->rows, in) < 0)
        return -1;
    return mp_gram_add(c, g, in);
}

/* X' y of each class against the rest. */
static void right_sides(const struct mp_gram *g, bool offset, size_t n, double *b)
{
    const size_t wide = g->side * MP_GRAM_TILE;
    for (size_t j = 0; j < wide; j++) {
        const double all = mp_gram_sum(g, j);
        for (size_t k = 0; k < n; k++) {
            const double share = offset ? g->count[k] / g->all : 0.5;
            b[k * wide + j] = 2 * (g->sums[k * wide + j] - share * all);
        }
    }
}

/* ------------------------------------------------------------------ which penalty
 *
 * Generalised cross-validation (Golub, Heath, Wahba 1979, "Generalized cross-validation as a method
 * for choosing a good ridge parameter"): what is left of the targets, over the square of how many
 * rows are left free, n - 1 - tr(G (G + a I)^-1).  It is about the error on rows that were left
 * out one by one, and takes no more than G.  Of many values the trace is the mean of
 * v' (G + a I)^-1 v over vectors v of random signs (Golub, von Matt 1997, "Generalized
 * cross-validation for large-scale problems"). */

struct choice {
    const struct params *p;
    const struct mp_gram *g;
    const struct mp_left_out *rows;
    const double *b;
    size_t n, probes; /* right sides; vectors behind them */
    double *x;        /* what solves them */
    double unit;
};

static void fill_probes(struct mp_ctx *c, const struct choice *q)
{
    const size_t wide = q->g->side * MP_GRAM_TILE;
    memcpy(q->x, q->b, q->n * wide * sizeof *q->x);
    memset(q->x + q->n * wide, 0, q->probes * wide * sizeof *q->x);
    for (size_t k = 0; k < q->probes; k++)
        for (size_t j = 0; j < q->g->d; j++) {
            const bool plus = mp_random(c, k, j) & 1;
            q->x[(q->n + k) * wide + j] = q->g->d > EXACT ? (plus ? 1 : -1) : j == k;
        }
}

/* The trace of (G + a I)^-1. */
static double trace(struct mp_ctx *c, const struct choice *q)
{
    const size_t wide = q->g->side * MP_GRAM_TILE;
    double sum = 0;
    for (size_t k = 0; k < q->probes; k++)
        for (size_t j = 0; j < q->g->d; j++) {
            const double x = q->x[(q->n + k) * wide + j];
            if (q->g->d > EXACT)
                sum += (mp_random(c, k, j) & 1 ? x : -x) / (double)q->probes;
            else
                sum += j == k ? x : 0;
        }
    return sum;
}

/* What a penalty leaves of the targets, for rows that it has not seen; INFINITY: it is too small
 * for products in single precision. */
static int try_penalty(struct mp_ctx *c, const struct choice *q, double ridge, double *error)
{
    const struct mp_gram *g = q->g;
    const size_t wide = g->side * MP_GRAM_TILE;
    const double a = ridge * q->unit;
    double left = 0;
    fill_probes(c, q);
    const int rc = mp_gram_solve(c, g, a, q->x, q->n + q->probes);
    *error = INFINITY;
    if (rc != MP_OK)
        return rc < 0 ? rc : MP_OK;
    if (q->p->choose == LOO)
        return mp_left_out_error(c, q->rows, g, a, q->x, q->n, error) < 0 ? -1 : MP_OK;
    for (size_t k = 0; k < q->n; k++) {
        const double mean = q->p->offset ? 2 * g->count[k] / g->all - 1 : 0;
        left += g->all * (1 - mean * mean);
        for (size_t j = 0; j < g->d; j++) {
            const double w = q->x[k * wide + j];
            left -= w * (q->b[k * wide + j] + a * w);
        }
    }
    const double free_rows = (double)g->rows - q->p->offset - ((double)g->d - a * trace(c, q));
    *error = free_rows > 0 ? fmax(left, 0) / free_rows / free_rows : INFINITY;
    return MP_OK;
}

static int choose(struct mp_ctx *c, const struct choice *q, double *ridge)
{
    double least = INFINITY, error, penalty;
    size_t n = 0;
    for (const char *at = q->p->penalties; next_penalty(c, q->p->penalties, &at, &penalty) > 0;) {
        if (try_penalty(c, q, penalty, &error) < 0)
            return -1;
        n++;
        if (error < least) {
            least = error;
            *ridge = penalty;
        }
    }
    if (least < INFINITY)
        mp_remark(c, "ridge=%g is the best of %zu penalties, by %s", *ridge, n,
                  q->p->choose == LOO ? "leaving out one row after another"
                                      : "generalised cross-validation");
    return MP_OK;
}

static int choose_ridge(struct mp_ctx *c, const struct params *p, const struct state *s,
                        const double *b, size_t n, double *ridge)
{
    const struct mp_gram *g = &s->gram;
    const double mean = mp_gram_diagonal(g);
    struct choice q = { .p = p, .g = g, .rows = &s->rows, .b = b, .n = n,
                        .unit = mean > 0 ? mean : 1,
                        .probes = p->choose == LOO ? 0 : g->d > EXACT ? PROBES : g->d };
    *ridge = p->ridge;
    if (p->penalties[0] == '\0' || !(mean < 1e37))
        return MP_OK;
    q.x = mp_alloc(c, mp_product(n + q.probes, g->side * MP_GRAM_TILE), sizeof *q.x);
    const int rc = q.x != NULL ? choose(c, &q, ridge) : -1;
    free(q.x);
    return rc;
}

/* A larger ridge, ten times each, until there is a solution. */
static int solve(struct mp_ctx *c, double asked, const struct mp_gram *g, double *b, size_t n)
{
    const double mean = mp_gram_diagonal(g), unit = mean > 0 ? mean : 1;
    double ridge = asked;
    int rc = mean < 1e37 ? mp_gram_solve(c, g, ridge * unit, b, n) : 2;
    for (; rc == 1 && ridge <= 1; rc = mp_gram_solve(c, g, ridge * unit, b, n))
        ridge *= 10;
    if (rc > 0)
        return mp_fail(c, "the products of the rows are too large or not finite; make the values "
                       "smaller, for instance by standardize");
    if (rc == MP_OK && ridge > asked)
        mp_remark(c, "ridge=%g is too small for products in single precision; took %g", asked,
                  ridge);
    return rc;
}

static void keep(struct mp_linear *m, const struct mp_gram *g, bool offset, const double *b)
{
    const size_t d = g->d, wide = g->side * MP_GRAM_TILE;
    for (size_t k = 0; k < m->columns; k++) {
        double *w = m->w + k * (d + 1);
        w[d] = offset ? 2 * g->count[k] / g->all - 1 : 0;
        for (size_t j = 0; j < d; j++) {
            w[j] = b[k * wide + j];
            if (offset)
                w[d] -= w[j] * ((double)g->shift[j] + mp_gram_sum(g, j) / g->all);
        }
    }
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    struct mp_linear *m = &s->model;
    struct mp_gram *g = &s->gram;
    m->classes = (uint64_t)mp_classes(c, NULL);
    m->columns = m->classes == 2 ? 1 : m->classes; /* of two, one is the other's opposite */
    m->features = g->d;
    m->bias = p->offset ? 1 : -1;
    if (g->rows == 0)
        return mp_fail(c, "no rows to learn from");
    if (m->classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)m->classes);
    m->w = mp_alloc(c, mp_product(m->columns, m->features + 1), sizeof *m->w);
    double *b = mp_alloc(c, m->columns * g->side * MP_GRAM_TILE, sizeof *b);
    int rc = m->w != NULL && b != NULL ? mp_gram_finish(c, g) : -1;
    if (rc == MP_OK) {
        double ridge;
        right_sides(g, p->offset, m->columns, b);
        rc = choose_ridge(c, p, s, b, m->columns, &ridge);
        if (rc == MP_OK)
            rc = solve(c, ridge, g, b, m->columns);
    }
    if (rc == MP_OK)
        keep(m, g, p->offset, b);
    if (rc == MP_OK && g->product != NULL)
        mp_dnn_remark(c);
    free(b);
    mp_gram_close(g);
    mp_left_out_free(&s->rows);
    return rc;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_gram_close(&s->gram);
    mp_left_out_free(&s->rows);
    mp_linear_clear(&s->model);
}

MP_STAGE(ridge) = {
    .brief = "Fit the classes by linear least squares, in closed form",
    .doc = "A weighted sum of the values for each class, whose weights bring it nearest to\n"
           "1 for rows of the class and to -1 for the others; they are computed at once,\n"
           "without steps.\n"
           "\n"
           "Ridge regression of each class against the rest, on targets 1 and -1.  The rows are\n"
           "read once and not kept: what is learned from are the sums of their products, and\n"
           "one factor of that matrix serves all classes.  So it is the fastest model for\n"
           "some thousand values a row, such as fourier gives, and its memory, 4 bytes for\n"
           "each pair of values, does not grow with the rows.\n"
           "\n"
           "The penalty is `ridge` times the mean diagonal of that matrix, of values less\n"
           "their mean: the same whatever the scale of the values and the number of rows.  The\n"
           "weights are those of scikit-learn's Ridge with that alpha.  Where single precision\n"
           "cannot solve for so small a penalty, one ten times larger is taken, and the report\n"
           "says so.  `penalties` are tried all, and that is taken which is the best by\n"
           "generalised cross-validation, about as if each row had been left out once; or with\n"
           "choose=loo by what exactly that gives, as in scikit-learn's RidgeClassifierCV, for\n"
           "which the rows are kept and read again for each penalty.\n"
           "Reference: Hoerl and Kennard 1970, Ridge regression; Golub, Heath, Wahba 1979,\n"
           "Generalized cross-validation as a method for choosing a good ridge parameter.",
    .example = "ridge ridge=0.01",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = mp_linear_io, .clear = clear,
    .apply = mp_linear_apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .part = mp_gram_part, .prepare = mp_dnn_load,
                          .pictures = mp_linear_pictures),
};
