/* SPDX-License-Identifier: GPL-3.0-or-later */
/* direction.c - gradients in eight directions, blurred and sampled.
 *
 * Method: C.-L. Liu, K. Nakashima, H. Sako and H. Fujisawa, "Handwritten digit recognition:
 * benchmarking of state-of-the-art techniques", Pattern Recognition 36 (2003) 2271-2285, where
 * it is the gradient feature.  Sobel's gradient is the sum of two vectors along the nearest of
 * the eight chain-code directions, the sides of a parallelogram; each direction has a map of
 * its own, which is blurred and sampled (axis.h).  Between the axis and the diagonal around it
 * a gradient of parts a > b is a - b along the axis and sqrt(2) b along the diagonal, so there
 * are no angles to work out.
 *
 * Cost: some thirty flops a pixel, and eight maps through two axes.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/axis.h"
#include "image/describe.h"
#include <math.h>
#include <string.h>

enum { DIRECTIONS = 8 };

struct params {
    double sigma;
    int grid;
    bool root;
};

static const struct mp_param table[] = {
    MP_PARAM(grid, .def = "5", .min = 1, .max = 256,
             .doc = "samples of each map from top to bottom and from left to right"),
    MP_PARAM(sigma, .def = "0", .min = 0, .max = 100, .unit = "px",
             .doc = "of the Gaussian; 0: sqrt(2) / pi times the distance of samples, Liu's"),
    MP_PARAM(root, .def = "yes", .doc = "take the root of each value, as Liu does"),
    MP_END
};

struct work {
    struct mp_shape s;
    const struct params *p;
    struct mp_axes axes;
    float *framed; /* the plane in a frame of paper a pixel wide */
    float *maps;   /* of each pixel, its part in each direction */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    return mp_described(c, in, (double)p->grid * p->grid * DIRECTIONS, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const size_t grid = (size_t)((const struct params *)params)->grid;
    const struct mp_described d = mp_which(i, grid * grid * DIRECTIONS);
    const size_t at = d.i / DIRECTIONS;
    mp_describe_name(text, size, in, d.channel, "direction[y=%zu,x=%zu,d=%zu", at / grid, at % grid,
                     d.i % DIRECTIONS);
}

/* Sobel's gradient of row y of a framed plane, x and y part, 4 at an edge of full ink. */
static inline void sobel(const float *up, const float *mid, const float *down, int w,
                         float *restrict gx, float *restrict gy)
{
    for (int x = 0; x < w; x++) {
        gx[x] = up[x + 2] + 2 * mid[x + 2] + down[x + 2] - (up[x] + 2 * mid[x] + down[x]);
        gy[x] = down[x] + 2 * down[x + 1] + down[x + 2] - (up[x] + 2 * up[x + 1] + up[x + 2]);
    }
}

static inline float above(float x)
{
    return x > 0 ? x : 0;
}

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

/* The parts in each direction, 1 at an edge of full ink along an axis. */
MP_CLONES static void part(const float *framed, int h, int w, float *restrict g,
                           float *restrict maps)
{
    const float axis = 0.25f, diagonal = 0.25f * 1.41421356f;
    const size_t wide = (size_t)w + 2;

    for (int y = 0; y < h; y++, framed += wide, maps += (size_t)w * DIRECTIONS) {
        sobel(framed, framed + wide, framed + 2 * wide, w, g, g + w);
        for (int x = 0; x < w; x++) {
            const float a = g[x], b = g[w + x];
            float *to = maps + (size_t)x * DIRECTIONS;
            to[0] = axis * above(a - fabsf(b));
            to[1] = diagonal * above(least(a, b));
            to[2] = axis * above(b - fabsf(a));
            to[3] = diagonal * above(least(-a, b));
            to[4] = axis * above(-a - fabsf(b));
            to[5] = diagonal * above(least(-a, -b));
            to[6] = axis * above(-b - fabsf(a));
            to[7] = diagonal * above(least(a, -b));
        }
    }
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    const int h = k->s.h, w = k->s.w;
    const size_t wide = (size_t)w + 2, n = (size_t)(k->p->grid * k->p->grid) * DIRECTIONS;

    for (int y = 0; y < h; y++)
        memcpy(k->framed + (size_t)(y + 1) * wide + 1, plane + (size_t)y * (size_t)w,
               (size_t)w * sizeof *plane);
    part(k->framed, h, w, k->framed + (size_t)(h + 2) * wide, k->maps);
    mp_axes_map(&k->axes, k->maps, to);
    for (size_t i = 0; i < n && k->p->root; i++)
        to[i] = sqrtf(to[i]);
}

/* Samples lie in the middle of equal parts of the axis.  The weights are those of a Gaussian
 * up to three deviations off, and sum to 1 where all of it lies within the image. */
static int sample(struct mp_ctx *c, const struct params *p, int n, struct mp_axis *a)
{
    const double step = (double)n / p->grid;
    const double sigma = p->sigma > 0 ? p->sigma : sqrt(2) / M_PI * step;
    const int most = 2 * (int)ceil(3 * sigma) + 2;

    if (mp_axis_new(c, a, n, p->grid, most) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *w = (double *)mp_scratch(c, (size_t)most * (sizeof *w / sizeof(float)));
    if (w == NULL)
        return -1;
    for (int i = 0; i < p->grid; i++) {
        const double centre = (i + 0.5) * step - 0.5;
        const int first = (int)floor(centre) - most / 2 + 1;
        double sum = 0;
        for (int k = 0; k < most; k++) {
            const double far = (first + k - centre) / sigma;
            sum += w[k] = fabs(far) <= 3 ? exp(-0.5 * far * far) : 0;
        }
        for (int k = 0; k < most; k++) /* 0: no pixel within three deviations of a narrow one */
            w[k] = sum > 0 ? w[k] / sum : 0;
        mp_axis_set(a, i, first, most, w, MP_ZERO);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_shape s = in->shape;
    const size_t framed = ((size_t)s.h + 2) * ((size_t)s.w + 2);
    struct work k = { .s = s, .p = params, .axes.channels = DIRECTIONS };
    (void)state;

    k.framed = mp_scratch(c, framed + 2 * (size_t)s.w);
    k.maps = mp_scratch(c, (size_t)s.h * (size_t)s.w * DIRECTIONS);
    if (k.framed == NULL || k.maps == NULL || sample(c, params, s.h, &k.axes.down) < 0 ||
        sample(c, params, s.w, &k.axes.across) < 0 || mp_axes_room(c, &k.axes) < 0)
        return -1;
    memset(k.framed, 0, framed * sizeof *k.framed);
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(direction) = {
    .brief = "Sample blurred maps of the gradient in eight directions",
    .doc = "One of the features that are known to read digits best: how much ink changes in\n"
           "which direction, at a few places of the image.\n"
           "\n"
           "Sobel's gradient at each pixel, paper being outside of the image, is parted along\n"
           "the two nearest of eight directions, \"darker to the right\", then turning towards\n"
           "\"darker below\".  The eight maps of these parts are blurred by a Gaussian and\n"
           "sampled at grid x grid places, the middles of even parts of the image, and the root\n"
           "of each sample is taken: 8 grid^2 values, the eight directions of a place side by\n"
           "side.  That is the gradient feature of Liu, Nakashima, Sako and Fujisawa 2003,\n"
           "\"Handwritten digit recognition: benchmarking of state-of-the-art techniques\",\n"
           "who sample images of 35 x 35 at 5 x 5 places.  Each channel of a colour image is\n"
           "described by itself, one channel after another.",
    .example = "direction grid=7 root=no",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
