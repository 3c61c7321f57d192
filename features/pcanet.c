/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcanet.c - histograms of what principal components of windows, and again of their answers, see.
 *
 * Method: filters of the first layer are the principal components of windows of training images,
 * less each window's mean; those of the second of windows of what the first answer.  Of each first
 * answer the signs of the second make a binary number at every pixel, and its histogram in each
 * part of a grid is the feature: T.-H. Chan, K. Jia, S. Gao, J. Lu, Z. Zeng, Y. Ma, "PCANet: a
 * simple deep learning baseline for image classification?" (2015).
 *
 * Cost: pixels x size^2 x first (1 + second) multiply-adds an image, as products of matrices.
 */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/sample.h"
#include "linear/windows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 512, MAX_BITS = 10 };

struct params {
    int size, first, second, grid, rows;
    bool root;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "5", .min = 3, .max = 21, .unit = "px",
             .doc = "side of a filter, odd; around images is paper"),
    MP_PARAM(first, .def = "4", .min = 1, .max = 64, .doc = "filters of the first layer"),
    MP_PARAM(second, .def = "5", .min = 1, .max = MAX_BITS,
             .doc = "filters of the second layer, bits of a number: histograms have 2^second "
                    "values"),
    MP_PARAM(grid, .def = "4", .min = 1, .max = 64,
             .doc = "parts from top to bottom and from left to right, each with its histograms"),
    MP_PARAM(root, .def = "yes", .doc = "take the root of what is in the histograms"),
    MP_PARAM(rows, .def = "500", .min = 1, .max = 1000000,
             .doc = "training images to learn from at most, drawn at random"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    struct mp_shape image; /* until done() */
    uint64_t d, area;      /* values of a filter of the first layer, of the second */
    uint64_t first, second;
    float *one, *two;      /* first x d, second x area: filters */
};

static int windows_of(struct mp_ctx *c, const struct params *p, struct mp_shape in,
                      struct mp_windows *w)
{
    if (p->size % 2 == 0)
        return mp_fail(c, "size=%d: must be odd, so that a filter has a middle", p->size);
    return mp_windows_of(c, in, p->size, 1, p->size / 2, w);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    struct mp_windows w;
    (void)state;
    if (windows_of(c, p, in, &w) < 0)
        return -1;
    if (w.d > MAX_VALUES)
        return mp_fail(c, "filters of %zu values; at most %d: a smaller size", w.d, MAX_VALUES);
    if ((size_t)p->first > w.d || p->second > p->size * p->size)
        return mp_fail(c, "windows of %zu values have no %d components; fewer filters, or a "
                       "larger size", w.d, p->first > p->second ? p->first : p->second);
    if (p->grid > in.h || p->grid > in.w)
        return mp_fail(c, "grid=%d: an image of %dx%d has no so many parts; at most %d", p->grid,
                       in.h, in.w, in.h < in.w ? in.h : in.w);
    const size_t n = mp_product((size_t)(p->grid * p->grid),
                                (size_t)p->first << p->second);
    if (n > 1 << 24)
        return mp_fail(c, "makes %zu values; at most %d: fewer filters or parts", n, 1 << 24);
    *out = (struct mp_shape){ 1, (int)n, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t bins = (size_t)1 << p->second, grid = (size_t)p->grid;
    const size_t part = i / bins % (grid * grid);
    (void)in;
    snprintf(text, size, "pcanet[f=%zu,y=%zu,x=%zu,b=%zu]", i / bins / (grid * grid),
             part / grid, part % grid, i % bins);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    s->image = in->shape;
    return mp_sample_add(c, &s->seen, (size_t)p->rows, in);
}

/* ------------------------------------------------------------------ one image */

/* What k filters answer at each pixel of an image: n x k.  x: room for its windows. */
static int answer(struct mp_ctx *c, const struct mp_windows *w, const float *image,
                  const float *filters, size_t k, float *x, float *to)
{
    const size_t n = mp_windows_places(w);
    mp_windows_take(w, image, x);
    mp_windows_level(x, n, w->d, 0);
    if (mp_gemm(false, true, n, k, w->d, 1, x, w->d, filters, w->d, 0, to, k) < 0)
        return mp_fail(c, "no memory for products of %zu windows", n);
    return MP_OK;
}

/* Answer k of all pixels as an image. */
static void plane(const float *answers, size_t n, size_t k, size_t at, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = answers[i * k + at];
}

/* ------------------------------------------------------------------ learning */

/* A part of the images: sums of products of their windows, of images or of first answers. */
enum { PARTS = 16 };
struct job {
    const struct params *p;
    const struct state *s;
    const float *rows;
    struct mp_windows one, two;
    bool deep;
    size_t d;
    double *sums; /* PARTS x d x d */
};

static int gather(struct mp_ctx *c, const struct job *b, const struct mp_windows *w,
                  const float *image, float *x, float *product, double *sum)
{
    const size_t n = mp_windows_places(w), d = w->d;
    mp_windows_take(w, image, x);
    mp_windows_level(x, n, d, 0);
    if (mp_gemm(true, false, d, d, n, 1, x, d, x, d, 0, product, d) < 0)
        return mp_fail(c, "no memory for products of %zu windows", n);
    for (size_t i = 0; i < d * d; i++)
        sum[i] += (double)product[i] / (double)b->s->seen.n;
    return MP_OK;
}

static int gather_part(struct mp_ctx *c, void *arg, size_t part)
{
    const struct job *b = arg;
    const size_t n = mp_windows_places(&b->one), len = mp_len(b->s->image), rows = b->s->seen.n;
    const size_t wide = b->one.d > b->two.d ? b->one.d : b->two.d, first = b->s->first;
    float *x = mp_scratch(c, n * wide), *product = mp_scratch(c, wide * wide);
    float *z = mp_scratch(c, n * first), *image = mp_scratch(c, n);
    double *sum = b->sums + part * b->d * b->d;
    if (x == NULL || product == NULL || z == NULL || image == NULL)
        return -1;
    for (size_t i = rows * part / PARTS; i < rows * (part + 1) / PARTS; i++) {
        if (!b->deep) {
            if (gather(c, b, &b->one, b->rows + i * len, x, product, sum) < 0)
                return -1;
            continue;
        }
        if (answer(c, &b->one, b->rows + i * len, b->s->one, first, x, z) < 0)
            return -1;
        for (size_t k = 0; k < first; k++) {
            plane(z, n, first, k, image);
            if (gather(c, b, &b->two, image, x, product, sum) < 0)
                return -1;
        }
    }
    return MP_OK;
}

/* Of the products' eigenvectors the leading ones, of each the largest value positive. */
static int components(struct mp_ctx *c, const double *a, size_t d, size_t k, float *filters)
{
    double *values = mp_alloc(c, k + k * d, sizeof *values), *v = values + k;
    if (values == NULL || mp_eigen_top(c, a, d, k, values, v) < 0) {
        free(values);
        return -1;
    }
    for (size_t e = 0; e < k; e++, v += d) {
        size_t top = 0;
        for (size_t j = 0; j < d; j++)
            top = fabs(v[j]) > fabs(v[top]) * (1 + 1e-6) ? j : top;
        for (size_t j = 0; j < d; j++)
            filters[e * d + j] = (float)(v[top] < 0 ? -v[j] : v[j]);
    }
    free(values);
    return MP_OK;
}

static int learn(struct mp_ctx *c, struct job *b, size_t d, bool deep, size_t k, float *filters)
{
    b->d = d;
    b->deep = deep;
    b->sums = mp_alloc(c, PARTS * d * d, sizeof *b->sums);
    int rc = b->sums == NULL ? -1 : mp_parallel_for(c, PARTS, gather_part, b);
    for (size_t part = 1; part < PARTS && rc >= 0; part++)
        for (size_t i = 0; i < d * d; i++)
            b->sums[i] += b->sums[part * d * d + i];
    if (rc >= 0)
        rc = components(c, b->sums, d, k, filters);
    free(b->sums);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    struct job b = { .p = p, .s = s, .rows = mp_sample_end(c, &s->seen, false) };
    const struct mp_shape answers = { s->image.h, s->image.w, 1 };
    if (b.rows == NULL || windows_of(c, p, s->image, &b.one) < 0 ||
        windows_of(c, p, answers, &b.two) < 0)
        return -1;
    s->d = b.one.d;
    s->area = b.two.d;
    s->first = (uint64_t)p->first;
    s->second = (uint64_t)p->second;
    s->one = mp_alloc(c, s->first * s->d, sizeof *s->one);
    s->two = s->one == NULL ? NULL : mp_alloc(c, s->second * s->area, sizeof *s->two);
    if (s->two == NULL || learn(c, &b, s->d, false, s->first, s->one) < 0 ||
        learn(c, &b, s->area, true, s->second, s->two) < 0)
        return -1;
    mp_sample_free(&s->seen);
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "area", &s->area) < 0 ||
        mp_io_u64(io, "first", &s->first) < 0 || mp_io_u64(io, "second", &s->second) < 0)
        return -1;
    if (s->d > MAX_VALUES || s->area > MAX_VALUES || s->first > 64 || s->second > MAX_BITS)
        return mp_fail(mp_io_ctx(io), "%llu filters of %llu values: damaged",
                       (unsigned long long)s->first, (unsigned long long)s->d);
    if (mp_io_f32s(io, "one", &s->one, s->first * s->d) < 0)
        return -1;
    return mp_io_f32s(io, "two", &s->two, s->second * s->area);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->one);
    free(s->two);
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

/* ------------------------------------------------------------------ the work */

struct work {
    const struct params *p;
    const struct state *s;
    struct mp_windows one, two;
    float *x, *z, *image, *z2; /* windows; first answers, one of them, and what is seen of it */
};

/* Adds the number that each pixel's signs make to the histogram of its part. */
static void count(const struct work *k, float *to)
{
    const int h = k->one.image.h, w = k->one.image.w, grid = k->p->grid;
    const size_t second = k->s->second, bins = (size_t)1 << second;
    const float *z = k->z2;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, z += second) {
            size_t number = 0;
            for (size_t b = 0; b < second; b++)
                number |= (size_t)(z[b] > 0) << b;
            to[(size_t)(y * grid / h * grid + x * grid / w) * bins + number]++;
        }
}

static int describe(struct mp_ctx *c, const struct work *k, const float *image, float *to)
{
    const size_t n = mp_windows_places(&k->one), first = k->s->first;
    const size_t each = (size_t)(k->p->grid * k->p->grid) << k->s->second;
    memset(to, 0, first * each * sizeof *to);
    if (answer(c, &k->one, image, k->s->one, first, k->x, k->z) < 0)
        return -1;
    for (size_t f = 0; f < first; f++) {
        plane(k->z, n, first, f, k->image);
        if (answer(c, &k->two, k->image, k->s->two, k->s->second, k->x, k->z2) < 0)
            return -1;
        count(k, to + f * each);
    }
    for (size_t i = 0; i < first * each && k->p->root; i++)
        to[i] = sqrtf(to[i]);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .p = params, .s = state };
    const struct mp_shape answers = { in->shape.h, in->shape.w, 1 };
    const size_t len = mp_len(in->shape), made = mp_len(out->shape);
    if (windows_of(c, k.p, in->shape, &k.one) < 0 || windows_of(c, k.p, answers, &k.two) < 0)
        return -1;
    if (k.one.d != k.s->d || k.two.d != k.s->area || (uint64_t)k.p->first != k.s->first ||
        (uint64_t)k.p->second != k.s->second)
        return mp_fail(c, "learned %zu filters of %zu values, not %d of %zu", (size_t)k.s->first,
                       (size_t)k.s->d, k.p->first, k.one.d);
    const size_t n = mp_windows_places(&k.one), wide = k.one.d > k.two.d ? k.one.d : k.two.d;
    k.x = mp_scratch(c, n * wide);
    k.z = mp_scratch(c, n * k.s->first);
    k.image = mp_scratch(c, n);
    k.z2 = mp_scratch(c, n * k.s->second);
    if (k.x == NULL || k.z == NULL || k.image == NULL || k.z2 == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        if (describe(c, &k, in->x + i * len, out->x + i * made) < 0)
            return -1;
    return MP_OK;
}

MP_STAGE(pcanet) = {
    .brief = "Count signs of principal components of windows, two layers deep",
    .doc = "PCANet: two layers of filters that principal components are enough to learn, and\n"
           "histograms of what the second sees.\n"
           "\n"
           "The first layer's filters are the leading principal components of windows of training\n"
           "images, each less its mean; the second layer's those of windows of what the first\n"
           "ones answer.  For each first answer the signs of the second layer's make a number of\n"
           "`second` bits at each pixel, and how often each number is there in each part of a\n"
           "grid is given, or with root=yes, which a linear model takes better, its root: answer\n"
           "by answer, part by part.  The authors' parts overlap by a half.  Filters of the first\n"
           "layer go through all channels together.  Images are drawn by the seed.\n"
           "Reference: Chan and others 2015, PCANet: a simple deep learning baseline for image\n"
           "classification?",
    .example = "pcanet size=5 first=3 second=4 grid=2",
    .flags = MP_IMAGES | MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = prepare, .ready = ready),
};
