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
 * fast as another, and no image's result depends on its neighbours.
 *
 * Cost: per pixel bins * (1 + windows reaching the pixel) vector steps for
 * sixteen images; 4 us for an image of 28x28 on one core with AVX-512.
 */
#include "simd.h"
#include "stage.h"
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
    int span;               /* room for weights per line of pixels in the tables */
    const float *ty, *tx;   /* windows that reach a line of pixels, see windows() */
    const float *border;    /* cos and sin of each bin's border, see borders() */
    float *ring;            /* three rows of pixels, w * c * LANES each */
    float *line;            /* of one row of pixels: five values, w * LANES each */
    float *votes;           /* bins * LANES */
    float *row;             /* histograms of one row of pixels: cx * bins * LANES */
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

static int span_of(const struct params *p)
{
    return (int)(2 * reach_of(p) / p->cell) + 2;
}

/* For each of n lines of pixels (rows or columns): number of the first window
 * that reaches it, how many do, and their weights, which add up to 1 over a
 * whole window. */
static void windows(const struct params *p, int n, int cells, float *t)
{
    const int span = span_of(p);
    const double r = reach_of(p), side = p->cell;

    for (int i = 0; i < n; i++, t += span + 2) {
        const int own = i / p->cell;
        int first = p->cells == BOX ? own : (int)floor((i + 0.5 - r) / side - 0.5) + 1;
        first = first < 0 ? 0 : first;
        int count = 0;
        for (int k = first; k < cells && count < span; k++) {
            const double far = fabs(i + 0.5 - (k + 0.5) * side);
            if (p->cells == BOX ? k > own : far >= r && k > own)
                break;
            t[2 + count++] = (float)(p->cells == BOX ? 1 / side : fmax(0, 1 - far / r) / r);
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
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < len; i++)
            row[i * LANES + l] = x[l * d + i];
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

INLINE float hat(float x)
{
    const float v = 1 - fabsf(x);
    return v > 0 ? v : 0;
}

/* One pixel's size, shared by distance between the two bins whose middles are
 * nearest; a whole number, as hard_bins() gives it, is at the middle of a bin. */
INLINE void vote(const float *size, const float *bin, int bins, float *restrict votes)
{
    for (int b = 0; b < bins; b++)
        for (int l = 0; l < LANES; l++)
            votes[b * LANES + l] = size[l] * hat(bin[l] - (float)b);
    float *last = votes + (bins - 1) * LANES;
    for (int l = 0; l < LANES; l++)
        votes[l] += size[l] * hat(bin[l] - (float)bins);
    for (int l = 0; l < LANES; l++)
        last[l] += size[l] * hat(bin[l] + 1);
}

INLINE bool blank(const float *size)
{
    int any = 0;
    for (int l = 0; l < LANES; l++)
        any |= size[l] > 0;
    return any == 0;
}

INLINE void add_scaled(float *restrict to, const float *restrict from, float k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < LANES; l++)
            to[i * LANES + l] += k * from[i * LANES + l];
}

/* The votes of pixel row y, whose neighbours lie in the ring, into w->row. */
INLINE void row_histograms(const struct work *w, int y)
{
    const struct params *p = w->p;
    const size_t bins = (size_t)p->bins, wide = (size_t)w->g.w * LANES;
    const bool edge = y == 0 || y == w->g.h - 1;
    const float *mid = w->ring + (size_t)(y % 3) * wide * (size_t)w->g.c;
    const float *up = w->ring + (size_t)((y + 2) % 3) * wide * (size_t)w->g.c;
    const float *down = w->ring + (size_t)((y + 1) % 3) * wide * (size_t)w->g.c;
    float *gx = w->line, *gy = gx + wide, *size = gy + wide, *half = size + wide;
    float *bin = half + wide;

    gradients(&w->g, edge ? mid : up, mid, edge ? mid : down, gx, gy, size);
    for (size_t i = 0; i < wide; i++)
        size[i] = sqrtf(size[i]);
    if (p->cells == BOX)
        hard_bins(gx, gy, half, bin, wide, p, w->border);
    else
        soft_bins(gx, gy, bin, wide, p);
    memset(w->row, 0, (size_t)w->g.cx * bins * LANES * sizeof *w->row);
    for (size_t x = 0; x < (size_t)w->g.w; x++) {
        const float *t = w->tx + x * (size_t)(w->span + 2);
        if (t[1] == 0 || blank(size + x * LANES))
            continue;
        vote(size + x * LANES, bin + x * LANES, p->bins, w->votes);
        for (int k = 0; k < (int)t[1]; k++)
            add_scaled(w->row + (size_t)((int)t[0] + k) * bins * LANES, w->votes, t[2 + k], bins);
    }
}

/* Scales one block, whose upper left cell is at `cell`, and gives its values to
 * n descriptors that lie d apart. */
INLINE void block_out(const struct work *w, const float *cell, float *out, size_t n, size_t d)
{
    const int norm = w->p->norm, side = w->p->block;
    const size_t run = (size_t)(side * w->p->bins), all = run * (size_t)side;
    const size_t step = (size_t)w->g.cx * (size_t)w->p->bins * LANES;
    const float eps = 1e-5f;
    float sum[LANES] = { 0 }, k[LANES];

    for (int y = 0; y < side; y++)
        memcpy(w->tile + (size_t)y * run * LANES, cell + (size_t)y * step,
               run * LANES * sizeof *cell);
    for (size_t i = 0; i < all; i++)
        for (size_t l = 0; l < LANES; l++) {
            const float v = w->tile[i * LANES + l];
            sum[l] += norm <= L1SQRT ? v : v * v;
        }
    for (int l = 0; l < LANES; l++)
        k[l] = 1 / (norm <= L1SQRT ? sum[l] + eps : sqrtf(sum[l] + eps * eps));
    if (norm == L2HYS) {
        memset(sum, 0, sizeof sum);
        for (size_t i = 0; i < all; i++)
            for (size_t l = 0; l < LANES; l++) {
                const float v = w->tile[i * LANES + l] * k[l], u = v < 0.2f ? v : 0.2f;
                w->tile[i * LANES + l] = u;
                sum[l] += u * u;
            }
        for (int l = 0; l < LANES; l++)
            k[l] = 1 / sqrtf(sum[l] + eps * eps);
    }
    for (size_t i = 0; i < all; i++)
        for (size_t l = 0; l < LANES; l++) {
            const float v = w->tile[i * LANES + l] * k[l];
            w->tile[i * LANES + l] = norm == L1SQRT ? sqrtf(v) : v;
        }
    for (size_t l = 0; l < n; l++)
        for (size_t i = 0; i < all; i++)
            out[l * d + i] = w->tile[i * LANES + l];
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
        const float *t = w->ty + (size_t)y * (size_t)(w->span + 2);
        if (y + 1 < g->h)
            load_row(x + (size_t)(y + 1) * len, n, d, len,
                     w->ring + (size_t)((y + 1) % 3) * len * LANES);
        if (t[1] == 0)
            continue;
        row_histograms(w, y);
        for (int k = 0; k < (int)t[1]; k++)
            add_scaled(w->cell + (size_t)((int)t[0] + k) * row * LANES, w->row, t[2 + k], row);
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
    const size_t bins = (size_t)p->bins, span = (size_t)span_of(p);
    float *ty = mp_scratch(c, (size_t)g.h * (span + 2));
    float *tx = mp_scratch(c, (size_t)g.w * (span + 2));
    float *border = mp_scratch(c, 3 * bins);

    *w = (struct work){ .p = p, .g = g, .span = (int)span,
                        .ty = ty, .tx = tx, .border = border };
    w->ring = mp_scratch(c, 3 * LANES * (size_t)g.w * (size_t)g.c);
    w->line = mp_scratch(c, 5 * LANES * (size_t)g.w);
    w->votes = mp_scratch(c, LANES * bins);
    w->row = mp_scratch(c, LANES * bins * (size_t)g.cx);
    w->cell = mp_scratch(c, LANES * bins * (size_t)g.cx * (size_t)g.cy);
    w->tile = mp_scratch(c, LANES * bins * (size_t)(p->block * p->block));
    if (ty == NULL || tx == NULL || border == NULL || w->ring == NULL || w->line == NULL ||
        w->votes == NULL || w->row == NULL || w->cell == NULL || w->tile == NULL)
        return -1;
    windows(p, g.h, g.cy, ty);
    windows(p, g.w, g.cx, tx);
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
    .doc = "Counts, cell by cell, which way and how strongly the brightness changes, and\n"
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
