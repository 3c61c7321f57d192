/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fourier.c - random Fourier features of the Gaussian kernel.
 *
 * Method: a Gaussian's Fourier transform is a Gaussian, so cosines of random directions
 * w ~ N(0, 2 gamma I) with random phases b have, as a mean, the kernel: the features
 * sqrt(2 / k) cos(w.x + b) of two rows x and y have inner product exp(-gamma |x - y|^2), give
 * or take 1 / sqrt(k) (Rahimi and Recht 2007, "Random features for large-scale kernel
 * machines").  Same law as scikit-learn's RBFSampler; the draws are our own.
 *
 * Directions and phases are kept in turns, so that a cosine needs no division by 2 pi.
 *
 * Cost: for each row values x components multiply-adds, and the cosines take as
 * long as a few values more; 8 us for 128 values and 4096 components on one core with AVX-512.
 */
#include "core/learner.h"
#include "core/normal.h"
#include "core/simd.h"
#include "linear/moments.h"
#include "linear/cosine.h"
#include "linear/dnn.h"
#include <stdlib.h>
#include <string.h>

/* A product takes this many rows, missing ones being 0, and components: as all products
 * are of one size, a row's values do not depend on where it stands.  A multiple of 6, which the
 * kernel of oneDNN for arm64 takes at a time: it adds up the rest in another order. */
enum { ROWS = 96, COLUMNS = 256, MAX_COMPONENTS = 65536, MAX_WEIGHTS = 1 << 28 };

static const double pi = 3.14159265358979323846;

struct params {
    double gamma, scale;
    int components;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "2048", .min = 1, .max = MAX_COMPONENTS,
             .doc = "how many cosines; the more, the closer to the kernel"),
    MP_PARAM(gamma, .def = "0", .min = 0, .max = 1e12,
             .doc = "of the kernel exp(-gamma |x - y|^2); 0: from the training rows, by scale"),
    MP_PARAM(scale, .def = "0.1", .min = 1e-6, .max = 1e6,
             .doc = "what gamma=0 takes times the sum of the values' variances: rows at mean "
                    "distance have kernel exp(-2 scale)"),
    MP_END
};

struct state {
    struct mp_moments seen; /* until done() */
    uint64_t d, k;          /* values of a row, components */
    double gamma;
    float *w;               /* d x mp_lanes(k): component j is column j, in turns */
    float *b;               /* k, in turns */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_product(mp_len(in), (size_t)mp_lanes(p->components)) > MAX_WEIGHTS)
        return mp_fail(c, "components=%d: more than %d weights for rows of %zu values; fewer "
                       "components, or pca first", p->components, MAX_WEIGHTS, mp_len(in));
    *out = (struct mp_shape){ 1, p->components, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params;
    (void)in;
    snprintf(text, size, "fourier[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    (void)params;
    return mp_moments_add(c, &s->seen, in);
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;
    return mp_moments_join(c, &a->seen, &b->seen);
}

/* One component's direction and phase. */
static int draw(struct mp_ctx *c, void *arg, size_t j)
{
    struct state *s = arg;
    const size_t wide = (size_t)mp_lanes((int)s->k);
    const double sigma = sqrt(2 * s->gamma) / (2 * pi);
    mp_normals(c, j, sigma, s->d, s->w + j, wide);
    s->b[j] = (float)mp_uniform(mp_random(c, j, UINT64_MAX));
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    double sum = 0;
    if (s->seen.rows == 0)
        return mp_fail(c, "no rows to learn from");
    s->d = s->seen.d;
    for (size_t j = 0; j < s->d; j++)
        sum += s->seen.spread[j] / (double)s->seen.rows;
    if (!isfinite(sum))
        return mp_fail(c, "the values' variances are not finite; make the values smaller");
    s->k = (uint64_t)p->components;
    /* Rows that are all the same have one kernel, whatever gamma. */
    s->gamma = p->gamma > 0 ? p->gamma : sum > 0 ? fmin(p->scale / sum, 1e30) : 1;
    mp_moments_free(&s->seen);
    s->w = mp_alloc(c, s->d * (size_t)mp_lanes((int)s->k), sizeof *s->w);
    s->b = mp_alloc(c, s->k, sizeof *s->b);
    if (s->w == NULL || s->b == NULL)
        return -1;
    mp_remark(c, "gamma is %.6g", s->gamma);
    return mp_parallel_for(c, s->k, draw, s);
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "components", &s->k) < 0 ||
        mp_io_f64(io, "gamma", &s->gamma) < 0)
        return -1;
    if (s->k > MAX_COMPONENTS ||
        mp_product(s->d, (size_t)mp_lanes((int)s->k)) > MAX_WEIGHTS)
        return mp_fail(mp_io_ctx(io), "%llu components of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    if (mp_io_f32s(io, "directions", &s->w, s->d * (size_t)mp_lanes((int)s->k)) < 0)
        return -1;
    return mp_io_f32s(io, "phases", &s->b, s->k);
}

static int shard(struct mp_io *io, void *state)
{
    return mp_moments_io(io, &((struct state *)state)->seen, "spread");
}

static void clear(void *state)
{
    struct state *s = state;
    mp_moments_free(&s->seen);
    free(s->w);
    free(s->b);
}

/* n x m of what apply() gives, rows `wide` apart, from products in turns. */
MP_CLONES static void cosines(const float *restrict z, const float *restrict b, float scale,
                              size_t n, size_t m, float *restrict y, size_t wide)
{
    for (size_t r = 0; r < n; r++, z += COLUMNS, y += wide)
        for (size_t j = 0; j < m; j++)
            y[j] = scale * mp_cos_turns(z[j] + b[j]);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    (void)params;
    (void)state;
    (void)in;
    return mp_dnn_load(c);
}

/* n <= ROWS rows, of which x has ROWS. */
static int transform(struct mp_ctx *c, const struct state *s, const float *x, size_t n, float *z,
                     float *y)
{
    const size_t k = s->k, wide = (size_t)mp_lanes((int)k);
    const float scale = (float)sqrt(2 / (double)k);
    for (size_t j = 0; j < k; j += COLUMNS) {
        const size_t all = wide - j < COLUMNS ? wide - j : COLUMNS;
        if (mp_gemm(false, false, ROWS, all, s->d, 1, x, s->d, s->w + j, wide, 0, z, COLUMNS) < 0)
            return mp_fail(c, "no memory for products of %d rows", ROWS);
        cosines(z, s->b + j, scale, n, k - j < all ? k - j : all, y + j, k);
    }
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = mp_len(out->shape);
    float *z = mp_scratch(c, (size_t)ROWS * COLUMNS), *few = mp_scratch(c, ROWS * d);
    (void)params;
    if (z == NULL || few == NULL)
        return -1;
    if (d != s->d || k != s->k)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", (size_t)s->k,
                       (size_t)s->d, k, d);
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        const float *x = in->x + i * d;
        if (n < ROWS) {
            memcpy(few, x, n * d * sizeof *x);
            memset(few + n * d, 0, (ROWS - n) * d * sizeof *x);
            x = few;
        }
        if (transform(c, s, x, n, z, out->x + i * k) < 0)
            return -1;
    }
    return MP_OK;
}

MP_STAGE(fourier) = {
    .brief = "Map rows to random cosines, whose inner products are a Gaussian kernel",
    .doc = "Bends the space of the rows, so that a linear model behind it can draw borders\n"
           "that are not straight.\n"
           "\n"
           "Random Fourier features: sqrt(2 / components) cos(w.x + b), with directions w drawn\n"
           "from a normal distribution of variance 2 gamma and phases b from the whole turn.\n"
           "Their inner products approach the kernel exp(-gamma |x - y|^2), so that a linear\n"
           "model behind them, such as ridge, is one with that kernel, at a cost that grows\n"
           "with the rows alone.  The law is that of scikit-learn's RBFSampler; the draws\n"
           "depend on the seed.\n"
           "\n"
           "Without gamma the training rows tell it: scale over the sum of their values'\n"
           "variances.  scale=1 is what scikit-learn calls gamma=\"scale\", for values of one\n"
           "mean.  Digits want a wider kernel.\n"
           "Reference: Rahimi and Recht 2007, Random features for large-scale kernel machines.",
    .example = "fourier components=100 scale=0.5",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.prepare = mp_dnn_load, .ready = ready, .shard = shard),
};
