/* SPDX-License-Identifier: GPL-3.0-or-later */
/* centroid.c - the class whose mean is nearest.
 *
 * Nearest centroids, also shrunken ones (Tibshirani, Hastie, Narasimhan and Chu 2002, "Diagnosis
 * of multiple cancer types by shrunken centroids of gene expression"): what a class's mean differs
 * from the mean of all rows, in units of the standard error of that difference, is made smaller by
 * `shrink`, down to 0.  Equal to scikit-learn's NearestCentroid of the same metric, but for l1,
 * where that takes medians.
 *
 * Cost: one pass, four flops a value; three for each value and class to predict. */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/moments.h"
#include "linear/scores.h"
#include <math.h>
#include <stdlib.h>

enum { L2, L1, COSINE }; /* order of .choices below */

struct params {
    double shrink;
    int metric;
};

static const struct mp_param table[] = {
    MP_PARAM(metric, .def = "l2", .choices = "l2|l1|cosine",
             .doc = "distance: of squares, of absolute differences, 1 less the cosine"),
    MP_PARAM(shrink, .def = "0", .min = 0, .max = 1e6, .unit = "standard errors",
             .doc = "what each value of a mean is brought nearer to the mean of all rows"),
    MP_END
};

struct state {
    struct mp_class_moments seen; /* until done() */
    uint64_t d, classes;
    double *rows;                 /* of each class */
    double *mean;                 /* classes x d */
};

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    (void)params;
    return mp_class_moments_add(c, &((struct state *)state)->seen, in);
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    return mp_class_moments_join(c, &((struct state *)into)->seen, &((struct state *)from)->seen);
}

/* ------------------------------------------------------------------ shrinking */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int find_median(struct mp_ctx *c, const double *x, size_t n, double *median)
{
    double *sorted = mp_alloc(c, n, sizeof *sorted);
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        sorted[i] = x[i];
    qsort(sorted, n, sizeof *sorted, ascending);
    *median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    free(sorted);
    return MP_OK;
}

/* deviation: of each value within the classes; their median keeps those of values that hardly
 * vary from being next to nothing. */
static int find_deviations(struct mp_ctx *c, const struct state *s, double rows, double *deviation)
{
    double there = 0, median;
    for (size_t k = 0; k < s->classes; k++) {
        const double *spread = s->seen.of[k].spread;
        there += s->rows[k] > 0;
        for (size_t j = 0; j < s->d && s->rows[k] > 0; j++)
            deviation[j] += spread[j];
    }
    for (size_t j = 0; j < s->d; j++)
        deviation[j] = sqrt(deviation[j] / fmax(1, rows - there));
    if (find_median(c, deviation, s->d, &median) < 0)
        return -1;
    for (size_t j = 0; j < s->d; j++)
        deviation[j] += median;
    return MP_OK;
}

static void shrink_class(double *mean, const struct mp_moments *all, double rows,
                         const double *deviation, double shrink)
{
    const double error = sqrt(fmax(0, 1 / rows - 1 / (double)all->rows));
    for (size_t j = 0; j < all->d; j++) {
        const double gap = mean[j] - all->mean[j];
        mean[j] = all->mean[j] + copysign(fmax(0, fabs(gap) - shrink * error * deviation[j]), gap);
    }
}

static int shrink_all(struct mp_ctx *c, struct state *s, double shrink)
{
    struct mp_moments all = { 0 };
    double *deviation = mp_alloc(c, s->d, sizeof *deviation);
    int rc = deviation != NULL ? mp_class_moments_all(c, &s->seen, &all) : -1;
    if (rc == MP_OK)
        rc = find_deviations(c, s, (double)all.rows, deviation);
    for (size_t k = 0; k < s->classes && rc == MP_OK; k++)
        if (s->rows[k] > 0)
            shrink_class(s->mean + k * s->d, &all, s->rows[k], deviation, shrink);
    mp_moments_free(&all);
    free(deviation);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    if (s->seen.of == NULL)
        return mp_fail(c, "no rows to learn from");
    s->d = s->seen.d;
    s->classes = s->seen.classes;
    s->rows = mp_alloc(c, s->classes, sizeof *s->rows);
    s->mean = mp_alloc(c, mp_product(s->classes, s->d), sizeof *s->mean);
    if (s->rows == NULL || s->mean == NULL)
        return -1;
    for (size_t k = 0; k < s->classes; k++) {
        s->rows[k] = (double)s->seen.of[k].rows;
        for (size_t j = 0; j < s->d && s->rows[k] > 0; j++)
            s->mean[k * s->d + j] = s->seen.of[k].mean[j];
    }
    const int rc = p->shrink > 0 ? shrink_all(c, s, p->shrink) : MP_OK;
    mp_class_moments_free(&s->seen);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_f64s(io, "rows", &s->rows, s->classes) < 0)
        return -1;
    return mp_io_f64s(io, "mean", &s->mean, mp_product(s->classes, s->d));
}

static int shard(struct mp_io *io, void *state)
{
    return mp_class_moments_io(io, &((struct state *)state)->seen);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_class_moments_free(&s->seen);
    free(s->rows);
    free(s->mean);
}

/* ------------------------------------------------------------------ applying */

/* Eight sums side by side, so that the order of additions is the same on every call. */
static double add_up(const double *lane)
{
    const double even = (lane[0] + lane[4]) + (lane[2] + lane[6]);
    return even + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#define SUM_ROW(name, value)                                                                   \
    MP_CLONES static double name(const float *restrict x, const double *restrict mean, size_t d)  \
    {                                                                                          \
        double sum[8] = { 0 };                                                                 \
        for (size_t i = 0; i < d; i += 8)                                                      \
            for (size_t l = 0; l < 8 && i + l < d; l++) {                                      \
                const double m = mean[i + l], v = (double)x[i + l];                            \
                sum[l] += value;                                                               \
            }                                                                                  \
        return add_up(sum);                                                                    \
    }
SUM_ROW(sum_gaps, fabs(v - m))
SUM_ROW(sum_squares, (v - m) * (v - m))
SUM_ROW(sum_products, (v * m))

static double length_of(const double *x, size_t d)
{
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += x[j] * x[j];
    return sqrt(sum);
}

/* both: the length of the row times that of the mean.  As in scikit-learn the cosine with one that
 * is all 0 is 0. */
static double distance(const float *x, const double *mean, size_t d, double both, int metric)
{
    if (metric != COSINE)
        return metric == L1 ? sum_gaps(x, mean, d) : sum_squares(x, mean, d);
    return both > 0 ? 1 - sum_products(x, mean, d) / both : 1;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t d = mp_len(in->shape);
    double *score = (double *)(void *)mp_scratch(c, 4 * s->classes), *length = score + s->classes;
    if (score == NULL)
        return -1;
    if (d != s->d || mp_len(out->shape) != s->classes)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       (size_t)s->classes, (size_t)s->d, mp_len(out->shape), d);
    for (size_t k = 0; k < s->classes; k++)
        length[k] = p->metric == COSINE ? length_of(s->mean + k * d, d) : 0;
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        double own = 0;
        for (size_t j = 0; j < d && p->metric == COSINE; j++)
            own += (double)x[j] * (double)x[j];
        own = sqrt(own);
        for (size_t k = 0; k < s->classes; k++)
            score[k] = s->rows[k] > 0
                           ? -distance(x, s->mean + k * d, d, own * length[k], p->metric)
                           : -INFINITY;
        mp_class_scores(score, s->classes, out->x + i * s->classes);
    }
    return MP_OK;
}

static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    return mp_class_pictures(c, s->mean, s->classes, s->d, image, v);
}

MP_STAGE(centroid) = {
    .brief = "Choose the class whose mean is nearest",
    .doc = "The simplest model there is: what the rows of a class look like on the average, and\n"
           "how far a row is from that.\n"
           "\n"
           "A class's score is the distance of the row to the mean of the class's training rows,\n"
           "less than 0, of l2 the square of it.  `shrink` moves each value of a mean towards\n"
           "that of all rows, by so many standard errors of their difference; values that\n"
           "differ by less no longer tell classes apart.  The means are those of scikit-learn's\n"
           "NearestCentroid, but for metric=l1, where that takes the median of each value.  A\n"
           "class without training rows is never chosen.\n"
           "Reference: Tibshirani, Hastie, Narasimhan, Chu 2002, Diagnosis of multiple cancer\n"
           "types by shrunken centroids of gene expression.",
    .example = "centroid metric=cosine shrink=0.5",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.scores = MP_MARGINS, .pictures = pictures, .shard = shard),
};
