/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gabor.c - how much of a wave there is at every pixel, in several directions.
 *
 * The image convolved with exp(i k . p) G(p), a wave under a Gaussian: its real part answers to
 * strokes, its imaginary part to edges, its size to both.  J. G. Daugman, "Uncertainty relation
 * for resolution in space, spatial frequency, and orientation optimized by two-dimensional visual
 * cortical filters", J. Optical Society of America A 2 (1985) 1160-1169.
 *
 * The Gaussian is round, so that wave and Gaussian part into factors of x and of y:
 *
 *     even  cx cy - sx sy,   odd  sx cy + cx sy,   cx = G(x) cos(kx x) ...
 *
 * and each direction is two maps along the axes (image/axis.h), or four for the size.  Cost: that
 * of as many blurs of this sigma.  Defined by skimage.filters.gabor with sigma_x = sigma_y.
 */
#include "core/simd.h"
#include "image/axis.h"
#include <math.h>

enum { SIZE, EVEN, ODD }; /* order of .choices below */
enum { CHANNELS, MAX };

struct params {
    double wavelength, sigma, angle;
    int count, part, take, border;
};

static const struct mp_param table[] = {
    MP_PARAM(wavelength, .def = "6", .min = 2, .max = 40, .unit = "px",
             .doc = "length of the wave: about twice the width of strokes"),
    MP_PARAM(sigma, .def = "2.5", .min = 0.5, .max = 10, .unit = "px",
             .doc = "standard deviation of the Gaussian that the wave lies under"),
    MP_PARAM(angle, .def = "0", .min = -180, .max = 180, .unit = "degrees",
             .doc = "the first direction, that the wave runs in: 0 to the right, for upright "
                    "strokes, 90 down"),
    MP_PARAM(count, .def = "4", .min = 1, .max = 36,
             .doc = "how many directions, evenly over half a turn from the first on"),
    MP_PARAM(part, .def = "size", .choices = "size|even|odd",
             .doc = "what is kept of a complex answer: its size, or the part for strokes or for "
                    "edges"),
    MP_PARAM(take, .def = "channels", .choices = "channels|max",
             .doc = "a channel for each direction, or the largest value of all directions"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* One direction: maps by the products of factors, named down first. */
struct wave {
    struct mp_axes cc, ss, cs, sc;
    float *a, *b, *even, *odd; /* an image each */
};

/* The factor of one axis, cosine or sine, of a wave that turns by `turn` a pixel. */
static int factor(struct mp_ctx *c, struct mp_axis *axis, int n, double turn, int r, bool sine,
                  const struct params *p)
{
    double kernel[2 * MP_GAUSS_MOST + 1];

    for (int i = -r; i <= r; i++)
        kernel[i + r] = exp(-0.5 * i * i / (p->sigma * p->sigma)) / (sqrt(2 * M_PI) * p->sigma) *
                        (sine ? sin(turn * i) : cos(turn * i));
    return mp_axis_convolve(c, axis, n, kernel, r, (enum mp_border)p->border);
}

/* The window is as large as skimage's: three sigmas along the wave or across it. */
static int prepare(struct mp_ctx *c, const struct params *p, struct mp_shape s, double angle,
                   struct wave *w)
{
    const double co = cos(angle), si = sin(angle), k = 2 * M_PI / p->wavelength;
    const int r = (int)ceil(fmax(3 * p->sigma * fmax(fabs(co), fabs(si)), 1) - 1e-9);
    struct mp_axes m = { .channels = (size_t)s.c };
    struct mp_axis cy, sy, cx, sx;

    if (factor(c, &cy, s.h, k * si, r, false, p) < 0 ||
        factor(c, &sy, s.h, k * si, r, true, p) < 0 ||
        factor(c, &cx, s.w, k * co, r, false, p) < 0 ||
        factor(c, &sx, s.w, k * co, r, true, p) < 0)
        return -1;
    m.down = cy;
    m.across = cx;
    if (mp_axes_room(c, &m) < 0)
        return -1;
    w->cc = w->ss = w->cs = w->sc = m;
    w->ss.down = w->sc.down = sy;
    w->ss.across = w->cs.across = sx;
    w->a = mp_scratch(c, mp_len(s));
    w->b = mp_scratch(c, mp_len(s));
    w->even = mp_scratch(c, mp_len(s));
    w->odd = mp_scratch(c, mp_len(s));
    return w->a == NULL || w->b == NULL || w->even == NULL || w->odd == NULL ? -1 : MP_OK;
}

MP_CLONES static void add(const float *a, const float *b, float scale_b, size_t n, float scale,
                          float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = scale * (a[i] + scale_b * b[i]);
}

MP_CLONES static void sizes(const float *a, const float *b, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = sqrtf(a[i] * a[i] + b[i] * b[i]);
}

/* A convolution meets the wave turned round: hence the sign of the odd part. */
static const float *answer(const struct wave *w, const struct params *p, const float *x, size_t n)
{
    if (p->part != ODD) {
        mp_axes_map(&w->cc, x, w->a);
        mp_axes_map(&w->ss, x, w->b);
        add(w->a, w->b, -1, n, 1, w->even);
    }
    if (p->part != EVEN) {
        mp_axes_map(&w->cs, x, w->a);
        mp_axes_map(&w->sc, x, w->b);
        add(w->a, w->b, 1, n, -1, w->odd);
    }
    if (p->part == SIZE)
        sizes(w->even, w->odd, n, w->even);
    return p->part == ODD ? w->odd : w->even;
}

/* Direction k of the answers of an image of n values. */
static void put(const struct params *p, int k, const float *answer, size_t n, float *to)
{
    const size_t step = p->take == CHANNELS ? (size_t)p->count : 1;
    to += p->take == CHANNELS ? k : 0;
    for (size_t i = 0; i < n; i++)
        if (p->take == CHANNELS || k == 0 || answer[i] > to[i])
            to[i * step] = answer[i];
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;

    if (p->take == CHANNELS && in.c > 1)
        return mp_fail(c, "makes channels of one channel, got %d x %d x %d; write grey above it, "
                       "or take=max", in.h, in.w, in.c);
    out->c = p->take == CHANNELS ? p->count : in.c;
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape);
    struct wave w;
    (void)state;

    for (int k = 0; k < p->count; k++) {
        const int mark = mp_scratch_mark(c);
        if (prepare(c, p, in->shape, (p->angle + 180.0 * k / p->count) * M_PI / 180, &w) < 0)
            return -1;
        for (size_t i = 0; i < in->n; i++)
            put(p, k, answer(&w, p, in->x + i * len, len), len, out->x + i * mp_len(out->shape));
        mp_scratch_release(c, mark);
    }
    return MP_OK;
}

MP_STAGE(gabor) = {
    .brief = "Find strokes by their direction with a bank of Gabor filters",
    .doc = "Each pixel becomes how much the image around it looks like a wave of the length and\n"
           "direction given, under a Gaussian: with count directions a channel for each, or with\n"
           "take=max the largest value.  part=even answers to strokes half a wavelength wide,\n"
           "odd to edges, and size to both, wherever in the wave they lie.  count=1 is one\n"
           "direction alone.  Channels are made of grey images; with take=max each channel of a\n"
           "colour image is looked at by itself.  Equals skimage.filters.gabor with\n"
           "frequency=1/wavelength, sigma_x=sigma_y=sigma and theta=angle in radians.",
    .example = "gabor count=8 wavelength=7",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
