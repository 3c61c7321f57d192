/* SPDX-License-Identifier: GPL-3.0-or-later */
/* randconv.c - what filters answer that nothing has trained, in each part of an image.
 *
 * Method: filters are drawn at random, or are pieces of training images; each, less its mean and
 * of length 1, goes over the image.  Its answers, squared (or their size, or what is above 0), are
 * averaged over each part of a grid, and of the mean a root is taken: M. D. McDonnell and T.
 * Vladusich, "Enhanced image classification with a fast-learning shallow convolutional neural
 * network" (2015), where a random layer and least squares follow.
 *
 * Cost: places x size^2 x count multiply-adds an image, as a product of matrices, and a few
 * steps for each place and filter.
 */
#include "core/learner.h"
#include "core/normal.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/sample.h"
#include "linear/windows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 7 }; /* of a filter, of images that are not small */
enum { RANDOM, SAMPLE };       /* order of .choices below */
enum { SQUARE, SIZE, ABOVE };
enum { BOX, OVERLAP };
enum { MAX_VALUES = 4096, MAX_FILTERS = 8192, TRIES = 32 };

struct params {
    double root;
    int size, step, margin, count, filters, answer, grid, pool, rows;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "side of a filter; 0: 7, or half the image's shorter side if that is less"),
    MP_PARAM(step, .def = "1", .min = 1, .max = 64, .unit = "px",
             .doc = "from one place to the next"),
    MP_PARAM(margin, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "of paper around the image, into which filters reach"),
    MP_PARAM(count, .def = "64", .min = 1, .max = MAX_FILTERS, .doc = "how many filters"),
    MP_PARAM(filters, .def = "sample", .choices = "random|sample",
             .doc = "normal random numbers, or pieces of training images that are not blank"),
    MP_PARAM(answer, .def = "square", .choices = "square|size|above",
             .doc = "what is averaged: squares, sizes, or what is above 0"),
    MP_PARAM(root, .def = "0.25", .min = 0.01, .max = 1, .doc = "power that means are taken to"),
    MP_PARAM(grid, .def = "5", .min = 1, .max = 64,
             .doc = "parts from top to bottom and from left to right that answers are averaged "
                    "in"),
    MP_PARAM(pool, .def = "soft", .choices = "box|soft",
             .doc = "parts lie side by side, or overlap as triangles twice as wide"),
    MP_PARAM(rows, .def = "2000", .min = 1, .max = 1000000,
             .doc = "training images that filters=sample are drawn from, at random"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    struct mp_shape image; /* until done() */
    uint64_t d, k;         /* values of a filter, filters */
    float *filters;        /* k x d */
};

static int windows_of(struct mp_ctx *c, const struct params *p, struct mp_shape image,
                      struct mp_windows *w)
{
    const int side = mp_windows_side(image, p->size, SIDE);
    return mp_windows_of(c, image, side, p->step, p->margin, w);
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
    if (p->grid > w.high || p->grid > w.wide)
        return mp_fail(c, "grid=%d: filters have %dx%d places; at most %d, or a smaller size",
                       p->grid, w.high, w.wide, w.high < w.wide ? w.high : w.wide);
    const size_t n = mp_product((size_t)(p->grid * p->grid), (size_t)p->count);
    if (n > 1 << 24)
        return mp_fail(c, "makes %zu values; at most %d: fewer filters or parts", n, 1 << 24);
    *out = (struct mp_shape){ 1, (int)n, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t k = (size_t)p->count, part = i / k, grid = (size_t)p->grid;
    (void)in;
    snprintf(text, size, "randconv[y=%zu,x=%zu,f=%zu]", part / grid, part % grid, i % k);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    struct mp_windows w;
    if (windows_of(c, p, in->shape, &w) < 0)
        return -1;
    s->d = w.d;
    s->image = in->shape;
    return mp_sample_add(c, &s->seen, p->filters == SAMPLE ? (size_t)p->rows : 1, in);
}

/* Less the mean, unless there is but one value; of length 1.  False: it is blank. */
static bool normalise(float *x, size_t d)
{
    double sum = 0, square = 0;
    for (size_t j = 0; j < d && d > 1; j++)
        sum += (double)x[j] / (double)d;
    for (size_t j = 0; j < d; j++)
        square += ((double)x[j] - sum) * ((double)x[j] - sum);
    for (size_t j = 0; j < d; j++)
        x[j] = square > 1e-8 ? (float)(((double)x[j] - sum) / sqrt(square)) : 0;
    return square > 1e-8;
}

static void draw(struct mp_ctx *c, size_t k, float *x, size_t d)
{
    mp_normals(c, UINT64_MAX - k, 1, d, x, 1);
    normalise(x, d);
}

/* A piece of image k, or of one after it, if that is blank where it was drawn. */
static void cut(struct mp_ctx *c, const struct state *s, const struct mp_windows *w, size_t k,
                const float *rows, float *x)
{
    for (size_t t = 0; t < TRIES; t++) {
        const size_t row = (k + t * s->k) % s->seen.n;
        mp_windows_at(w, rows + row * mp_len(s->image),
                      mp_random(c, UINT64_MAX - k, t) % mp_windows_places(w), x);
        if (normalise(x, s->d))
            return;
    }
    draw(c, k, x, s->d);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    struct mp_windows w;
    const float *rows = mp_sample_end(c, &s->seen, false);
    s->k = (uint64_t)p->count;
    s->filters = rows == NULL ? NULL : mp_alloc(c, s->k * s->d, sizeof *s->filters);
    if (s->filters == NULL ||
        windows_of(c, p, s->image, &w) < 0)
        return -1;
    for (size_t k = 0; k < s->k; k++)
        if (p->filters == RANDOM)
            draw(c, k, s->filters + k * s->d, s->d);
        else
            cut(c, s, &w, k, rows, s->filters + k * s->d);
    mp_sample_free(&s->seen);
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "count", &s->k) < 0)
        return -1;
    if (s->d > MAX_VALUES || s->k > MAX_FILTERS)
        return mp_fail(mp_io_ctx(io), "%llu filters of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    return mp_io_f32s(io, "filters", &s->filters, s->k * s->d);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->filters);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    (void)params, (void)state, (void)in;
    return mp_dnn_load(c);
}

/* ------------------------------------------------------------------ the work */

MP_CLONES static void answer(float *z, size_t n, int how)
{
    if (how == SQUARE)
        for (size_t i = 0; i < n; i++)
            z[i] *= z[i];
    else if (how == SIZE)
        for (size_t i = 0; i < n; i++)
            z[i] = fabsf(z[i]);
    else
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? z[i] : 0;
}

static void take_root(float *x, size_t n, double root)
{
    for (size_t i = 0; i < n && root < 1; i++)
        x[i] = root == 0.5 ? sqrtf(x[i]) : root == 0.25 ? sqrtf(sqrtf(x[i]))
                           : powf(x[i], (float)root);
}

struct work {
    const struct params *p;
    const struct state *s;
    struct mp_windows w;
    struct mp_pool pool;
    float *x, *z, *room; /* windows, answers of all places; what pooling needs */
};

static int describe(struct mp_ctx *c, const struct work *k, const float *image, float *to)
{
    const size_t n = mp_windows_places(&k->w), d = k->w.d, count = k->s->k;
    const size_t parts = (size_t)(k->p->grid * k->p->grid);
    mp_windows_take(&k->w, image, k->x);
    if (mp_gemm(false, true, n, count, d, 1, k->x, d, k->s->filters, d, 0, k->z, count) < 0)
        return mp_fail(c, "no memory for products of %zu windows", n);
    memset(to, 0, parts * count * sizeof *to);
    for (int y = 0; y < k->w.high; y++) {
        float *z = k->z + (size_t)y * (size_t)k->w.wide * count;
        answer(z, (size_t)k->w.wide * count, k->p->answer);
        mp_pool_row(&k->pool, y, z, count, k->room, to);
    }
    take_root(to, parts * count, k->p->root);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .p = params, .s = state };
    const size_t len = mp_len(in->shape), made = mp_len(out->shape);
    if (windows_of(c, k.p, in->shape, &k.w) < 0)
        return -1;
    if (k.w.d != k.s->d || k.s->k != (uint64_t)k.p->count)
        return mp_fail(c, "learned %zu filters of %zu values, not %d of %zu", (size_t)k.s->k,
                       (size_t)k.s->d, k.p->count, k.w.d);
    const size_t n = mp_windows_places(&k.w);
    k.x = mp_scratch(c, n * k.w.d);
    k.z = mp_scratch(c, n * k.s->k);
    k.room = mp_scratch(c, (size_t)k.p->grid * k.s->k);
    if (k.x == NULL || k.z == NULL || k.room == NULL ||
        mp_pool_of(c, k.w.high, k.w.wide, k.p->grid, k.p->pool == OVERLAP, &k.pool) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        if (describe(c, &k, in->x + i * len, out->x + i * made) < 0)
            return -1;
    return MP_OK;
}

MP_STAGE(randconv) = {
    .brief = "Average what random filters, or pieces of images, answer",
    .doc = "How strongly each of `count` filters, which nothing has trained, answers in each\n"
           "part of an image.\n"
           "\n"
           "Filters are drawn from a normal distribution, or are pieces of training images; each\n"
           "is less its mean and of length 1.  What they answer all over the image is squared\n"
           "(or its size is taken, or what is above 0) and averaged over each part of a grid,\n"
           "part by part; pool=soft has parts overlap.  A root of the mean follows: 0.25, of\n"
           "squares, is the one that the authors take.  Behind it they have a random layer, such\n"
           "as fourier, and least squares, which is ridge.  Filters go through all channels\n"
           "together.  What is drawn depends on the seed.\n"
           "Reference: McDonnell and Vladusich 2015, Enhanced image classification with a\n"
           "fast-learning shallow convolutional neural network.",
    .example = "randconv size=5 count=24 grid=4",
    .flags = MP_IMAGES | MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = mp_dnn_load, .ready = ready),
};
