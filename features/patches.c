/* SPDX-License-Identifier: GPL-3.0-or-later */
/* patches.c - how much an image looks, in each of its parts, like small pieces of images.
 *
 * Method: windows of training images, each less its mean and over its deviation, are whitened
 * (ZCA); k-means finds pieces that are typical.  Of a row every window is compared with all of
 * them, and the answers are pooled over a grid: A. Coates, A. Y. Ng, H. Lee, "An analysis of
 * single-layer networks in unsupervised feature learning" (2011).  With answer=triangle a piece
 * gets max(0, mean distance to all - distance to it); answer=soft is max(0, +-product - alpha)
 * (Coates and Ng 2011, "The importance of encoding versus training with sparse coding").
 *
 * Cost: places x size^2 x (count + size^2) multiply-adds an image, as products of matrices, and a
 * few steps for each place and piece: 0.1 ms for 128 pieces of 6x6 px of 28x28 on one core with
 * AVX-512.
 */
#include "core/learner.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/kmeans.h"
#include "linear/sample.h"
#include "linear/windows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 6 }; /* of a window, of images that are not small */
enum { KMEANS, PCA, SAMPLE }; /* order of .choices below */
enum { TRIANGLE, SOFT };
enum { BOX, OVERLAP };
enum { MAX_VALUES = 2048, TRIES = 8 };

struct params {
    double level, whiten, alpha;
    int size, step, margin, count, learn, answer, grid, pool, rows, windows, times;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "side of a window; 0: 6, or half the image's shorter side if that is less"),
    MP_PARAM(step, .def = "1", .min = 1, .max = 64, .unit = "px",
             .doc = "from one window to the next"),
    MP_PARAM(margin, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "of paper around the image, into which windows reach"),
    MP_PARAM(count, .def = "64", .min = 1, .max = 8192, .doc = "how many pieces are learned"),
    MP_PARAM(learn, .def = "kmeans", .choices = "kmeans|pca|sample",
             .doc = "pieces are centres of clusters of windows, their principal components, or "
                    "windows as they are"),
    MP_PARAM(level, .def = "0.01", .min = 0, .max = 1e6,
             .doc = "added to a window's variance before it is divided by its root; 0: windows "
                    "keep their contrast"),
    MP_PARAM(whiten, .def = "0.1", .min = 0, .max = 1e6,
             .doc = "added to the variance of each component of windows before that is made 1; "
                    "0: no whitening"),
    MP_PARAM(answer, .def = "triangle", .choices = "triangle|soft",
             .doc = "how much nearer a piece is than all are; or what the product with it is "
                    "above alpha, and below -alpha"),
    MP_PARAM(alpha, .def = "0.25", .min = 0, .max = 1e6, .doc = "threshold of answer=soft"),
    MP_PARAM(grid, .def = "4", .min = 1, .max = 64,
             .doc = "parts from top to bottom and from left to right that answers are pooled in"),
    MP_PARAM(pool, .def = "soft", .choices = "box|soft",
             .doc = "parts lie side by side, or overlap as triangles twice as wide"),
    MP_PARAM(rows, .def = "2000", .min = 1, .max = 1000000,
             .doc = "training images that windows are drawn from, at random"),
    MP_PARAM(windows, .def = "20000", .min = 0, .max = 10000000,
             .doc = "windows to learn from, that are not blank where there are such; 0: all of "
                    "these images"),
    MP_PARAM(times, .def = "10", .min = 1, .max = 1000,
             .doc = "that k-means moves its centres at most"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    struct mp_shape image; /* until done() */
    uint64_t d, k;         /* values of a window, pieces */
    float *mean;           /* d: of windows */
    float *whiten;         /* d x d */
    float *pieces;         /* k x d */
};

static size_t answers_of(const struct params *p)
{
    return (size_t)p->count * (p->answer == SOFT ? 2 : 1);
}

static int windows_of(struct mp_ctx *c, const struct params *p, struct mp_shape image,
                      struct mp_windows *w)
{
    const int side = mp_windows_side(image, p->size, SIDE);
    if (side < 2)
        return mp_fail(c, "size=%d: windows of one pixel have no form; from 2 on", side);
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
        return mp_fail(c, "windows of %zu values; at most %d: a smaller size", w.d, MAX_VALUES);
    if (p->grid > w.high || p->grid > w.wide)
        return mp_fail(c, "grid=%d: windows have %dx%d places; at most %d, or a smaller size",
                       p->grid, w.high, w.wide, w.high < w.wide ? w.high : w.wide);
    if (p->learn == PCA && (size_t)p->count > w.d)
        return mp_fail(c, "count=%d: windows of %zu values have %zu components at most", p->count,
                       w.d, w.d);
    const size_t n = mp_product((size_t)(p->grid * p->grid), answers_of(p));
    if (n > 1 << 24)
        return mp_fail(c, "makes %zu values; at most %d: fewer pieces or parts", n, 1 << 24);
    *out = (struct mp_shape){ 1, (int)n, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t k = i % answers_of(p), part = i / answers_of(p), grid = (size_t)p->grid;
    const size_t count = (size_t)p->count;
    (void)in;
    snprintf(text, size, "patches[y=%zu,x=%zu,p=%s%zu]", part / grid, part % grid,
             k < count ? "" : "-", k % count);
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
    return mp_sample_add(c, &s->seen, (size_t)p->rows, in);
}

/* ------------------------------------------------------------------ learning */

MP_CLONES static bool blank(const float *x, size_t d)
{
    float least = x[0], most = x[0];
    for (size_t j = 0; j < d; j++) {
        least = x[j] < least ? x[j] : least;
        most = x[j] > most ? x[j] : most;
    }
    return !(most - least > 1e-3f);
}

/* n windows, of one image after the other, at random places. */
static void draw(struct mp_ctx *c, const struct state *s, const struct mp_windows *w,
                 const float *rows, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++, x += w->d)
        for (size_t t = 0; t < TRIES; t++) {
            const size_t place = mp_random(c, UINT64_MAX - i, t) % mp_windows_places(w);
            mp_windows_at(w, rows + i % s->seen.n * mp_len(s->image), place, x);
            if (!blank(x, w->d))
                break;
        }
}

/* The windows to learn from, *n of them. */
static float *gather(struct mp_ctx *c, const struct params *p, const struct state *s,
                     const float *rows, size_t *n)
{
    struct mp_windows w;
    if (windows_of(c, p, s->image, &w) < 0)
        return NULL;
    const size_t places = mp_windows_places(&w);
    *n = p->windows > 0 ? (size_t)p->windows : mp_product(s->seen.n, places);
    float *x = mp_alloc(c, mp_product(*n, w.d), sizeof *x);
    if (x == NULL)
        return NULL;
    if (p->windows > 0)
        draw(c, s, &w, rows, *n, x);
    for (size_t i = 0; i < s->seen.n && p->windows == 0; i++)
        mp_windows_take(&w, rows + i * mp_len(s->image), x + i * places * w.d);
    mp_windows_level(x, *n, w.d, (float)p->level);
    return x;
}

/* Takes the mean off, and adds up the covariance. */
static double *covariance(struct mp_ctx *c, struct state *s, float *x, size_t n)
{
    const size_t d = s->d;
    double *mean = mp_alloc(c, d + d * d, sizeof *mean);
    if (mean == NULL)
        return NULL;
    mp_sample_spread(x, n, d, mean);
    double *a = mean + d;
    for (size_t j = 0; j < d; j++)
        s->mean[j] = (float)mean[j];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] -= s->mean[j];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k < d; k++)
                a[j * d + k] += (double)(x[i * d + j] * x[i * d + k]) / (double)n;
    return mean;
}

/* Whitening: vectors' (l + whiten)^-1/2 vectors.  The leading vectors are the pieces of PCA. */
static void keep(const struct params *p, struct state *s, const double *values,
                 const double *vectors)
{
    const size_t d = s->d;
    for (size_t e = 0; e < d; e++) {
        const double scale = p->whiten > 0 ? 1 / sqrt(fmax(values[e], 0) + p->whiten) : 1;
        const double *v = vectors + e * d;
        size_t top = 0;
        for (size_t i = 0; i < d; i++) {
            top = fabs(v[i]) > fabs(v[top]) * (1 + 1e-9) ? i : top;
            for (size_t j = 0; j < d; j++)
                s->whiten[i * d + j] += (float)(scale * v[i] * v[j]);
        }
        for (size_t i = 0; i < d && p->learn == PCA && e < s->k; i++)
            s->pieces[e * d + i] = (float)(v[top] < 0 ? -v[i] : v[i]);
    }
}

static int decompose(struct mp_ctx *c, const struct params *p, struct state *s, float *x,
                     size_t n)
{
    const size_t d = s->d;
    double *a = covariance(c, s, x, n);
    double *values = a == NULL ? NULL : mp_alloc(c, d + d * d, sizeof *values);
    int rc = values == NULL ? -1 : mp_eigen_top(c, a + d, d, d, values, values + d);
    if (rc >= 0)
        keep(p, s, values, values + d);
    free(a);
    free(values);
    return rc;
}

/* n windows x, less the mean, as the pieces are compared with: in `to`. */
static int whiten(struct mp_ctx *c, const struct state *s, const float *x, size_t n, float *to)
{
    if (mp_gemm(false, false, n, s->d, s->d, 1, x, s->d, s->whiten, s->d, 0, to, s->d) < 0)
        return mp_fail(c, "no memory for products of %zu windows", n);
    return MP_OK;
}

static int find(struct mp_ctx *c, const struct params *p, struct state *s, const float *x,
                size_t n, float *white)
{
    double error = 0;
    if (p->learn == PCA)
        return MP_OK;
    if (whiten(c, s, x, n, white) < 0)
        return -1;
    for (size_t k = 0; k < s->k; k++)
        memcpy(s->pieces + k * s->d, white + k % n * s->d, s->d * sizeof *white);
    return p->learn == SAMPLE ? MP_OK
                              : mp_kmeans(c, white, n, s->d, s->pieces, s->k, p->times, &error);
}

/* For answer=soft pieces have length 1. */
static void normalise(const struct state *s)
{
    for (size_t k = 0; k < s->k; k++) {
        float *x = s->pieces + k * s->d, size;
        mp_squares(x, 1, s->d, &size);
        for (size_t j = 0; j < s->d && size > 0; j++)
            x[j] /= sqrtf(size);
    }
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const float *rows = mp_sample_end(c, &s->seen, false);
    if (rows == NULL)
        return -1;
    s->k = (uint64_t)p->count;
    s->mean = mp_alloc(c, s->d, sizeof *s->mean);
    s->whiten = s->mean == NULL ? NULL : mp_alloc(c, s->d * s->d, sizeof *s->whiten);
    s->pieces = s->whiten == NULL ? NULL : mp_alloc(c, s->k * s->d, sizeof *s->pieces);
    size_t n = 0;
    float *x = s->pieces == NULL ? NULL : gather(c, p, s, rows, &n);
    float *white = x == NULL ? NULL : mp_alloc(c, n * s->d, sizeof *white);
    int rc = white == NULL ? -1 : decompose(c, p, s, x, n);
    if (rc >= 0)
        rc = find(c, p, s, x, n, white);
    if (rc >= 0 && p->answer == SOFT)
        normalise(s);
    free(x);
    free(white);
    mp_sample_free(&s->seen);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "pieces", &s->k) < 0)
        return -1;
    if (s->d > MAX_VALUES || s->k > 8192)
        return mp_fail(mp_io_ctx(io), "%llu pieces of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    if (mp_io_f32s(io, "mean", &s->mean, s->d) < 0 ||
        mp_io_f32s(io, "whiten", &s->whiten, s->d * s->d) < 0)
        return -1;
    return mp_io_f32s(io, "pieces", &s->pieces, s->k * s->d);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->mean);
    free(s->whiten);
    free(s->pieces);
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
    struct mp_windows w;
    struct mp_pool pool;
    float *x, *white, *size; /* of all places: windows, whitened ones, their |x|^2 */
    float *z, *centre;       /* answers of all places; |piece|^2 */
    float *row, *room;       /* answers of a row of places; what pooling needs */
};

MP_CLONES static void centre(float *x, const float *mean, size_t n, size_t d)
{
    for (size_t i = 0; i < n; i++, x += d)
        for (size_t j = 0; j < d; j++)
            x[j] -= mean[j];
}

/* Of n places, squared distances to k pieces: how much nearer each is than all, on the mean. */
MP_CLONES static void triangle(const float *z, size_t n, size_t k, float *to)
{
    for (size_t i = 0; i < n; i++, z += k, to += k) {
        float sum = 0;
        for (size_t j = 0; j < k; j++)
            sum += to[j] = sqrtf(z[j]);
        const float mean = sum / (float)k;
        for (size_t j = 0; j < k; j++)
            to[j] = to[j] < mean ? mean - to[j] : 0;
    }
}

MP_CLONES static void soft(const float *z, size_t n, size_t k, float alpha, float *to)
{
    for (size_t i = 0; i < n; i++, z += k, to += 2 * k)
        for (size_t j = 0; j < k; j++) {
            to[j] = z[j] > alpha ? z[j] - alpha : 0;
            to[k + j] = z[j] < -alpha ? -z[j] - alpha : 0;
        }
}

static int prepare_work(struct mp_ctx *c, struct work *k, struct mp_shape in)
{
    if (windows_of(c, k->p, in, &k->w) < 0)
        return -1;
    if (k->w.d != k->s->d || k->s->k != (uint64_t)k->p->count)
        return mp_fail(c, "learned %zu pieces of %zu values, not %d of %zu", (size_t)k->s->k,
                       (size_t)k->s->d, k->p->count, k->w.d);
    const size_t n = mp_windows_places(&k->w), m = answers_of(k->p);
    k->x = mp_scratch(c, n * k->w.d);
    k->white = mp_scratch(c, n * k->w.d);
    k->size = mp_scratch(c, n);
    k->z = mp_scratch(c, n * k->s->k);
    k->centre = mp_scratch(c, k->s->k);
    k->row = mp_scratch(c, (size_t)k->w.wide * m);
    k->room = mp_scratch(c, (size_t)k->p->grid * m);
    if (k->x == NULL || k->white == NULL || k->size == NULL || k->z == NULL ||
        k->centre == NULL || k->row == NULL || k->room == NULL)
        return -1;
    mp_squares(k->s->pieces, k->s->k, k->s->d, k->centre);
    return mp_pool_of(c, k->w.high, k->w.wide, k->p->grid, k->p->pool == OVERLAP, &k->pool);
}

static int describe(struct mp_ctx *c, const struct work *k, const float *image, float *to)
{
    const size_t n = mp_windows_places(&k->w), d = k->w.d, count = k->s->k;
    const size_t m = answers_of(k->p), wide = (size_t)k->w.wide;
    mp_windows_take(&k->w, image, k->x);
    mp_windows_level(k->x, n, d, (float)k->p->level);
    centre(k->x, k->s->mean, n, d);
    if (whiten(c, k->s, k->x, n, k->white) < 0)
        return -1;
    if (mp_gemm(false, true, n, count, d, 1, k->white, d, k->s->pieces, d, 0, k->z, count) < 0)
        return mp_fail(c, "no memory for products of %zu windows", n);
    if (k->p->answer == TRIANGLE) {
        mp_squares(k->white, n, d, k->size);
        mp_distances(k->z, k->size, k->centre, n, count);
    }
    memset(to, 0, (size_t)(k->p->grid * k->p->grid) * m * sizeof *to);
    for (int y = 0; y < k->w.high; y++) {
        const float *z = k->z + (size_t)y * wide * count;
        if (k->p->answer == TRIANGLE)
            triangle(z, wide, count, k->row);
        else
            soft(z, wide, count, (float)k->p->alpha, k->row);
        mp_pool_row(&k->pool, y, k->row, m, k->room, to);
    }
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .p = params, .s = state };
    const size_t len = mp_len(in->shape), made = mp_len(out->shape);
    if (prepare_work(c, &k, in->shape) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++)
        if (describe(c, &k, in->x + i * len, out->x + i * made) < 0)
            return -1;
    return MP_OK;
}

MP_STAGE(patches) = {
    .brief = "Compare an image's windows with pieces learned from others",
    .doc = "How much each part of an image looks like each of `count` small pieces, which it\n"
           "learns from windows of training images without their classes.\n"
           "\n"
           "Windows are less their mean and divided by their deviation; then whitened, so that\n"
           "all their components vary alike.  Pieces are centres of k-means, principal\n"
           "components, or windows as they were drawn.  Of a row all windows are compared with\n"
           "all pieces.  answer=triangle: how much nearer a piece is than all are on the mean, or\n"
           "0.  answer=soft: two values, the product with the piece, of length 1, less alpha,\n"
           "and its opposite less alpha, or 0.  Of each part of a grid the mean is given, part\n"
           "by part; pool=soft has parts overlap.  A linear model takes it from there.  Windows\n"
           "are of all channels together.  What is drawn depends on the seed.\n"
           "Reference: Coates, Ng, Lee 2011, An analysis of single-layer networks in\n"
           "unsupervised feature learning.",
    .example = "patches size=5 count=24 grid=3 windows=2000",
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
