/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nystroem.c - features whose inner products are a kernel, by way of rows drawn as landmarks.
 *
 * Method: with K the kernel of the landmarks and k(x) that of a row with each, K^-1/2 k(x) has
 * inner products k(x)' K^-1 k(y), which is the kernel itself for landmarks and near it for what is
 * like them: C. K. I. Williams and M. Seeger, "Using the Nystroem method to speed up kernel
 * machines" (2001).  Equal to scikit-learn's Nystroem of the same landmarks.  Those may be means of
 * clusters: K. Zhang, I. W. Tsang, J. T. Kwok, "Improved Nystroem low-rank approximation and error
 * analysis" (2008).  With least squares behind it that is the radial basis function network of the
 * 1990s.
 *
 * Cost: (values + landmarks) x landmarks multiply-adds a row; the root takes landmarks^3, 1.5 s for
 * 1000.  Means: TIMES passes over EACH rows a landmark, as dear as to apply.
 */
#include "core/exp.h"
#include "core/learner.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/kmeans.h"
#include "linear/rows_times.h"
#include "linear/sample.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS, MEANS }; /* order of .choices below */
enum { MAX_COMPONENTS = 2048, MAX_NUMBERS = 1 << 28 };
enum { EACH = 10, TIMES = 10 }; /* rows drawn for each mean, how often means are moved at most */

struct params {
    double gamma, scale;
    int components, landmarks;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "200", .min = 1, .max = MAX_COMPONENTS,
             .doc = "how many landmarks; where there are fewer training rows, the last values are "
                    "0"),
    MP_PARAM(landmarks, .def = "rows", .choices = "rows|means",
             .doc = "training rows, drawn at random; or means of the clusters of ten times as "
                    "many, which takes longer to learn"),
    MP_PARAM(gamma, .def = "0", .min = 0, .max = 1e12,
             .doc = "of the kernel exp(-gamma |x - y|^2); 0: from the rows drawn, by scale"),
    MP_PARAM(scale, .def = "0.1", .min = 1e-6, .max = 1e6,
             .doc = "what gamma=0 takes times the sum of the values' variances: rows at mean "
                    "distance have kernel exp(-2 scale)"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    uint64_t d, k, wide;   /* values, landmarks there are, that were wanted */
    double gamma;
    float *landmarks;      /* k x d */
    float *root;           /* k x wide: K^-1/2, and zeros */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_product(mp_len(in), (size_t)p->components) > MAX_NUMBERS)
        return mp_fail(c, "components=%d: more than %d numbers for rows of %zu values; fewer "
                       "components, or pca first", p->components, MAX_NUMBERS, mp_len(in));
    *out = (struct mp_shape){ 1, p->components, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "nystroem[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    s->d = mp_len(in->shape);
    return mp_sample_add(c, &s->seen,
                         (size_t)p->components * (p->landmarks == MEANS ? EACH : 1), in);
}

/* The kernel of the landmarks with each other, in double. */
static double *kernel(struct mp_ctx *c, const struct state *s)
{
    const size_t k = s->k, d = s->d;
    double *a = mp_alloc(c, k * k, sizeof *a);
    for (size_t i = 0; i < k && a != NULL; i++)
        for (size_t j = 0; j <= i; j++) {
            double far = 0;
            for (size_t e = 0; e < d; e++) {
                const double gap = (double)s->landmarks[i * d + e] -
                                   (double)s->landmarks[j * d + e];
                far += gap * gap;
            }
            a[i * k + j] = a[j * k + i] = exp(-s->gamma * far);
        }
    return a;
}

struct rooting {
    const double *values, *vectors;
    float *root;
    size_t k, n, wide; /* n: vectors that count */
};

/* Row i of vectors' values^-1/2 vectors. */
static int root_row(struct mp_ctx *c, void *arg, size_t i)
{
    const struct rooting *r = arg;
    (void)c;
    for (size_t j = 0; j < r->k; j++) {
        double sum = 0;
        for (size_t e = 0; e < r->n; e++)
            sum += r->vectors[e * r->k + i] * r->vectors[e * r->k + j] / sqrt(r->values[e]);
        r->root[i * r->wide + j] = (float)sum;
    }
    return MP_OK;
}

/* Directions in which landmarks hardly differ, less than f32 tells, say nothing of a row. */
static int take_root(struct mp_ctx *c, struct state *s)
{
    const size_t k = s->k;
    double *a = kernel(c, s), *values = a == NULL ? NULL : mp_alloc(c, k + k * k, sizeof *values);
    s->root = values == NULL ? NULL : mp_alloc(c, k * s->wide, sizeof *s->root);
    int rc = s->root == NULL ? -1 : mp_eigen_top(c, a, k, k, values, values + k);
    if (rc >= 0) {
        struct rooting r = { values, values + k, s->root, k, 0, s->wide };
        while (r.n < k && values[r.n] > 1e-7 * values[0])
            r.n++;
        rc = mp_parallel_for(c, k, root_row, &r);
    }
    free(a);
    free(values);
    return rc;
}

/* Of n rows drawn: the first, in the order in which they were drawn, or the means of the clusters
 * that begin with them. */
static int choose(struct mp_ctx *c, const struct params *p, struct state *s, const float *x,
                  size_t n)
{
    double error;
    s->k = n < (size_t)p->components ? n : (size_t)p->components;
    s->wide = (uint64_t)p->components;
    s->landmarks = mp_alloc(c, s->k * s->d, sizeof *s->landmarks);
    if (s->landmarks == NULL)
        return -1;
    memcpy(s->landmarks, x, s->k * s->d * sizeof *x);
    return p->landmarks == ROWS ? MP_OK
                                : mp_kmeans(c, x, n, s->d, s->landmarks, s->k, TIMES, &error);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const float *x = mp_sample_end(c, &s->seen, p->landmarks == ROWS);
    double *mean = x == NULL ? NULL : mp_alloc(c, s->d, sizeof *mean);
    if (mean == NULL)
        return -1;
    const double spread = mp_sample_spread(x, s->seen.n, s->d, mean);
    free(mean);
    if (!isfinite(spread))
        return mp_fail(c, "the values' variances are not finite; make the values smaller");
    if (choose(c, p, s, x, s->seen.n) < 0)
        return -1;
    mp_sample_free(&s->seen);
    s->gamma = p->gamma > 0 ? p->gamma : spread > 0 ? fmin(p->scale / spread, 1e30) : 1;
    mp_remark(c, "gamma is %.6g", s->gamma);
    return take_root(c, s);
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "landmarks", &s->k) < 0 ||
        mp_io_u64(io, "components", &s->wide) < 0 ||
        mp_io_f64(io, "gamma", &s->gamma) < 0)
        return -1;
    if (s->k > s->wide || s->wide > MAX_COMPONENTS || mp_product(s->d, s->k) > MAX_NUMBERS)
        return mp_fail(mp_io_ctx(io), "%llu landmarks of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    if (mp_io_f32s(io, "rows", &s->landmarks, s->k * s->d) < 0)
        return -1;
    return mp_io_f32s(io, "root", &s->root, s->k * s->wide);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->landmarks);
    free(s->root);
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

MP_CLONES static void kernels(float *z, size_t n, float gamma)
{
    for (size_t i = 0; i < n; i++)
        z[i] = mp_exp(-gamma * z[i]);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = s->d, k = s->k, wide = s->wide;
    (void)params;
    if (mp_len(in->shape) != d || mp_len(out->shape) != wide)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", wide, d,
                       mp_len(out->shape), mp_len(in->shape));
    float *z = mp_scratch(c, in->n * k), *size = mp_scratch(c, in->n), *own = mp_scratch(c, k);
    if (z == NULL || size == NULL || own == NULL ||
        mp_rows_times(c, in->x, in->n, d, s->landmarks, k, true, z) < 0)
        return -1;
    mp_squares(in->x, in->n, d, size);
    mp_squares(s->landmarks, k, d, own);
    mp_distances(z, size, own, in->n, k);
    kernels(z, in->n * k, (float)s->gamma);
    return mp_rows_times(c, z, in->n, k, s->root, wide, false, out->x);
}

MP_STAGE(nystroem) = {
    .brief = "Map rows to their kernel with landmarks, made to be inner products",
    .doc = "Bends the space of the rows, as fourier does, about training rows drawn as landmarks:\n"
           "fewer of them come as near to the kernel as many random cosines, each at a higher\n"
           "price.\n"
           "\n"
           "The Gaussian kernel exp(-gamma |x - y|^2) of a row with each landmark, times the root\n"
           "of the inverse of the landmarks' own kernel.  Inner products of what comes out are\n"
           "the kernel of two landmarks exactly, and of other rows the nearer to it the more like\n"
           "landmarks they are.  Directions in which landmarks differ by less than 1e-7 of what\n"
           "they have in common are left out.  Equal to scikit-learn's Nystroem of the same\n"
           "landmarks; which are drawn depends on the seed.\n"
           "Reference: Williams and Seeger 2001, Using the Nystroem method to speed up kernel\n"
           "machines; Zhang, Tsang, Kwok 2008, Improved Nystroem low-rank approximation and error\n"
           "analysis.",
    .example = "nystroem components=40 scale=0.5",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = prepare, .ready = ready),
};
