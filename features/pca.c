/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pca.c - principal component analysis.
 *
 * Method: fit() keeps the mean and the sums of centred products (covariance.h); done() takes the
 * leading eigenpairs of the covariance.  Equal to scikit-learn's PCA(svd_solver="full") up to the
 * sign of components.
 *
 * Cost: d^2 flops a row to fit; 0.1 s for 100 components of 784 values; d * components
 * multiply-adds a row to apply.
 */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/covariance.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 20000, ROWS = 4 }; /* ROWS: that project() takes at a time */

struct params {
    double variance;
    int components, every, rows;
    bool whiten, unit;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "50", .min = 0, .max = MAX_VALUES,
             .doc = "how many to keep at most; 0: as many as there are"),
    MP_PARAM(variance, .def = "1", .min = 0.01, .max = 1,
             .doc = "share of the variance to keep; fewer components are kept if they reach it"),
    MP_PARAM(whiten, .def = "no",
             .doc = "divide each component by its standard deviation"),
    MP_PARAM(unit, .def = "no",
             .doc = "then divide all by the root of their total variance, so that branches of a "
                    "union count alike"),
    MP_PARAM(every, .def = "1", .min = 1, .max = 1000000, .unit = "rows",
             .doc = "learn from one in so many training rows, which saves time where there are "
                    "far more rows than values"),
    MP_PARAM(rows, .def = "0", .min = 0, .max = 1000000000,
             .doc = "learn from so many at most: from one in 2, 3 ... where there are more; 0: "
                    "from all"),
    MP_END
};

struct state {
    struct mp_covariance seen; /* after done() its mean alone */
    uint64_t k;       /* components found, by done() */
    double *variance; /* k: of each component */
    float *axes;      /* d x mp_lanes(k): component j is column j, scaled as asked for */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t d = mp_len(in);

    if (d > MAX_VALUES)
        return mp_fail(c, "rows of %zu values would need %.1f GB for their covariances; takes at "
                       "most %d (%.1f GB): make the images or the features smaller first", d,
                       12e-9 * (double)d * (double)d, MAX_VALUES,
                       12e-9 * MAX_VALUES * (double)MAX_VALUES);
    if ((size_t)p->components > d)
        return mp_fail(c, "components=%d: rows have %zu values; must be at most %zu",
                       p->components, d, d);
    const int most = p->components > 0 ? p->components : (int)d;
    *out = (struct mp_shape){ 1, s != NULL ? (int)s->k : most, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params;
    (void)in;
    snprintf(text, size, "pca[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;

    (void)params;
    return mp_covariance_add(c, &s->seen, in->x, in->n, mp_len(in->shape));
}

/* One in so many rows, evenly spaced. */
static size_t every(const void *params, size_t rows)
{
    const struct params *p = params;
    const size_t most = (size_t)p->rows, asked = (size_t)p->every;
    const size_t apart = most > 0 ? (rows + most - 1) / most : 1;
    return apart > asked ? apart : asked;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    return mp_covariance_join(c, &((struct state *)into)->seen, &((struct state *)from)->seen);
}

/* The covariance as a full matrix; `total` gets its trace. */
static double *covariance(struct mp_ctx *c, const struct state *s, double *total)
{
    const size_t d = s->seen.d;
    double *a = mp_alloc(c, d * d, sizeof *a);
    const double *x = s->seen.cross, k = 1 / ((double)s->seen.rows - 1);

    *total = 0;
    for (size_t i = 0; a != NULL && i < d; i++) {
        *total += *x * k;
        for (size_t j = i; j < d; j++)
            a[i * d + j] = a[j * d + i] = *x++ * k;
    }
    return a;
}

/* How many of the n values, in falling order, make up the share; more than n if
 * they do not. */
static size_t enough(const double *values, size_t n, double share, double total)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if ((sum += values[i]) >= share * total)
            return i + 1;
    return n + 1;
}

/* Axes and variances of the leading components, as many as are asked for. */
static int find(struct mp_ctx *c, const struct params *p, struct state *s, const double *a,
                double total, double *values, double *vectors)
{
    const size_t least = s->seen.rows < s->seen.d ? s->seen.rows : s->seen.d;
    const size_t most = p->components > 0 ? (size_t)p->components : least;
    size_t k = p->components > 0 || p->variance >= 1 || most < 32 ? most : 32;

    for (;; k = 6 * k > s->seen.d || 2 * k > most ? most : 2 * k) {
        if (mp_eigen_top(c, a, s->seen.d, k, values, vectors) < 0)
            return -1;
        const size_t want = p->variance < 1 ? enough(values, k, p->variance, total) : k;
        s->k = want < k ? want : k;
        if (want <= k || k == most)
            return MP_OK;
    }
}

/* The variance of the k components together, as they are given. */
static double total_of(const struct params *p, const double *values, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++)
        if (!p->whiten || values[j] > 1e-12 * values[0])
            sum += p->whiten ? 1 : fmax(0, values[j]);
    return sum;
}

/* Sign: of every component the loading of largest magnitude, the first of
 * equals, is positive. */
static int keep(struct mp_ctx *c, const struct params *p, struct state *s, const double *values,
                const double *vectors)
{
    const size_t d = s->seen.d, wide = (size_t)mp_lanes((int)s->k);

    s->variance = mp_alloc(c, s->k, sizeof *s->variance);
    s->axes = s->variance == NULL ? NULL : mp_alloc(c, d * wide, sizeof *s->axes);
    if (s->axes == NULL)
        return -1;
    const double total = p->unit ? total_of(p, values, s->k) : 1;
    for (size_t j = 0; j < s->k; j++) {
        const double *v = vectors + j * d;
        size_t top = 0;
        for (size_t i = 1; i < d; i++)
            if (fabs(v[i]) > fabs(v[top]))
                top = i;
        double scale = v[top] < 0 ? -1 : 1;
        /* Without variance there is nothing to divide by: such components are 0. */
        if (p->whiten)
            scale = values[j] > 1e-12 * values[0] ? scale / sqrt(values[j]) : 0;
        scale = total > 0 ? scale / sqrt(total) : 0;
        s->variance[j] = fmax(0, values[j]);
        for (size_t i = 0; i < d; i++)
            s->axes[i * wide + j] = (float)(v[i] * scale);
    }
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    double total;

    if (mp_covariance_end(c, &s->seen) < 0)
        return -1;
    if (s->seen.rows < 2)
        return mp_fail(c, "needs at least 2 rows to learn from, got %zu", (size_t)s->seen.rows);
    if ((uint64_t)p->components > s->seen.rows)
        return mp_fail(c, "components=%d: there are only %zu rows to learn from%s; must be at most "
                       "%zu", p->components, (size_t)s->seen.rows,
                       p->every > 1 ? ", by `every`" : p->rows > 0 ? ", by `rows`" : "",
                       (size_t)s->seen.rows);
    const size_t least = s->seen.rows < s->seen.d ? s->seen.rows : s->seen.d;
    const size_t most = p->components > 0 ? (size_t)p->components : least;
    double *a = covariance(c, s, &total);
    double *values = a == NULL ? NULL : mp_alloc(c, most, sizeof *values);
    double *vectors = values == NULL ? NULL : mp_alloc(c, most * s->seen.d, sizeof *vectors);
    int rc = vectors == NULL ? -1 : find(c, p, s, a, total, values, vectors);
    if (rc == MP_OK)
        rc = keep(c, p, s, values, vectors);
    free(s->seen.cross);
    s->seen.cross = NULL;
    free(a);
    free(values);
    free(vectors);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->seen.d) < 0 || mp_io_u64(io, "components", &s->k) < 0)
        return -1;
    if (s->seen.d > MAX_VALUES || s->k > s->seen.d)
        return mp_fail(mp_io_ctx(io), "%llu components of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->seen.d);
    if (mp_io_f64s(io, "mean", &s->seen.mean, s->seen.d) < 0 ||
        mp_io_f64s(io, "variance", &s->variance, s->k) < 0)
        return -1;
    return mp_io_f32s(io, "axes", &s->axes, s->seen.d * (size_t)mp_lanes((int)s->k));
}

static int shard(struct mp_io *io, void *state)
{
    return mp_covariance_io(io, &((struct state *)state)->seen);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_covariance_free(&s->seen);
    free(s->variance);
    free(s->axes);
}

/* ROWS centred rows times the axes, sixteen components at a time.  Each sum
 * runs over the row in order, so a row's result does not depend on where it
 * stands; a library's product gives no such promise. */
MP_CLONES static void project(const float *restrict x, size_t d, const float *restrict axes,
                              size_t wide, float *restrict y)
{
    for (size_t j = 0; j < wide; j += MP_LANES) {
        /* Four arrays by name: compilers keep these in registers. */
        float a[MP_LANES] = { 0 }, b[MP_LANES] = { 0 };
        float e[MP_LANES] = { 0 }, f[MP_LANES] = { 0 };
        for (size_t i = 0; i < d; i++) {
            const float p = x[i], q = x[d + i], r = x[2 * d + i], s = x[3 * d + i];
            const float *v = axes + i * wide + j;
            for (int l = 0; l < MP_LANES; l++) {
                a[l] += p * v[l];
                b[l] += q * v[l];
                e[l] += r * v[l];
                f[l] += s * v[l];
            }
        }
        memcpy(y + j, a, sizeof a);
        memcpy(y + j + wide, b, sizeof b);
        memcpy(y + j + 2 * wide, e, sizeof e);
        memcpy(y + j + 3 * wide, f, sizeof f);
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), m = mp_len(out->shape);
    const size_t k = s->k, wide = (size_t)mp_lanes((int)k);
    float *z = mp_scratch(c, ROWS * d), *y = mp_scratch(c, ROWS * wide);
    (void)params;

    if (z == NULL || y == NULL)
        return -1;
    if (d != s->seen.d || k != m)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", k,
                       (size_t)s->seen.d, m, d);
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        if (n < ROWS)
            memset(z, 0, ROWS * d * sizeof *z);
        for (size_t r = 0; r < n; r++)
            for (size_t j = 0; j < d; j++)
                z[r * d + j] = (float)((double)in->x[(i + r) * d + j] - s->seen.mean[j]);
        project(z, d, s->axes, wide, y);
        for (size_t r = 0; r < n; r++)
            memcpy(out->x + (i + r) * k, y + r * wide, k * sizeof *y);
    }
    return MP_OK;
}

/* The components, largest variance first. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    const size_t wide = (size_t)mp_lanes((int)s->k);
    int rc = MP_OK;
    (void)params;
    for (size_t j = 0; j < s->k && mp_len(image) == s->seen.d && rc == MP_OK; j++) {
        char name[48];
        snprintf(name, sizeof name, "component %zu", j + 1);
        rc = mp_see(c, v, name, s->axes + j, image, wide);
    }
    return rc;
}

static int prepare(struct mp_ctx *c)
{
    return mp_eigen_load(c) < 0 ? -1 : mp_dnn_load(c);
}

MP_STAGE(pca) = {
    .brief = "Keep the directions in which rows vary most",
    .doc = "Describes a row by few numbers: how far it goes along the directions in which\n"
           "the training rows differ most.\n"
           "\n"
           "Principal component analysis: rows less their mean, seen along the eigenvectors\n"
           "of the training rows' covariance, largest variance first.  The values are those\n"
           "of scikit-learn's PCA; of every component the largest loading is positive.\n"
           "\n"
           "With variance=0.95 components after those that explain 95 % of the variance are\n"
           "given as 0; \"components=0 variance=0.95\" keeps as many as that takes, in rows as\n"
           "long as they were.  With `rows` or `every` it learns from fewer training rows, evenly\n"
           "spaced, as if there were no others: these are not even made.  A covariance is well\n"
           "known from some hundred rows for each value.  Whitening divides by the standard\n"
           "deviation, and gives 0 for components without variance.  There cannot be more\n"
           "components than training rows.\n"
           "Memory for rows of d values: 12 d^2 bytes, or 4 d^2 for each thread and once more.",
    .example = "pca components=20",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.prepare = prepare, .pictures = pictures, .shard = shard,
                           .every = every),
};
