/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quadratic.c - a normal distribution for each class: quadratic discriminant analysis.
 *
 * The covariance of a class is brought nearer to the one that all classes share, and to a ball,
 * as much as `pool` and `shrinkage` say (Friedman 1989, "Regularized discriminant analysis"):
 * C = (1 - s) S + s tr(S) / d I, where S is the mean of the class's own covariance and the shared
 * one, weighed by 1 - pool and pool times the degrees of freedom.  Without either these are the
 * probabilities of scikit-learn's QuadraticDiscriminantAnalysis, with pool=1 those of its
 * LinearDiscriminantAnalysis.  Kept is the inverse W of C's Cholesky factor: |W (x - m)|^2 is the
 * distance by Mahalanobis, in double, as it is some hundreds of which tenths matter.
 *
 * Cost: covariance.h for the rows, d^3 flops for each class; d^2 for each row and class to predict.
 * Memory: 4 d^2 bytes for each class and thread. */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "linear/covariance.h"
#include "linear/dnn.h"
#include "linear/scores.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 32 }; /* that are multiplied side by side */
static const size_t most_values = (size_t)1 << 25; /* of all covariances: 256 MiB */

struct params {
    double shrinkage, pool;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(shrinkage, .def = "0.01", .min = 0, .max = 1,
             .doc = "of each covariance towards a ball; 1: only its mean variance is left"),
    MP_PARAM(pool, .def = "0", .min = 0, .max = 1,
             .doc = "of each class's covariance towards that of all; 1: all have the same"),
    MP_CLASS_WEIGHTS(struct params, "the number of rows"),
    MP_END
};

struct state {
    uint64_t d, classes;
    struct mp_covariance *seen; /* of each class, until done() */
    double *constant;      /* of each class; -INFINITY: it had no rows */
    double *mean;          /* classes x d */
    double *inverse;       /* classes x d (d + 1) / 2: W row by row */
};

static size_t triangle(size_t d)
{
    return d * (d + 1) / 2;
}

static int check_size(struct mp_ctx *c, size_t d)
{
    const size_t classes = (size_t)mp_classes(c, NULL);
    if (mp_product(classes, mp_product(d, d + 1) / 2) <= most_values)
        return MP_OK;
    return mp_fail(c, "%zu classes and rows of %zu values would need %.1f GB for covariances; "
                   "takes at most %.1f GB: pca in front makes rows shorter", classes, d,
                   4e-9 * (double)classes * (double)d * (double)d, 8e-9 * (double)most_values);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)out;
    return check_size(c, mp_len(in)) < 0 ? -1 : mp_class_weights_check(c, p->weights);
}

/* ------------------------------------------------------------------ rows */

static int begin(struct mp_ctx *c, struct state *s, size_t d)
{
    const size_t classes = (size_t)mp_classes(c, NULL);
    if (s->seen != NULL)
        return s->d == d ? MP_OK
                         : mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)s->d);
    if (check_size(c, d) < 0) /* how many classes there are was not known to shape() */
        return -1;
    s->d = d;
    s->classes = classes;
    s->seen = mp_alloc(c, classes, sizeof *s->seen);
    return s->seen != NULL ? MP_OK : -1;
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    const size_t d = mp_len(in->shape);
    (void)params;
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (begin(c, s, d) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        if (mp_covariance_add(c, &s->seen[in->y[i]], in->x + i * d, 1, d) < 0)
            return -1;
    return MP_OK;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into, *b = from;
    if (b->seen == NULL)
        return MP_OK;
    if (begin(c, a, b->d) < 0)
        return -1;
    for (size_t k = 0; k < a->classes; k++)
        if (mp_covariance_join(c, &a->seen[k], &b->seen[k]) < 0)
            return -1;
    return MP_OK;
}

/* ------------------------------------------------------------------ triangles, row by row */

/* Eight sums side by side, so that the order of additions is the same on every call. */
MP_CLONES static double dot(const double *restrict a, const double *restrict b, size_t n)
{
    double sum[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; l++)
            sum[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i < n; i++, l++)
        sum[l] += a[i] * b[i];
    for (size_t half = 4; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

/* to = L of the same triangle a = L L'; false: not positive definite, or so nearly not that what
 * a value has of its own is lost in rounding. */
static bool factor(struct mp_ctx *c, const double *a, size_t d, double *to)
{
    double *row = to;
    for (size_t i = 0; i < d && !mp_stopped(c); a += ++i, row += i) {
        const double *other = to;
        for (size_t j = 0; j < i; other += ++j)
            row[j] = (a[j] - dot(row, other, j)) / other[j];
        const double own = a[i] - dot(row, row, i);
        if (!(own > 1e-6 * a[i]))
            return false;
        row[i] = sqrt(own);
    }
    return true;
}

MP_CLONES static void add_times(double *restrict to, const double *restrict row, double factor,
                                size_t n)
{
    for (size_t j = 0; j < n; j++)
        to[j] += factor * row[j];
}

/* L becomes its inverse. */
static void invert(struct mp_ctx *c, double *l, size_t d, double *spare)
{
    double *row = l;
    for (size_t i = 0; i < d && !mp_stopped(c); row += ++i) {
        const double *above = l;
        memset(spare, 0, i * sizeof *spare);
        for (size_t k = 0; k < i; above += ++k)
            add_times(spare, above, -row[k], k + 1);
        for (size_t j = 0; j < i; j++)
            row[j] = spare[j] / row[i];
        row[i] = 1 / row[i];
    }
}

/* ------------------------------------------------------------------ the classes */

struct work {
    const struct params *p;
    struct state *s;
    double *count;     /* what the rows of each class count */
    double *pooled;    /* products that all classes share, as rows count: the upper triangle */
    double freedom;    /* of these */
    double variance;   /* their mean */
    double *shrinkage; /* that each class needed */
};

static double weight_of(const struct work *w, size_t k)
{
    const struct mp_covariance *own = &w->s->seen[k];
    return own->rows > 0 ? w->count[k] / (double)own->rows : 0;
}

/* The mean of the diagonal of an upper triangle. */
static double mean_diagonal(const double *a, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < d; a += d - i, i++)
        sum += *a;
    return sum / (double)d;
}

static int pool_all(struct mp_ctx *c, struct work *w)
{
    const struct state *s = w->s;
    const size_t n = triangle(s->d);
    double rows = 0;
    if ((w->pooled = mp_alloc(c, n, sizeof *w->pooled)) == NULL)
        return -1;
    for (size_t k = 0; k < s->classes; k++) {
        const struct mp_covariance *own = &s->seen[k];
        if (own->rows > 0) {
            add_times(w->pooled, own->cross, weight_of(w, k), n);
            w->freedom += weight_of(w, k) * (double)(own->rows - 1);
            rows += (double)(own->rows - 1);
        }
    }
    const double mean = mean_diagonal(w->pooled, s->d) / fmax(w->freedom, 1);
    w->variance = mean > 0 ? mean : 1;
    /* Weights say what classes count in it, not what it counts beside a class's own. */
    for (size_t i = 0; i < n && w->freedom > 0; i++)
        w->pooled[i] *= rows / w->freedom;
    w->freedom = rows;
    return MP_OK;
}

/* Class k's covariance, before it shrinks, as a lower triangle. */
static void make_covariance(const struct work *w, size_t k, double *to)
{
    const struct mp_covariance *own = &w->s->seen[k];
    const size_t d = w->s->d;
    const double pool = w->p->pool;
    const double freedom = (1 - pool) * ((double)own->rows - 1) + pool * w->freedom;
    const double unit = freedom > 0 ? 1 / freedom : 0;
    const double *a = own->cross, *b = w->pooled;
    for (size_t i = 0; i < d; i++)
        for (size_t j = i; j < d; j++)
            to[triangle(j) + i] = unit * ((1 - pool) * *a++ + pool * *b++);
}

/* to = (1 - s) from + s unit I. */
static void shrink(const double *from, size_t d, double s, double unit, double *to)
{
    for (size_t i = 0; i < triangle(d); i++)
        to[i] = (1 - s) * from[i];
    for (size_t i = 0; i < d; i++)
        to[triangle(i) + i] += s * unit;
}

/* Shrinks as much as is asked for, ten times more each until there is a factor.  a, b: room for a
 * triangle. */
static void find_factor(struct mp_ctx *c, const struct work *w, size_t k, double *a, double *b)
{
    const size_t d = w->s->d;
    double s = w->p->shrinkage, unit = 0, *to = w->s->inverse + k * triangle(d);
    make_covariance(w, k, a);
    for (size_t i = 0; i < d; i++)
        unit += a[triangle(i) + i] / (double)d;
    unit = unit > 0 ? unit : w->variance;
    for (;; s = fmin(1, fmax(1e-6, 10 * s))) {
        shrink(a, d, s, unit, b);
        if (factor(c, b, d, to) || s >= 1 || mp_stopped(c))
            break;
    }
    w->shrinkage[k] = s;
}

static int make_class(struct mp_ctx *c, void *arg, size_t k)
{
    const struct work *w = arg;
    struct state *s = w->s;
    const size_t d = s->d;
    double all = 0, *a, *b, *l = s->inverse + k * triangle(d);
    for (size_t j = 0; j < s->classes; j++)
        all += w->count[j];
    s->constant[k] = log(w->count[k] / all);
    if (s->seen[k].rows == 0)
        return MP_OK;
    a = mp_alloc(c, triangle(d), sizeof *a);
    b = a != NULL ? mp_alloc(c, triangle(d), sizeof *b) : NULL;
    if (b != NULL) {
        memcpy(s->mean + k * d, s->seen[k].mean, d * sizeof *s->mean);
        find_factor(c, w, k, a, b);
        for (size_t i = 0; i < d; i++)
            s->constant[k] -= log(l[triangle(i) + i]);
        invert(c, l, d, a);
    }
    const int rc = b != NULL ? MP_OK : -1;
    free(a);
    free(b);
    return mp_stopped(c) ? mp_fail(c, "interrupted") : rc;
}

static int counts(struct mp_ctx *c, struct work *w)
{
    const struct state *s = w->s;
    uint64_t *rows = mp_alloc(c, s->classes, sizeof *rows);
    for (size_t k = 0; k < s->classes && rows != NULL; k++)
        rows[k] = s->seen[k].rows;
    const int rc = rows == NULL ? -1 : mp_class_weights_counted(c, w->p->weights, rows, w->count);
    for (size_t k = 0; k < s->classes && rc == MP_OK; k++)
        w->count[k] *= (double)rows[k];
    free(rows);
    return rc;
}

static int make_all(struct mp_ctx *c, struct work *w)
{
    struct state *s = w->s;
    const size_t n = s->classes;
    w->count = mp_alloc(c, n, sizeof *w->count);
    w->shrinkage = mp_alloc(c, n, sizeof *w->shrinkage);
    s->constant = mp_alloc(c, n, sizeof *s->constant);
    s->mean = mp_alloc(c, mp_product(n, s->d), sizeof *s->mean);
    s->inverse = mp_alloc(c, mp_product(n, triangle(s->d)), sizeof *s->inverse);
    if (w->count == NULL || w->shrinkage == NULL || s->constant == NULL || s->mean == NULL ||
        s->inverse == NULL)
        return -1;
    for (size_t k = 0; k < n; k++)
        if (mp_covariance_end(c, &s->seen[k]) < 0)
            return -1;
    if (counts(c, w) < 0 || pool_all(c, w) < 0)
        return -1;
    return mp_parallel_for(c, n, make_class, w);
}

static void tell(struct mp_ctx *c, const struct work *w)
{
    size_t more = 0, most = 0;
    for (size_t k = 0; k < w->s->classes; k++) {
        more += w->shrinkage[k] > w->p->shrinkage;
        most = w->shrinkage[k] > w->shrinkage[most] ? k : most;
    }
    if (more > 0)
        mp_remark(c, "shrinkage=%g leaves directions without variance in %zu of %zu classes; took "
                  "up to %g", w->p->shrinkage, more, (size_t)w->s->classes, w->shrinkage[most]);
}

static void drop_rows(struct state *s)
{
    for (size_t k = 0; k < s->classes && s->seen != NULL; k++)
        mp_covariance_free(&s->seen[k]);
    free(s->seen);
    s->seen = NULL;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    struct work w = { .p = params, .s = s };
    if (s->seen == NULL)
        return mp_fail(c, "no rows to learn from");
    const int rc = make_all(c, &w);
    if (rc == MP_OK)
        tell(c, &w);
    free(w.count);
    free(w.pooled);
    free(w.shrinkage);
    drop_rows(s);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0)
        return -1;
    if (s->d > most_values || s->classes > MP_MOST_CLASSES)
        return mp_fail(mp_io_ctx(io), "%llu classes of rows of %llu values: damaged",
                       (unsigned long long)s->classes, (unsigned long long)s->d);
    if (mp_io_f64s(io, "constant", &s->constant, s->classes) < 0 ||
        mp_io_f64s(io, "mean", &s->mean, s->classes * s->d) < 0)
        return -1;
    return mp_io_f64s(io, "inverse", &s->inverse, mp_product(s->classes, triangle(s->d)));
}

static int shard(struct mp_io *io, void *state)
{
    struct state *s = state;
    uint64_t seen = s->seen != NULL;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_u64(io, "seen", &seen) < 0)
        return -1;
    if (seen == 0)
        return MP_OK;
    if (mp_io_loading(io) &&
        (s->seen = mp_alloc(mp_io_ctx(io), s->classes, sizeof *s->seen)) == NULL)
        return -1;
    for (size_t k = 0; k < s->classes; k++)
        if (mp_covariance_io(io, &s->seen[k]) < 0)
            return -1;
    return MP_OK;
}

static void clear(void *state)
{
    struct state *s = state;
    drop_rows(s);
    free(s->constant);
    free(s->mean);
    free(s->inverse);
}

/* ------------------------------------------------------------------ applying */

/* |W z|^2 of ROWS columns z of d values each. */
MP_CLONES static void squares(const double *restrict w, const double *restrict z, size_t d,
                              double *restrict to)
{
    double all[ROWS] = { 0 };
    for (size_t i = 0; i < d; w += ++i) {
        double sum[ROWS] = { 0 };
        for (size_t j = 0; j <= i; j++)
            for (size_t r = 0; r < ROWS; r++)
                sum[r] += w[j] * z[j * ROWS + r];
        for (size_t r = 0; r < ROWS; r++)
            all[r] += sum[r] * sum[r];
    }
    memcpy(to, all, sizeof all);
}

/* n rows; score: classes x ROWS, z: d x ROWS, of which what lies behind n is of no row. */
static void score_rows(const struct state *s, const float *x, size_t n, double *z, double *score)
{
    const size_t d = s->d;
    for (size_t k = 0; k < s->classes; k++) {
        const double *mean = s->mean + k * d;
        double square[ROWS];
        for (size_t j = 0; j < d; j++)
            for (size_t r = 0; r < ROWS; r++)
                z[j * ROWS + r] = r < n ? (double)x[r * d + j] - mean[j] : 0;
        squares(s->inverse + k * triangle(d), z, d, square);
        for (size_t r = 0; r < n; r++)
            score[r * s->classes + k] = s->constant[k] - square[r] / 2;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = s->classes;
    double *z = (double *)(void *)mp_scratch(c, 2 * ROWS * d);
    double *score = (double *)(void *)mp_scratch(c, 2 * ROWS * k);
    (void)params;
    if (z == NULL || score == NULL)
        return -1;
    if (d != s->d || mp_len(out->shape) != k)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu", k,
                       (size_t)s->d, mp_len(out->shape), d);
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        score_rows(s, in->x + i * d, n, z, score);
        for (size_t r = 0; r < n; r++)
            mp_log_probabilities(score + r * k, k, out->x + (i + r) * k);
    }
    return MP_OK;
}

/* v = C v, by C^-1 = W' W; v has length 1 afterwards.  False: it had none left. */
static bool turn(const double *w, size_t d, double *v)
{
    double length = 0;
    for (size_t i = d; i-- > 0;) {
        v[i] /= w[triangle(i) + i];
        add_times(v, w + triangle(i), -v[i], i);
    }
    for (size_t i = 0; i < d; i++)
        v[i] = (v[i] - dot(w + triangle(i), v, i)) / w[triangle(i) + i];
    length = sqrt(dot(v, v, d));
    for (size_t i = 0; i < d; i++)
        v[i] /= length;
    return isfinite(length) && length > 0;
}

/* Where the rows of class k vary most: the power method, from its mean on. */
static int see_direction(struct mp_ctx *c, const struct state *s, size_t k, const char *name,
                         struct mp_shape image, const struct mp_viewer *v)
{
    enum { ROUNDS = 30 };
    const size_t d = s->d;
    double *at = mp_alloc(c, d, sizeof *at);
    float *x = mp_alloc(c, d, sizeof *x);
    int rc = at != NULL && x != NULL ? MP_OK : -1;
    bool some = rc == MP_OK;
    for (size_t j = 0; j < d && some; j++)
        at[j] = s->mean[k * d + j] + 1e-3;
    for (int i = 0; i < ROUNDS && some && !mp_stopped(c); i++)
        some = turn(s->inverse + k * triangle(d), d, at);
    for (size_t j = 0; j < d && some; j++)
        x[j] = (float)at[j];
    if (some) {
        char text[700];
        snprintf(text, sizeof text, "class %s, where it varies most", name);
        rc = mp_see(c, v, text, x, image, 1);
    }
    free(at);
    free(x);
    return rc;
}

/* The means, then the first direction of each covariance. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    const char *const *names;
    (void)params;
    int rc = mp_class_pictures(c, s->mean, s->classes, s->d, image, v);
    if (mp_len(image) != s->d || (uint64_t)mp_classes(c, &names) != s->classes)
        return rc;
    for (size_t k = 0; k < s->classes && rc == MP_OK; k++)
        if (!isinf(s->constant[k]))
            rc = see_direction(c, s, k, names[k], image, v);
    return rc;
}

MP_STAGE(quadratic) = {
    .brief = "Weigh the classes by a normal distribution for each",
    .doc = "Where the rows of a class lie, and how they are spread in all directions: the class\n"
           "in which a row is most likely wins.  Borders between classes are quadratic.\n"
           "\n"
           "Quadratic discriminant analysis.  Each class has its mean and its covariance, of\n"
           "which rows of d values need some times d training rows a class, so pca stands in\n"
           "front.  What few rows tell wrongly is made up for by `shrinkage`, which makes all\n"
           "directions alike, and by `pool`, which makes all classes alike (Friedman's gamma\n"
           "and lambda): 0 and 0 are scikit-learn's QuadraticDiscriminantAnalysis, pool=1 is its\n"
           "LinearDiscriminantAnalysis.  Where a covariance has no inverse, more shrinkage is\n"
           "taken, and the report says so.  Scores are logarithms of probabilities.  A class\n"
           "without training rows is never chosen.\n"
           "Reference: Friedman 1989, Regularized discriminant analysis.",
    .example = "quadratic shrinkage=0.1",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.scores = MP_LOGITS, .prepare = mp_dnn_load, .pictures = pictures,
                          .shard = shard),
};
