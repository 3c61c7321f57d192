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
 * Cost: (values + landmarks) x landmarks multiply-adds a row, of pixels those of the values as
 * bytes; the root takes landmarks^3, 1.5 s for 1000.  Means: TIMES passes over EACH rows a
 * landmark, as dear as to apply.
 */
#include "core/exp.h"
#include "core/learner.h"
#include "core/simd.h"
#include "linear/byte_products.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/kmeans.h"
#include "linear/nearest.h"
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
    int8_t *down;          /* where all landmarks are pixels: these less 128, of 255; or NULL */
    int32_t *own;          /* of each then the sum of the squares of its pixels */
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

/* Eight sums side by side, so that the order of additions is the same on every processor. */
MP_CLONES static double square_gap(const float *restrict a, const float *restrict b, size_t d)
{
    double sum[8] = { 0 }, all = 0;
    for (size_t i = 0; i < d; i += 8)
        for (size_t l = 0; l < 8 && i + l < d; l++) {
            const double gap = (double)a[i + l] - (double)b[i + l];
            sum[l] += gap * gap;
        }
    for (size_t l = 0; l < 8; l++)
        all += sum[l];
    return all;
}

struct rooting {
    const struct state *s;
    double *a, *values, *vectors; /* a: the kernel of the landmarks with each other */
    size_t n;                     /* vectors that count */
};

/* Row i of the kernel, up to its diagonal. */
static int kernel_row(struct mp_ctx *c, void *arg, size_t i)
{
    const struct rooting *r = arg;
    const struct state *s = r->s;
    (void)c;
    for (size_t j = 0; j <= i; j++) {
        const double far = square_gap(s->landmarks + i * s->d, s->landmarks + j * s->d, s->d);
        r->a[i * s->k + j] = r->a[j * s->k + i] = exp(-s->gamma * far);
    }
    return MP_OK;
}

MP_CLONES static void add_times(double *restrict sum, double times, const double *restrict v,
                                size_t n)
{
    for (size_t j = 0; j < n; j++)
        sum[j] += times * v[j];
}

/* Row i of vectors' values^-1/2 vectors. */
static int root_row(struct mp_ctx *c, void *arg, size_t i)
{
    const struct rooting *r = arg;
    const size_t k = r->s->k;
    double *sum = (double *)(void *)mp_scratch(c, 2 * k);
    if (sum == NULL)
        return -1;
    memset(sum, 0, k * sizeof *sum);
    for (size_t e = 0; e < r->n; e++)
        add_times(sum, r->vectors[e * k + i] / sqrt(r->values[e]), r->vectors + e * k, k);
    for (size_t j = 0; j < k; j++)
        r->s->root[i * r->s->wide + j] = (float)sum[j];
    return MP_OK;
}

/* Directions in which landmarks hardly differ, less than f32 tells, say nothing of a row. */
static int take_root(struct mp_ctx *c, struct state *s)
{
    const size_t k = s->k;
    double *a = mp_alloc(c, 2 * k * k + k, sizeof *a);
    s->root = a == NULL ? NULL : mp_alloc(c, k * s->wide, sizeof *s->root);
    struct rooting r = { .s = s, .a = a, .values = a + k * k, .vectors = a + k * k + k };
    int rc = s->root == NULL ? -1 : mp_parallel_for(c, k, kernel_row, &r);
    if (rc >= 0)
        rc = mp_eigen_top(c, a, k, k, r.values, r.vectors);
    while (rc >= 0 && r.n < k && r.values[r.n] > 1e-7 * r.values[0])
        r.n++;
    if (rc >= 0)
        rc = mp_parallel_for(c, k, root_row, &r);
    free(a);
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
    free(s->down);
    free(s->own);
}

static int prepare(struct mp_ctx *c)
{
    return mp_dnn_load(c) < 0 ? -1 : mp_eigen_load(c);
}

MP_CLONES static void measure(const uint8_t *up, size_t d, int32_t *sum, int32_t *square)
{
    *sum = 0;
    *square = 0;
    for (size_t i = 0; i < d; i++) {
        *sum += up[i];
        *square += up[i] * up[i];
    }
}

/* Landmarks that are pixels are multiplied as such with rows that are, too: three times as fast,
 * and nothing is lost. */
static int take_bytes(struct mp_ctx *c, struct state *s)
{
    const size_t d = s->d, k = s->k;
    bool levels = true;
    uint8_t *up = mp_alloc(c, d, 1);
    s->down = up == NULL ? NULL : mp_alloc(c, k, d);
    s->own = s->down == NULL ? NULL : mp_alloc(c, k, sizeof *s->own);
    for (size_t i = 0; i < k && levels && s->own != NULL; i++) {
        int32_t sum;
        levels = mp_levels(s->landmarks + i * d, d, up);
        measure(up, d, &sum, &s->own[i]);
        for (size_t j = 0; j < d; j++)
            s->down[i * d + j] = (int8_t)(up[j] - 128);
    }
    free(up);
    if (s->own == NULL)
        return -1;
    if (!levels) {
        free(s->down);
        s->down = NULL;
    }
    return MP_OK;
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    struct state *s = state;
    bool bytes;
    (void)params, (void)in;
    if (mp_byte_products(c, false, s->d, &bytes) < 0)
        return -1;
    return bytes && s->d <= MP_BYTE_SUM / 2 ? take_bytes(c, s) : MP_OK;
}

MP_CLONES static void kernels(float *z, size_t n, float gamma)
{
    for (size_t i = 0; i < n; i++)
        z[i] = mp_exp(-gamma * z[i]);
}

/* Of one row with all landmarks, of products of its pixels and `down`. */
MP_CLONES static void kernels_of_bytes(const int32_t *restrict product, const int32_t *restrict own,
                                       size_t k, int32_t sum, int32_t square, float gamma,
                                       float *restrict z)
{
    for (size_t j = 0; j < k; j++)
        z[j] = mp_exp(-gamma * (float)(square + own[j] - 2 * (product[j] + 128 * sum)));
}

/* Of those of n rows that are pixels; *rows: how many they are. */
static int find_of_bytes(struct mp_ctx *c, const struct state *s, const float *x, size_t n,
                         float *z, size_t *rows)
{
    const size_t d = s->d, k = s->k;
    uint8_t *up = (uint8_t *)mp_scratch(c, n * d / sizeof(float) + 1);
    int32_t *product = (int32_t *)(void *)mp_scratch(c, n * k), sum, square;
    uint32_t *row = (uint32_t *)(void *)mp_scratch(c, n);
    if (up == NULL || product == NULL || row == NULL)
        return -1;
    *rows = 0;
    for (size_t i = 0; i < n; i++)
        if (mp_levels(x + i * d, d, up + *rows * d))
            row[(*rows)++] = (uint32_t)i;
    if (*rows > 0 && mp_gemm_bytes(*rows, k, d, up, s->down, product, k) < 0)
        return mp_fail(c, "no memory for products of %zu rows", *rows);
    for (size_t i = 0; i < *rows; i++) {
        measure(up + i * d, d, &sum, &square);
        kernels_of_bytes(product + i * k, s->own, k, sum, square, (float)(s->gamma / (255 * 255)),
                         z + row[i] * k);
    }
    return MP_OK;
}

static int find_of_floats(struct mp_ctx *c, const struct state *s, const float *x, size_t n,
                          float *z)
{
    const size_t d = s->d, k = s->k;
    float *size = mp_scratch(c, n), *own = mp_scratch(c, k);
    if (size == NULL || own == NULL || mp_rows_times(c, x, n, d, s->landmarks, k, true, z) < 0)
        return -1;
    mp_squares(x, n, d, size);
    mp_squares(s->landmarks, k, d, own);
    mp_distances(z, size, own, n, k);
    kernels(z, n * k, (float)s->gamma);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = s->d, k = s->k, wide = s->wide;
    size_t rows = 0;
    (void)params;
    if (mp_len(in->shape) != d || mp_len(out->shape) != wide)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", wide, d,
                       mp_len(out->shape), mp_len(in->shape));
    float *z = mp_scratch(c, in->n * k);
    if (z == NULL || (s->down != NULL && find_of_bytes(c, s, in->x, in->n, z, &rows) < 0))
        return -1;
    /* What a row becomes must not depend on the others: those that are pixels are overwritten. */
    if (rows < in->n && (find_of_floats(c, s, in->x, in->n, z) < 0 ||
                         (rows > 0 && find_of_bytes(c, s, in->x, in->n, z, &rows) < 0)))
        return -1;
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
