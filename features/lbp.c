/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lbp.c - histograms of local binary patterns.
 *
 * Method: each pixel is told by which of the points on a circle around it are at least as dark
 * as it is, a number with a bit for each point (Ojala, Pietikainen and Maenpaa 2002,
 * "Multiresolution gray-scale and rotation invariant texture classification with local binary
 * patterns").  Between pixels a point's value is interpolated bilinearly; outside is paper.
 * Patterns with two changes at most around the circle have bins of their own, all others share
 * one.  Numbers are as in skimage.feature.local_binary_pattern.
 *
 * A row of pixels is compared with one point after another, so that inner loops run over
 * pixels.  Cost: eight flops for each point and pixel, and some steps a pixel to find its bin.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

enum { UNIFORM, NRI_UNIFORM }; /* order of .choices below */
enum { MOST_POINTS = 24 };

struct params {
    double radius;
    int points, method, grid;
};

static const struct mp_param table[] = {
    MP_PARAM(points, .def = "8", .min = 3, .max = MOST_POINTS, .doc = "points on the circle"),
    MP_PARAM(radius, .def = "1", .min = 0.5, .max = 32, .unit = "px", .doc = "of the circle"),
    MP_PARAM(method, .def = "uniform", .choices = "uniform|nri_uniform",
             .doc = "patterns that are turns of each other share a bin, or each has its own"),
    MP_PARAM(grid, .def = "4", .min = 1, .max = 256,
             .doc = "cells from top to bottom and from left to right, a histogram each"),
    MP_END
};

/* A point of the circle: the pixel up left of it, from the one in the middle, and what part of
 * the way it is to the next ones. */
struct point {
    int dy, dx;
    float down, right;
};

struct work {
    struct mp_shape s;
    const struct params *p;
    int margin;
    struct point points[MOST_POINTS];
    float *framed;   /* the plane in a frame of paper, `margin` wide */
    uint32_t *codes; /* of a row */
};

static int bins_of(const struct params *p)
{
    return p->method == UNIFORM ? p->points + 2 : p->points * (p->points - 1) + 3;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    return mp_described(c, in, (double)p->grid * p->grid * bins_of(p), out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t bins = (size_t)bins_of(p), grid = (size_t)p->grid;
    const struct mp_described d = mp_which(i, grid * grid * bins);
    const size_t cell = d.i / bins;
    mp_describe_name(text, size, in, d.channel, "lbp[y=%zu,x=%zu,b=%zu", cell / grid, cell % grid,
                     d.i % bins);
}

/* Numbered against the clock from the right, places rounded to 1e-5 px, as scikit-image does. */
static void circle(struct work *k)
{
    const struct params *p = k->p;
    for (int i = 0; i < p->points; i++) {
        const double angle = 2 * M_PI * i / p->points;
        const double y = rint(-1e5 * p->radius * sin(angle)) / 1e5;
        const double x = rint(1e5 * p->radius * cos(angle)) / 1e5;
        k->points[i] = (struct point){ (int)floor(y), (int)floor(x), (float)(y - floor(y)),
                                       (float)(x - floor(x)) };
    }
}

/* The patterns of w pixels whose first is at `mid` in a frame `wide` across. */
MP_CLONES static void code_row(const struct point *points, int n, const float *mid, ptrdiff_t wide,
                               int w, uint32_t *restrict codes)
{
    memset(codes, 0, (size_t)w * sizeof *codes);
    for (int i = 0; i < n; i++) {
        const struct point p = points[i];
        /* A point that needs no next pixel may have none within the frame. */
        const float *a = mid + p.dy * wide + p.dx, *b = a + (p.right > 0);
        const float *c = a + (p.down > 0 ? wide : 0), *d = c + (p.right > 0);
        const float right = p.right, down = p.down;
        for (int x = 0; x < w; x++) {
            const float up = (1 - right) * a[x] + right * b[x];
            const float low = (1 - right) * c[x] + right * d[x];
            const float v = (1 - down) * up + down * low;
            /* What is as dark is not to become lighter by rounding. */
            codes[x] |= (uint32_t)(v - mid[x] >= -1e-6f) << i;
        }
    }
}

static inline int bin_of(uint32_t code, int points, int method)
{
    const uint32_t all = ((uint32_t)1 << points) - 1;
    const uint32_t turned = code >> 1 | (code & 1) << (points - 1);
    const int ones = __builtin_popcount(code), changes = __builtin_popcount(code ^ turned);

    if (changes > 2)
        return method == UNIFORM ? points + 1 : points * (points - 1) + 2;
    if (method == UNIFORM)
        return ones;
    if (ones == 0 || ones == points)
        return ones == 0 ? 0 : points * (points - 1) + 1;
    /* The ones begin at their first; where they go on past the last point, at those after. */
    const int turn = (code & 1) ? ones - __builtin_ctz(~code & all) : points - __builtin_ctz(code);
    return 1 + (ones - 1) * points + turn;
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w, grid = k->p->grid, bins = bins_of(k->p);
    const ptrdiff_t wide = w + 2 * k->margin;
    float *first = k->framed + k->margin * (wide + 1);

    for (int y = 0; y < h; y++)
        memcpy(first + y * wide, plane + (size_t)y * (size_t)w, (size_t)w * sizeof *plane);
    memset(to, 0, (size_t)(grid * grid * bins) * sizeof *to);
    for (int y = 0; y < h; y++) {
        float *row = to + y * grid / h * grid * bins;
        code_row(k->points, k->p->points, first + y * wide, wide, w, k->codes);
        for (int x = 0; x < w; x++)
            row[x * grid / w * bins + bin_of(k->codes[x], k->p->points, k->p->method)]++;
    }
    for (int y = 0; y < grid; y++)
        for (int x = 0; x < grid; x++, to += bins) {
            /* Pixels y with y * grid / h == a cell's number. */
            const int rows = ((y + 1) * h + grid - 1) / grid - (y * h + grid - 1) / grid;
            const int columns = ((x + 1) * w + grid - 1) / grid - (x * w + grid - 1) / grid;
            for (int b = 0; b < bins && rows * columns > 0; b++)
                to[b] /= (float)(rows * columns);
        }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    struct work k = { .s = in->shape, .p = p, .margin = (int)ceil(p->radius) };
    const size_t margin = 2 * (size_t)k.margin;
    const size_t framed = ((size_t)k.s.h + margin) * ((size_t)k.s.w + margin);
    (void)state;

    k.framed = mp_scratch(c, framed);
    k.codes = (uint32_t *)mp_scratch(c, (size_t)k.s.w);
    if (k.framed == NULL || k.codes == NULL)
        return -1;
    memset(k.framed, 0, framed * sizeof *k.framed);
    circle(&k);
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(lbp) = {
    .brief = "Describe images by histograms of local binary patterns",
    .doc = "Tells what lies around each pixel, however dark the whole is: which of the points\n"
           "on a circle around it are at least as dark as the pixel itself.  Patterns with at\n"
           "most two changes around the circle are edges, corners, ends and flat places; all\n"
           "others are one more.  Each cell of the image has a histogram of its patterns, in\n"
           "shares of its pixels.\n"
           "\n"
           "method=uniform gives points + 2 bins a cell, in which turns do not matter: as many\n"
           "dark points as the bin's number, and last all others.  method=nri_uniform tells\n"
           "turns apart in points (points - 1) + 3 bins.  Patterns are those of scikit-image's\n"
           "local_binary_pattern, whose names these are, but that points which are as dark as\n"
           "the pixel but for rounding count as such.  Outside of the image is paper.\n"
           "Reference: Ojala, Pietikainen and Maenpaa 2002, \"Multiresolution gray-scale and\n"
           "rotation invariant texture classification with local binary patterns\".  Each\n"
           "channel of a colour image is described by itself, one channel after another.",
    .example = "lbp points=12 radius=1.5 method=nri_uniform grid=3",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
