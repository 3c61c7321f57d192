/* SPDX-License-Identifier: GPL-3.0-or-later */
/* threshold.c - splits pixels into ink and paper.
 *
 * A pixel above the level is ink.  The level is given, or found for each image by
 * Otsu's method: of the 256 grey levels, the one that parts the pixels into two
 * classes whose means lie farthest apart, weighed by their sizes,
 *
 *     n1 n2 (mean1 - mean2)^2   to be largest,
 *
 * and of equals the lowest.  Reference: N. Otsu, "A threshold selection method from
 * gray-level histograms", IEEE Trans. SMC 9 (1979) 62-66; skimage.filters.
 * threshold_otsu and OpenCV's THRESH_OTSU give the same images.  Cost for an image
 * of 28 x 28: fixed 0.1 us, otsu about 1 us.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "core/stage.h"
#include "image/planes.h"

enum { FIXED, OTSU };

struct params {
    int method;
    double level;
    bool keep;
};

static const struct mp_param table[] = {
    MP_PARAM(method, .def = "fixed", .choices = "fixed|otsu",
             .doc = "the level is the one given, or found for each image by Otsu's method"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1,
             .doc = "with method=fixed, pixels above this are ink"),
    MP_PARAM(keep, .def = "no",
             .doc = "leave ink as dark as it is; otherwise ink becomes 1"),
    MP_END
};

/* Otsu's level of n pixels.  Sums of whole numbers: exact in double.  An image
 * of one level has no two classes: that level, so that all is paper. */
static int otsu(const uint8_t *b, size_t n)
{
    uint32_t count[MP_LEVELS];
    double sum = 0, n1 = 0, sum1 = 0, most = -1;
    int best = 0;

    mp_histogram(b, n, count);
    for (int k = 0; k < MP_LEVELS; k++)
        sum += (double)k * count[k];
    for (int k = 0; k < MP_LEVELS; k++) {
        if (count[k] == 0)
            continue;
        n1 += count[k];
        sum1 += (double)k * count[k];
        const double n2 = (double)n - n1, gap = sum1 * n2 - (sum - sum1) * n1;
        const double between = n2 > 0 ? gap * gap / (n1 * n2) : 0;
        if (between > most) {
            most = between;
            best = k;
        }
    }
    return best;
}

MP_CLONES
static void levels(const float *x, size_t n, uint8_t *b)
{
    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)mp_level(x[i]);
}

/* dst may be x, here and below. */
MP_CLONES
static void cut_floats(const float *x, size_t n, float level, bool keep, float *dst)
{
    if (keep)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dst[i] = x[i] > level ? x[i] : 0;
    else
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dst[i] = x[i] > level ? 1 : 0;
}

MP_CLONES
static void cut_bytes(const uint8_t *b, size_t n, uint8_t level, bool keep, uint8_t *dst)
{
    if (keep)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dst[i] = b[i] > level ? b[i] : 0;
    else
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            dst[i] = b[i] > level ? 255 : 0;
}

/* The highest byte that is not above `level`. */
static uint8_t floor_level(float level)
{
    int k = 255;
    while (k > 0 && (float)k / 255.0f > level)
        k--;
    return (uint8_t)k;
}

static int apply_fixed(const struct params *p, const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t all = in->n * mp_len(in->shape);

    if (in->b != NULL)
        cut_bytes(in->b, all, floor_level((float)p->level), p->keep, out->b);
    else
        cut_floats(in->x, all, (float)p->level, p->keep, out->x);
    return MP_OK;
}

/* Channel k of an image of n pixels by its own level; both rooms have space for it. */
static void part_bytes(const uint8_t *x, size_t n, size_t c, size_t k, bool keep, uint8_t *room,
                       uint8_t *y)
{
    const uint8_t *plane = mp_plane_out_bytes(x, n, c, k, room);
    uint8_t *to = mp_plane_for_bytes(y, c, room);
    cut_bytes(plane, n, (uint8_t)otsu(plane, n), keep, to);
    mp_plane_in_bytes(y, n, c, k, room);
}

static void part_floats(const float *x, size_t n, size_t c, size_t k, bool keep, uint8_t *b,
                        float *room, float *y)
{
    const float *plane = mp_plane_out(x, n, c, k, room);
    levels(plane, n, b);
    /* Halfway to the next level: that is where levels() rounds up. */
    cut_floats(plane, n, ((float)otsu(b, n) + 0.5f) / 255.0f, keep, mp_plane_for(y, c, room));
    mp_plane_in(y, n, c, k, room);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    (void)state;

    if (p->method == FIXED)
        return apply_fixed(p, in, out);
    uint8_t *b = (uint8_t *)mp_scratch(c, n / sizeof(float) + 1);
    float *room = mp_scratch(c, n);
    if (b == NULL || room == NULL)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len)
        for (size_t k = 0; k < channels; k++)
            if (in->b != NULL)
                part_bytes(in->b + i, n, channels, k, p->keep, b, out->b + i);
            else
                part_floats(in->x + i, n, channels, k, p->keep, b, room, out->x + i);
    return MP_OK;
}

MP_STAGE(threshold) = {
    .brief = "Split pixels into ink and paper",
    .doc = "Pixels above the level become ink, 1, or with keep=yes stay as they are; all\n"
           "others become paper, 0.  method=otsu finds the level for each image: the one of\n"
           "256 grey levels that parts its pixels best into two classes (Otsu 1979).  An\n"
           "image of one single level becomes paper then.  A colour image has a level for\n"
           "each channel.",
    .example = "threshold method=otsu",
    .flags = MP_INPLACE | MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
