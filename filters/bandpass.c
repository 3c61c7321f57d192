/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bandpass.c - keeps waves of some lengths.
 *
 * The image's cosine transform (type 2, which mirrors the image beyond its border), times a gain
 * for each frequency f, in waves a pixel, and back: S. Butterworth's ("On the theory of filter
 * amplifiers", Wireless Engineer 7, 1930, 536-541),
 *
 *     1 / (1 + (1 / (f longest))^(2 order))  times  1 / (1 + (f shortest)^(2 order))
 *
 * Both transforms are maps along the axes (image/axis.h) with a weight for each pixel, so an
 * image of n x n pixels costs 4 n^3 multiply-adds.  Defined by skimage.filters.butterworth, high
 * pass and then low pass, of the image and its mirror images, and by scipy.fft.dctn.
 */
#include "core/simd.h"
#include "image/axis.h"
#include "image/sign.h"
#include <math.h>

enum { MOST = 1024 }; /* pixels each way: beyond, an image takes seconds */

struct params {
    double longest, shortest;
    int order, negative;
};

static const struct mp_param table[] = {
    MP_PARAM(longest, .def = "16", .min = 0, .max = 10000, .unit = "px",
             .doc = "waves longer than this fade; 0: none"),
    MP_PARAM(shortest, .def = "4", .min = 0, .max = 10000, .unit = "px",
             .doc = "waves shorter than this fade; 0: none"),
    MP_PARAM(order, .def = "2", .min = 1, .max = 20, .doc = "how steeply they fade"),
    MP_PARAM(negative, .def = "keep", .choices = MP_NEGATIVES, .doc = MP_NEGATIVE_DOC),
    MP_END
};

/* The orthonormal cosine transform of an axis of n pixels, or its inverse; `row` has room for n
 * weights. */
static int transform(struct mp_ctx *c, struct mp_axis *a, int n, bool back, double *row)
{
    if (mp_axis_new(c, a, n, n, n) < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            const int wave = back ? k : i, at = back ? i : k;
            row[k] = sqrt((wave > 0 ? 2.0 : 1.0) / n) * cos(M_PI * (2 * at + 1) * wave / (2.0 * n));
        }
        mp_axis_set(a, i, 0, n, row, MP_ZERO);
    }
    return MP_OK;
}

static int prepare(struct mp_ctx *c, struct mp_shape s, bool back, struct mp_axes *m)
{
    const int most = s.h > s.w ? s.h : s.w;
    double *row = (double *)(void *)mp_scratch(c, (size_t)most * (sizeof *row / sizeof(float)));

    m->channels = (size_t)s.c;
    if (row == NULL || transform(c, &m->down, s.h, back, row) < 0 ||
        transform(c, &m->across, s.w, back, row) < 0)
        return -1;
    return mp_axes_room(c, m);
}

static double gain(const struct params *p, double f)
{
    const double high = f > 0 ? pow(1 / (f * p->longest), 2 * p->order) : HUGE_VAL;
    const double low = pow(f * p->shortest, 2 * p->order);

    return (p->longest > 0 ? 1 / (1 + high) : 1) / (1 + (p->shortest > 0 ? low : 0));
}

MP_CLONES static void weigh(float *x, const float *gains, size_t n, size_t channels)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < channels; k++)
            x[i * channels + k] *= gains[i];
}

MP_CLONES static void settle(float *x, size_t n, enum mp_negative negative)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mp_signed(x[i], negative);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)out;

    if (p->longest > 0 && p->longest <= p->shortest)
        return mp_fail(c, "longest=%g must be above shortest=%g", p->longest, p->shortest);
    if (in.h > MOST || in.w > MOST)
        return mp_fail(c, "takes images of up to %d x %d, got %d x %d; use dog for larger ones",
                       MOST, MOST, in.h, in.w);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct mp_shape s = in->shape;
    const size_t len = mp_len(s), channels = (size_t)s.c, n = len / channels;
    float *gains = mp_scratch(c, n), *waves = mp_scratch(c, len);
    struct mp_axes there, back;
    (void)state;

    if (gains == NULL || waves == NULL || prepare(c, s, false, &there) < 0 ||
        prepare(c, s, true, &back) < 0)
        return -1;
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++)
            gains[(size_t)y * (size_t)s.w + (size_t)x] =
                (float)gain(p, hypot(y / (2.0 * s.h), x / (2.0 * s.w)));
    for (size_t i = 0; i < in->n * len; i += len) {
        mp_axes_map(&there, in->x + i, waves);
        weigh(waves, gains, n, channels);
        mp_axes_map(&back, waves, out->x + i);
        settle(out->x + i, len, (enum mp_negative)p->negative);
    }
    return MP_OK;
}

MP_STAGE(bandpass) = {
    .brief = "Keep waves of some lengths, and let longer and shorter ones fade",
    .doc = "A Butterworth filter: waves of the length `longest` or `shortest` keep half of their\n"
           "height, those beyond fade the faster the higher the order.  longest=0 keeps slow\n"
           "changes and the mean grey (a low-pass), shortest=0 fine detail (a high-pass).  A\n"
           "stroke is half a wave: strokes of 2 to 8 pixels are waves of 4 to 16.  Without the\n"
           "mean grey, paper beside strokes is below 0.  The image is mirrored beyond its\n"
           "border.  dog does much the same with Gaussians, at any size; this takes images of up\n"
           "to 1024 x 1024.  Equals skimage.filters.butterworth, high-pass then low-pass with\n"
           "cutoff_frequency_ratio 1/longest and 1/shortest, of the image and its mirror images.",
    .example = "bandpass longest=12 shortest=3 negative=drop",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
