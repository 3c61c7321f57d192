/* SPDX-License-Identifier: GPL-3.0-or-later */
/* discriminant.c - the directions in which classes differ most beside how their rows spread.
 *
 * Method: with S the covariance of rows about the means of their classes and B that of the means,
 * directions w of largest w'Bw / w'Sw, of which there are one fewer than classes (R. A. Fisher
 * 1936; C. R. Rao 1948).  As B = M'M with few rows M, they are S^-1 M' u, u an eigenvector of
 * M S^-1 M', which is as small as there are classes.  Equal to scikit-learn's
 * LinearDiscriminantAnalysis(solver="svd").transform() up to the sign of directions, and with
 * shrinkage as its solver="eigen" has it.
 *
 * Cost: see gram.c and gram_solve.c, as of the model lda; values x directions multiply-adds a row.
 */
#include "core/learner.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/gram.h"
#include "linear/rows_times.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct params {
    double shrinkage;
    int components;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "0", .min = 0, .max = MP_MOST_CLASSES,
             .doc = "how many directions at most; 0: as many as there are, one fewer than "
                    "classes"),
    MP_PARAM(shrinkage, .def = "0.001", .min = 0, .max = 1,
             .doc = "of the covariance within classes towards a ball: more where rows are few"),
    MP_END
};

struct state {
    struct mp_gram gram; /* until done() */
    uint64_t d, k;       /* values, directions */
    float *mean;         /* d: of all rows */
    float *w;            /* d x k */
};

/* Without labels, as when shapes are asked for before anything is read, classes are not known. */
static size_t most(struct mp_ctx *c, const struct params *p, size_t d)
{
    const int classes = mp_classes(c, NULL);
    size_t k = classes > 1 ? (size_t)classes - 1 : 1;
    k = k < d ? k : d;
    return p->components > 0 && (size_t)p->components < k ? (size_t)p->components : k;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct state *s = state;
    if (mp_gram_check(c, mp_len(in)) < 0)
        return -1;
    *out = (struct mp_shape){ 1, s != NULL ? (int)s->k : (int)most(c, params, mp_len(in)), 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "discriminant[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct mp_gram *g = &((struct state *)state)->gram;
    (void)params;
    if (mp_gram_begin(c, g, in, true, MP_F32, "") < 0)
        return -1;
    g->within = true;
    return mp_gram_add(c, g, in);
}

/* Of each class with rows: the root of their share times its mean less that of all. */
static void differences(const struct mp_gram *g, double *to)
{
    const size_t wide = g->side * MP_GRAM_TILE;
    for (size_t j = 0; j < g->d; j++) {
        const double mean = mp_gram_sum(g, j) / g->all;
        for (size_t k = 0; k < g->classes; k++)
            to[k * wide + j] = g->count[k] > 0
                ? sqrt(g->count[k] / g->all) * (g->sums[k * wide + j] / g->count[k] - mean) : 0;
    }
}

/* What S^-1 M' is, S = (1 - s) sums / freedom + s mean I, in place of M'; more s, ten times each,
 * until there is an inverse. */
static int solve(struct mp_ctx *c, const struct mp_gram *g, double s, double *b)
{
    const double mean = mp_gram_diagonal(g), unit = mean > 0 ? mean : 1;
    size_t there = 0;
    for (size_t k = 0; k < g->classes; k++)
        there += g->count[k] > 0;
    const double freedom = g->rows > there ? (double)(g->rows - there) : 1;
    int rc = isfinite(mean) ? 1 : 2;
    double share = s;
    for (double t = s; rc == 1 && t < 1; t = t > 0 ? 10 * t : 1e-7) {
        share = t;
        rc = mp_gram_solve(c, g, t / (1 - t) * unit, b, g->classes);
    }
    if (rc < 0)
        return rc;
    if (rc == 2)
        return mp_fail(c, "the products of the rows are not finite; make the values smaller, for "
                       "instance by standardize");
    if (rc == MP_OK && share > s)
        mp_remark(c, "shrinkage=%.3g leaves directions without variance; took %.3g", s, share);
    const double factor = rc == MP_OK ? freedom / (1 - share) : freedom / unit;
    for (size_t i = 0; i < g->classes * g->side * MP_GRAM_TILE; i++)
        b[i] *= factor;
    return MP_OK;
}

/* Direction e is solved' u / root of its value, of which the largest weight is positive. */
static void keep(struct state *s, const struct mp_gram *g, const double *solved,
                 const double *values, const double *u)
{
    const size_t wide = g->side * MP_GRAM_TILE, classes = g->classes;
    for (size_t e = 0; e < s->k; e++) {
        const double scale = values[e] > 1e-9 * values[0] && values[e] > 0 ? 1 / sqrt(values[e])
                                                                           : 0;
        double top = 0;
        for (size_t j = 0; j < s->d; j++) {
            double sum = 0;
            for (size_t k = 0; k < classes; k++)
                sum += solved[k * wide + j] * u[e * classes + k];
            s->w[j * s->k + e] = (float)(scale * sum);
            top = fabs(sum) > fabs(top) ? sum : top;
        }
        for (size_t j = 0; j < s->d && top < 0; j++)
            s->w[j * s->k + e] *= -1;
    }
}

static int find(struct mp_ctx *c, const struct params *p, struct state *s, double *gap,
                double *solved)
{
    const struct mp_gram *g = &s->gram;
    const size_t wide = g->side * MP_GRAM_TILE, n = g->classes;
    differences(g, gap);
    memcpy(solved, gap, n * wide * sizeof *gap);
    if (solve(c, g, p->shrinkage, solved) < 0)
        return -1;
    double *a = mp_alloc(c, 2 * n * n + n, sizeof *a);
    if (a == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < s->d; j++)
                a[i * n + k] += 0.5 * (gap[i * wide + j] * solved[k * wide + j] +
                                       gap[k * wide + j] * solved[i * wide + j]);
    const int rc = mp_eigen_top(c, a, n, s->k, a + n * n, a + n * n + n);
    if (rc >= 0)
        keep(s, g, solved, a + n * n, a + n * n + n);
    free(a);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    struct mp_gram *g = &s->gram;
    if (g->rows == 0)
        return mp_fail(c, "no rows to learn from");
    if (g->classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)g->classes);
    const size_t n = g->classes * g->side * MP_GRAM_TILE;
    s->d = g->d;
    s->k = most(c, params, g->d);
    s->mean = mp_alloc(c, s->d, sizeof *s->mean);
    s->w = s->mean == NULL ? NULL : mp_alloc(c, s->d * s->k, sizeof *s->w);
    double *gap = s->w == NULL ? NULL : mp_alloc(c, 2 * n, sizeof *gap);
    int rc = gap == NULL ? -1 : mp_gram_finish(c, g);
    for (size_t j = 0; j < s->d && rc >= 0; j++)
        s->mean[j] = (float)((double)g->shift[j] + mp_gram_sum(g, j) / g->all);
    if (rc >= 0)
        rc = find(c, params, s, gap, gap + n);
    free(gap);
    mp_gram_close(g);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "directions", &s->k) < 0)
        return -1;
    if (s->d > MP_GRAM_MAX || s->k > MP_MOST_CLASSES)
        return mp_fail(mp_io_ctx(io), "%llu directions of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    if (mp_io_f32s(io, "mean", &s->mean, s->d) < 0)
        return -1;
    return mp_io_f32s(io, "weights", &s->w, s->d * s->k);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_gram_close(&s->gram);
    free(s->mean);
    free(s->w);
}

static int prepare(struct mp_ctx *c)
{
    return mp_dnn_load(c) < 0 ? -1 : mp_eigen_load(c);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    (void)params, (void)state, (void)in;
    return mp_dnn_load(c);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = s->d;
    (void)params;
    if (mp_len(in->shape) != d || mp_len(out->shape) != s->k)
        return mp_fail(c, "learned %zu directions of %zu values, not %zu of %zu", (size_t)s->k, d,
                       mp_len(out->shape), mp_len(in->shape));
    float *x = mp_scratch(c, in->n * d);
    if (x == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = in->x[i * d + j] - s->mean[j];
    return mp_rows_times(c, x, in->n, d, s->w, s->k, false, out->x);
}

static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    for (size_t k = 0; k < s->k && mp_len(image) == s->d; k++) {
        char name[40];
        snprintf(name, sizeof name, "direction %zu", k);
        if (mp_see(c, v, name, s->w + k, image, s->k) < 0)
            return -1;
    }
    return MP_OK;
}

MP_STAGE(discriminant) = {
    .brief = "Project rows on the directions in which classes differ most",
    .doc = "Few values, one fewer than there are classes, that tell classes apart as well as\n"
           "straight borders can.  What pca is without labels this is with them.\n"
           "\n"
           "Fisher's linear discriminants: directions in which the means of classes spread most\n"
           "beside how rows spread about them, the best first, each scaled so that the latter\n"
           "variance is 1, less the mean of all rows.  They are those of scikit-learn's\n"
           "LinearDiscriminantAnalysis(solver=\"svd\").transform(), but for their sign; shrinkage\n"
           "makes the covariance within classes more of a ball, which keeps directions in which\n"
           "few rows vary from being trusted too much.  Where it has no inverse, more is taken.\n"
           "The model of the same directions is lda.\n"
           "Reference: Fisher 1936, The use of multiple measurements in taxonomic problems.",
    .example = "discriminant components=5 shrinkage=0.1",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .part = mp_gram_part,
                          .prepare = prepare, .ready = ready,
                          .pictures = pictures),
};
