/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hog.c - histograms of oriented gradients (Dalal and Triggs 2005).
 *
 * Method: central differences give every pixel a gradient; its magnitude goes
 * to the histogram bin of its direction, in the cell it lies in; overlapping
 * blocks of cells are scaled by their own norm.  cells=box with signed=no is
 * what skimage.feature.hog() of scikit-image computes, value for value.
 * cells=soft shares each magnitude linearly between the two nearest bins and
 * between all cells whose triangular window reaches the pixel.
 *
 * Sixteen images go side by side, one in each lane of the vector unit: every
 * inner loop runs over lanes, so any cell, window and number of bins is as
 * fast as another, and no image's result depends on its neighbours.  Of a row
 * of pixels only what lies between its first and last gradient is worked on.
 *
 * Cost: per pixel bins * (1 + windows reaching the pixel) vector steps for
 * sixteen images; 2 us for an image of 28x28 on one core with AVX-512.
 */
#include "core/simd.h"
#include "core/stage.h"
#include <limits.h>
#include <math.h>
#include <string.h>

enum { LANES = MP_LANES };     /* images that go side by side */
enum { BOX, SOFT };            /* order of .choices below */
enum { L1, L1SQRT, L2, L2HYS };

/* Part of describe() whatever its size, so that it is compiled along with it. */
#define INLINE static inline __attribute__((always_inline))

struct params {
    double window;
    int cell, block, stride, bins, norm, cells;
    bool directed;
};

static const struct mp_param table[] = {
    MP_PARAM(cell, .def = "4", .min = 1, .max = 256, .unit = "px",
             .doc = "side of a cell; pixels left over at the right and lower edge have none"),
    MP_PARAM(block, .def = "2", .min = 1, .max = 16, .unit = "cells",
             .doc = "side of a block, the area over which cells are scaled together"),
    MP_PARAM(stride, .def = "1", .min = 1, .max = 16, .unit = "cells",
             .doc = "from one block to the next"),
    MP_PARAM(bins, .def = "8", .min = 2, .max = 64, .unit = "bins",
             .doc = "directions told apart"),
    /* Spelled out, since the word is taken in C. */
    { .name = "signed", .type = MP_BOOL, .offset = offsetof(struct params, directed),
      .size = sizeof(bool), .def = "yes",
      .doc = "bins share the full turn; no: half a turn, light-to-dark is as dark-to-light" },
    MP_PARAM(norm, .def = "l1sqrt", .choices = "l1|l1sqrt|l2|l2hys",
             .doc = "what a block is divided by; l1sqrt takes the root after it, l2hys "
                    "limits values to 0.2 and divides again"),
    MP_PARAM(cells, .def = "soft", .choices = "box|soft",
             .doc = "a pixel votes in its own cell and bin, or in all near it by distance"),
    MP_PARAM(window, .def = "0", .min = 0, .max = 512, .unit = "px",
             .doc = "half width of the triangular window of cells=soft; 0: one and a half cells"),
    MP_END
};

struct grid {
    int h, w, c;   /* the image */
    int cy, cx;    /* cells */
    int by, bx;    /* blocks */
    size_t length; /* values of one image's descriptor */
};

/* What one call works with: tables, and room for sixteen images. */
struct work {
    const struct params *p;
    struct grid g;
    int span;               /* the most weights of a window in the tables */
    const float *wy, *wx;   /* the windows of cells, see windows() */
    const float *border;    /* cos and sin of each bin's border, see borders() */
    float *ring;            /* three rows of pixels, w * c * LANES each */
    float *line;            /* of one row of pixels: five values, w * LANES each */
    float *votes;           /* of one row of pixels: w * bins * LANES */
    float *weights;         /* of the cells that a row of pixels is in: cy */
    float *cell;            /* cy * cx * bins * LANES */
    float *tile;            /* block * block * bins * LANES */
};

static struct grid grid_of(const struct params *p, struct mp_shape s)
{
    struct grid g = { .h = s.h, .w = s.w, .c = s.c, .cy = s.h / p->cell, .cx = s.w / p->cell };
    g.by = g.cy < p->block ? 0 : (g.cy - p->block) / p->stride + 1;
    g.bx = g.cx < p->block ? 0 : (g.cx - p->block) / p->stride + 1;
    g.length = (size_t)g.by * (size_t)g.bx * (size_t)(p->block * p->block * p->bins);
    return g;
}

static double reach_of(const struct params *p)
{
    return p->cells == BOX ? 0.5 * p->cell : p->window > 0 ? p->window : 1.5 * p->cell;
}

static int span_of(const struct params *p, int n)
{
    const int span = (int)(2 * reach_of(p)) + 2;
    return span < n ? span : n;
}

/* For each cell along a line of n pixels: the first pixel that its window reaches,
 * how many it does, and their weights, which add up to 1 over a whole window. */
static void windows(const struct params *p, int span, int n, int cells, float *t)
{
    const double r = reach_of(p), side = p->cell;

    for (int k = 0; k < cells; k++, t += span + 2) {
        const double middle = (k + 0.5) * side;
        const int left = p->cells == BOX ? k * p->cell : (int)floor(middle - r - 0.5) + 1;
        const int first = left > 0 ? left : 0;
        int count = 0;
        for (int i = first; i < n && count < span; i++) {
            const double far = fabs(i + 0.5 - middle);
            if (p->cells == BOX ? count == p->cell : far >= r)
                break;
            t[2 + count++] = (float)(p->cells == BOX ? 1 / side : (1 - far / r) / r);
        }
        t[0] = (float)first;
        t[1] = (float)count;
    }
}

/* Directions of the borders between bins, in the half turn from 0; the larger
 * of |cos| and |sin| is 1, so that gradients at exactly 45, 90 or 135 degrees
 * are compared without rounding.  A third value tells the half turns apart. */
static void borders(const struct params *p, float *t)
{
    const double pi = 3.14159265358979323846;
    for (int i = 1; i < p->bins; i++, t += 3) {
        const double turn = (p->directed ? 2.0 : 1.0) * i / p->bins; /* in half turns */
        const double a = pi * (turn >= 1 ? turn - 1 : turn);
        const double c = fabs(cos(a)) < 1e-12 ? 0 : cos(a), s = sin(a);
        const double size = fmax(fabs(c), s);
        t[0] = (float)(c / size);
        t[1] = (float)(s / size);
        t[2] = turn >= 1 ? 1 : 0;
    }
}

/* One row of up to sixteen images, lane by lane; lanes without an image are blank. */
INLINE void load_row(const float *x, size_t n, size_t d, size_t len, float *restrict row)
{
    if (n < LANES)
        memset(row, 0, len * LANES * sizeof *row);
    mp_transpose(row, LANES, x, d, n, len);
}

/* Central differences of one row of pixels, 0 across the image's edge; of
 * several channels the strongest counts.  to: x, y and squared size. */
INLINE void gradients(const struct grid *g, const float *up, const float *mid, const float *down,
                      float *restrict gx, float *restrict gy, float *restrict sq)
{
    for (int x = 0; x < g->w; x++, gx += LANES, gy += LANES, sq += LANES) {
        const size_t at = (size_t)(x * g->c) * LANES;
        const size_t step = x == 0 || x == g->w - 1 ? 0 : (size_t)g->c * LANES;
        for (size_t l = 0; l < LANES; l++) {
            gx[l] = mid[at + step + l] - mid[at - step + l];
            gy[l] = down[at + l] - up[at + l];
            sq[l] = gx[l] * gx[l] + gy[l] * gy[l];
        }
        for (size_t i = at + LANES; i < at + (size_t)g->c * LANES; i++) {
            const float dx = mid[i + step] - mid[i - step], dy = down[i] - up[i];
            if (dx * dx + dy * dy > sq[i % LANES]) {
                gx[i % LANES] = dx;
                gy[i % LANES] = dy;
                sq[i % LANES] = dx * dx + dy * dy;
            }
        }
    }
}

/* The bin that holds each direction: its border <= direction < the next border. */
INLINE void hard_bins(float *restrict x, float *restrict y, float *restrict half,
                      float *restrict bin, size_t n, const struct params *p, const float *border)
{
    const float second = p->directed ? 1 : 0;

    for (size_t i = 0; i < n; i++) {
        const bool flip = (y[i] < 0) | ((y[i] == 0) & (x[i] < 0));
        const float sign = flip ? -1.0f : 1.0f;
        x[i] *= sign;
        y[i] *= sign;
        half[i] = flip ? second : 0;
        bin[i] = 0;
    }
    for (int b = 1; b < p->bins; b++, border += 3) {
        const float c = border[0], s = border[1], late = border[2];
        for (size_t i = 0; i < n; i++) {
            const float past = c * y[i] - s * x[i] >= 0 ? 1 : 0;
            /* A border in the second half turn is passed if that half is
             * reached and the rest of the angle passes; in the first, if either. */
            const float both = past + half[i] - late;
            bin[i] += both > 0 ? 1.0f : 0.0f;
        }
    }
}

/* Direction in turns, modulo 2 * half, half being 0.5 or 0.25.  Up to 45 degrees
 * it is t/8 + t(1-t)P(t), t the tangent: exact at both ends, within 1e-8 turns
 * between; P was fitted by weighted least squares. */
INLINE float turn(float x, float y, float half)
{
    const float a = fabsf(x), b = fabsf(y), gap = fabsf(a - b);
    const float t = (a + b - gap) / (a + b + gap + 1e-37f); /* less / more of the two */
    float s = 0.00374740433f;
    s = s * t - 0.0114290822f;
    s = s * t + 0.00514048481f;
    s = s * t + 0.0193703564f;
    s = s * t - 0.0211955052f;
    s = s * t - 0.0184876099f;
    s = s * t + 0.0341215544f;
    s = s * t + 0.0341558439f;
    s = 0.125f * t + t * (1 - t) * s;
    /* From an eighth of the turn to all of it, without branches. */
    s = 0.125f - copysignf(0.125f - s, a - b);
    s = 0.25f - copysignf(0.25f - s, x);
    return half - copysignf(1, y) * (half - s);
}

/* Each direction in bins, counted from the middle of bin 0. */
INLINE void soft_bins(const float *x, const float *y, float *restrict bin, size_t n,
                      const struct params *p)
{
    const float half = p->directed ? 0.5f : 0.25f, scale = (float)p->bins / (2 * half);
    for (size_t i = 0; i < n; i++)
        bin[i] = scale * turn(x[i], y[i], half) - 0.5f;
}

/* Pixels' sizes, shared by distance between the two bins whose middles are nearest;
 * bins go round, so the first is also the one after the last. */
INLINE void soft_votes(const float *size, const float *bin, size_t n, int bins,
                       float *restrict votes)
{
    const size_t step = (size_t)bins * LANES;

    for (size_t i = 0; i < n; i += LANES, votes += step) {
        float *last = votes + step - LANES;
        float far[LANES];
        for (size_t l = 0; l < LANES; l++)
            far[l] = size[i + l] * bin[i + l];
        for (size_t b = 0; b < (size_t)bins; b++)
            for (size_t l = 0; l < LANES; l++) {
                const float v = size[i + l] - fabsf(far[l] - size[i + l] * (float)b);
                votes[b * LANES + l] = v > 0 ? v : 0;
            }
        for (size_t l = 0; l < LANES; l++) {
            const float v = size[i + l] - fabsf(far[l] - size[i + l] * (float)bins);
            votes[l] += v > 0 ? v : 0;
        }
        for (size_t l = 0; l < LANES; l++) {
            const float v = size[i + l] - fabsf(far[l] + size[i + l]);
            last[l] += v > 0 ? v : 0;
        }
    }
}

typedef int32_t bits __attribute__((vector_size(sizeof(mp_vector))));

/* The same where each pixel has one bin. */
INLINE void hard_votes(const float *size, const float *bin, size_t n, int bins, float *votes)
{
    mp_vector *vote = (mp_vector *)votes;

    for (size_t i = 0; i < n; i += LANES, vote += bins) {
        const mp_vector v = *(const mp_vector *)(size + i), at = *(const mp_vector *)(bin + i);
        for (int b = 0; b < bins; b++) {
            const bits own = at == (float)b; /* all or none */
            vote[b] = (mp_vector)(own & (bits)v);
        }
    }
}

INLINE bool blank(const float *size)
{
    int any = 0;
    for (int l = 0; l < LANES; l++)
        any |= size[l] > 0;
    return any == 0;
}

/* What some pixels' votes for `many` bins, 1 or 4, add up to in one row of a window; that
 * goes to cells `up` .. down - 1 of a column of cells, each by its weight for this row. */
INLINE void pool(const struct work *w, const float *t, const mp_vector *votes, int n, int many,
                 const float *ty, mp_vector *cell, int cells)
{
    const size_t bins = (size_t)w->p->bins, step = (size_t)w->g.cx * bins;
    mp_vector a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

    for (int x = 0; x < n; x++, votes += bins) {
        a += t[x] * votes[0];
        if (many == 1)
            continue;
        b += t[x] * votes[1];
        c += t[x] * votes[2];
        d += t[x] * votes[3];
    }
    for (int j = 0; j < cells; j++, cell += step) {
        cell[0] += ty[j] * a;
        if (many == 1)
            continue;
        cell[1] += ty[j] * b;
        cell[2] += ty[j] * c;
        cell[3] += ty[j] * d;
    }
}

/* The votes of pixels from .. to - 1 of row y into all cells whose windows they are in. */
INLINE void add_row(const struct work *w, int y, int from, int to)
{
    const int bins = w->p->bins, entry = w->span + 2;
    int top = 0, cells = 0;

    for (int j = 0; j < w->g.cy; j++) {
        const float *t = w->wy + (size_t)j * (size_t)entry;
        const int at = y - (int)t[0];
        if (at < 0 || at >= (int)t[1])
            continue;
        top = cells == 0 ? j : top;
        w->weights[cells++] = t[2 + at];
    }
    for (int k = 0; k < w->g.cx; k++) {
        const float *t = w->wx + (size_t)k * (size_t)entry;
        const int first = (int)t[0], end = first + (int)t[1];
        const int x0 = first > from ? first : from, x1 = end < to ? end : to;
        const mp_vector *votes = (mp_vector *)w->votes + (x0 - from) * bins;
        mp_vector *cell = (mp_vector *)w->cell + (size_t)(top * w->g.cx + k) * (size_t)bins;
        int b = 0;
        if (x0 >= x1)
            continue;
        for (; b + 4 <= bins; b += 4)
            pool(w, t + 2 + x0 - first, votes + b, x1 - x0, 4, w->weights, cell + b, cells);
        for (; b < bins; b++)
            pool(w, t + 2 + x0 - first, votes + b, x1 - x0, 1, w->weights, cell + b, cells);
    }
}

/* Adds pixel row y, whose neighbours lie in the ring, to the histograms. */
INLINE void describe_row(const struct work *w, int y)
{
    const struct params *p = w->p;
    const size_t wide = (size_t)w->g.w * LANES;
    const bool edge = y == 0 || y == w->g.h - 1;
    const float *mid = w->ring + (size_t)(y % 3) * wide * (size_t)w->g.c;
    const float *up = w->ring + (size_t)((y + 2) % 3) * wide * (size_t)w->g.c;
    const float *down = w->ring + (size_t)((y + 1) % 3) * wide * (size_t)w->g.c;
    float *gx = w->line, *gy = gx + wide, *size = gy + wide, *half = size + wide;
    float *bin = half + wide;
    size_t from = 0, to = wide;

    gradients(&w->g, edge ? mid : up, mid, edge ? mid : down, gx, gy, size);
    while (to > 0 && blank(size + to - LANES))
        to -= LANES;
    while (from < to && blank(size + from))
        from += LANES;
    if (from == to)
        return;
    for (size_t i = from; i < to; i++)
        size[i] = sqrtf(size[i]);
    if (p->cells == BOX) {
        hard_bins(gx + from, gy + from, half, bin, to - from, p, w->border);
        hard_votes(size + from, bin, to - from, p->bins, w->votes);
    } else {
        soft_bins(gx + from, gy + from, bin, to - from, p);
        soft_votes(size + from, bin, to - from, p->bins, w->votes);
    }
    add_row(w, y, (int)(from / LANES), (int)(to / LANES));
}

/* Scales one block, whose upper left cell is at `cell`, and gives its values to
 * n descriptors that lie d apart. */
INLINE void block_out(const struct work *w, const float *cell, float *out, size_t n, size_t d)
{
    const int norm = w->p->norm, side = w->p->block;
    const size_t run = (size_t)(side * w->p->bins), all = run * (size_t)side;
    const size_t step = (size_t)w->g.cx * (size_t)w->p->bins;
    const mp_vector *from = (const mp_vector *)cell;
    mp_vector *tile = (mp_vector *)w->tile, sum = { 0 };
    const float eps = 1e-5f;
    float k[LANES];

    for (int y = 0; y < side; y++)
        for (size_t i = 0; i < run; i++) {
            const mp_vector v = from[(size_t)y * step + i];
            tile[(size_t)y * run + i] = v;
            if (norm <= L1SQRT)
                sum += v;
            else
                sum += v * v;
        }
    for (int l = 0; l < LANES; l++)
        k[l] = 1 / (norm <= L1SQRT ? sum[l] + eps : sqrtf(sum[l] + eps * eps));
    if (norm == L2HYS) {
        float rest[LANES] = { 0 };
        for (size_t i = 0; i < all; i++)
            for (size_t l = 0; l < LANES; l++) {
                const float v = w->tile[i * LANES + l] * k[l], u = v < 0.2f ? v : 0.2f;
                w->tile[i * LANES + l] = u;
                rest[l] += u * u;
            }
        for (int l = 0; l < LANES; l++)
            k[l] = 1 / sqrtf(rest[l] + eps * eps);
    }
    for (size_t i = 0; i < all; i++)
        for (size_t l = 0; l < LANES; l++) {
            const float v = w->tile[i * LANES + l] * k[l];
            w->tile[i * LANES + l] = norm == L1SQRT ? sqrtf(v) : v;
        }
    mp_transpose(out, d, w->tile, LANES, all, n);
}

/* The descriptors of n <= LANES images. */
MP_CLONES static void describe(const struct work *w, const float *x, size_t n, float *out)
{
    const struct grid *g = &w->g;
    const size_t bins = (size_t)w->p->bins, len = (size_t)g->w * (size_t)g->c;
    const size_t d = len * (size_t)g->h, row = (size_t)g->cx * bins;

    memset(w->cell, 0, (size_t)g->cy * row * LANES * sizeof *w->cell);
    load_row(x, n, d, len, w->ring);
    for (int y = 0; y < g->h; y++) {
        if (y + 1 < g->h)
            load_row(x + (size_t)(y + 1) * len, n, d, len,
                     w->ring + (size_t)((y + 1) % 3) * len * LANES);
        describe_row(w, y);
    }
    const size_t all = (size_t)(w->p->block * w->p->block) * bins;
    for (int y = 0; y < g->by; y++)
        for (int k = 0; k < g->bx; k++, out += all)
            block_out(w, w->cell + ((size_t)y * row + (size_t)k * bins) *
                             (size_t)w->p->stride * LANES, out, n, g->length);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const struct grid g = grid_of(p, in);
    const int side = p->block * p->cell;
    (void)state;

    if (p->window > 0 && (p->cells == BOX || p->window < 1))
        return mp_fail(c, "window=%g: %s", p->window, p->cells == BOX ?
                       "cells=box has none; leave it out or say cells=soft" :
                       "must be 0 or at least 1 px");
    if (g.by < 1 || g.bx < 1)
        return mp_fail(c, "an image of %dx%d is smaller than one block of %dx%d cells of %d px "
                       "(%dx%d px); use a smaller cell or block", in.h, in.w, p->block, p->block,
                       p->cell, side, side);
    if ((double)g.by * g.bx * p->block * p->block * p->bins > INT_MAX)
        return mp_fail(c, "more than %d values from an image of %dx%d; use a larger cell or "
                       "stride", INT_MAX, in.h, in.w);
    *out = (struct mp_shape){ 1, (int)g.length, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const struct grid g = grid_of(p, in);
    const size_t bins = (size_t)p->bins, side = (size_t)p->block, step = (size_t)p->stride;
    const size_t b = i % bins, cx = i / bins % side, cy = i / bins / side % side;
    const size_t block = i / bins / side / side;
    const size_t x = block % (size_t)g.bx * step, y = block / (size_t)g.bx * step;

    if (side == 1)
        snprintf(text, size, "hog[y=%zu,x=%zu,b=%zu]", y, x, b);
    else
        snprintf(text, size, "hog[y=%zu,x=%zu,cy=%zu,cx=%zu,b=%zu]", y, x, cy, cx, b);
}

/* Takes and fills what describe() needs. */
static int prepare(struct mp_ctx *c, const struct params *p, struct mp_shape in, struct work *w)
{
    const struct grid g = grid_of(p, in);
    const size_t bins = (size_t)p->bins, span = (size_t)span_of(p, g.h > g.w ? g.h : g.w);
    float *wy = mp_scratch(c, (size_t)g.cy * (span + 2));
    float *wx = mp_scratch(c, (size_t)g.cx * (span + 2));
    float *border = mp_scratch(c, 3 * bins);

    *w = (struct work){ .p = p, .g = g, .span = (int)span,
                        .wy = wy, .wx = wx, .border = border };
    w->ring = mp_scratch(c, 3 * LANES * (size_t)g.w * (size_t)g.c);
    w->line = mp_scratch(c, 5 * LANES * (size_t)g.w);
    w->votes = mp_scratch(c, LANES * bins * (size_t)g.w);
    w->weights = mp_scratch(c, (size_t)g.cy);
    w->cell = mp_scratch(c, LANES * bins * (size_t)g.cx * (size_t)g.cy);
    w->tile = mp_scratch(c, LANES * bins * (size_t)(p->block * p->block));
    if (wy == NULL || wx == NULL || border == NULL || w->ring == NULL || w->line == NULL ||
        w->votes == NULL || w->weights == NULL || w->cell == NULL || w->tile == NULL)
        return -1;
    windows(p, (int)span, g.h, g.cy, wy);
    windows(p, (int)span, g.w, g.cx, wx);
    borders(p, border);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t d = mp_len(in->shape);
    struct work w;
    (void)state;

    if (prepare(c, params, in->shape, &w) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i += LANES)
        describe(&w, in->x + i * d, in->n - i < LANES ? in->n - i : LANES,
                 out->x + i * w.g.length);
    return MP_OK;
}

MP_STAGE(hog) = {
    .brief = "Describe images by histograms of gradient directions",
    .doc = "Tells what strokes run where: the image is cut into cells, and of each cell it\n"
           "is counted how much ink changes in which direction. A model that sees these\n"
           "counts in place of pixels does not mind where exactly a stroke lies.\n"
           "\n"
           "Counts, cell by cell, which way and how strongly the brightness changes, and\n"
           "scales the counts by those of the cells around (Dalal and Triggs 2005,\n"
           "\"Histograms of oriented gradients for human detection\").\n"
           "\n"
           "The defaults are what reads digits best: directions over the full turn, votes\n"
           "shared linearly between bins and between overlapping triangular windows\n"
           "(cells=soft), and the square root of shares of the block (norm=l1sqrt).\n"
           "\"hog cell=8 block=3 bins=9 signed=no norm=l2hys cells=box\" gives the very values\n"
           "of scikit-image's hog() with its defaults, in the same order: block row, block\n"
           "column, cell row and cell column in the block, bin.  Bin b of n spans the angles\n"
           "from b to b + 1 nths of the turn (signed=no: of half a turn) from the direction\n"
           "\"darker to the right\" towards \"darker below\".  An image with channels is\n"
           "described by the strongest gradient at each pixel.  In a value's name y and x are\n"
           "the block's first cell, cy and cx the place in the block, b is the bin.",
    .example = "hog cell=7 bins=9 norm=l2hys",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
