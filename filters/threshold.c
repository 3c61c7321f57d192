/* SPDX-License-Identifier: GPL-3.0-or-later */
/* threshold.c - splits pixels into ink and paper.
 *
 * A pixel above the level is ink.  The level is given, or found for each image from the
 * counts of its 256 grey levels:
 *
 *   otsu      parts the pixels into two classes whose means lie farthest apart, weighed by
 *             their sizes: n1 n2 (mean1 - mean2)^2 is largest
 *   li        is where it would be found again: the logarithmic mean of the means below and
 *             above it; from the mean of all on until it moves by half a level at most
 *   triangle  lies farthest below the line from the peak of the histogram to the end of its
 *             longer tail
 *
 * or for each pixel from mean m and standard deviation s of the lightness, 255 less the level,
 * in the window around it: ink is
 *
 *   niblack   darker than m - k s
 *   sauvola   not lighter than m (1 + k (s / 128 - 1))
 *
 * References: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans.
 * SMC 9 (1979) 62-66; C. H. Li and P. K. S. Tam, "An iterative algorithm for minimum cross
 * entropy thresholding", Pattern Recognition Letters 19 (1998) 771-776; G. W. Zack, W. E.
 * Rogers and S. A. Latt, "Automatic measurement of sister chromatid exchange frequency", J.
 * Histochemistry and Cytochemistry 25 (1977) 741-753; W. Niblack, "An introduction to digital
 * image processing", 1986, 115-116; J. Sauvola and M. Pietikainen, "Adaptive document image
 * binarization", Pattern Recognition 33 (2000) 225-236.  skimage.filters.threshold_* give the
 * same images, niblack and sauvola of 255 less the levels; so does OpenCV's THRESH_OTSU.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "core/stage.h"
#include "image/border.h"
#include "image/planes.h"
#include <math.h>
#include <string.h>

enum { FIXED, OTSU, LI, TRIANGLE, NIBLACK, SAUVOLA }; /* order of .choices below */

struct params {
    int method;
    double level;
    int radius;
    double k;
    bool keep;
};

static const struct mp_param table[] = {
    MP_PARAM(method, .def = "fixed", .choices = "fixed|otsu|li|triangle|niblack|sauvola",
             .doc = "the level is the one given, or found for each image, or, by the last two, "
                    "for each pixel from its surroundings"),
    MP_PARAM(level, .def = "0.5", .min = 0, .max = 1,
             .doc = "with method=fixed, pixels above this are ink"),
    MP_PARAM(radius, .def = "7", .min = 1, .max = 100, .unit = "px",
             .doc = "with method=niblack or sauvola, half width of the window, its centre not "
                    "counted"),
    MP_PARAM(k, .def = "0.2", .min = -2, .max = 2,
             .doc = "with method=niblack or sauvola, how much darker than its surroundings ink "
                    "has to be"),
    MP_PARAM(keep, .def = "no",
             .doc = "leave ink as dark as it is; otherwise ink becomes 1"),
    MP_END
};

/* Levels of n pixels by their counts.  Sums of whole numbers: exact in double.  An image of one
 * level has no two classes: that level, so that all is paper. */
static int otsu(const uint32_t count[MP_LEVELS], size_t n)
{
    double sum = 0, n1 = 0, sum1 = 0, most = -1;
    int best = 0;

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

/* The ends of the histogram. */
static int lowest(const uint32_t count[MP_LEVELS])
{
    int k = 0;
    while (count[k] == 0)
        k++;
    return k;
}

static int highest(const uint32_t count[MP_LEVELS])
{
    int k = MP_LEVELS - 1;
    while (count[k] == 0)
        k--;
    return k;
}

/* Levels count from the lowest, whose logarithm is minus infinity where nothing else is below:
 * then the level is the lowest. */
static int li(const uint32_t count[MP_LEVELS], size_t n)
{
    const int low = lowest(count), high = highest(count);
    double sum = 0, was = -1;

    for (int k = low; k <= high; k++)
        sum += (double)(k - low) * count[k];
    double level = sum / (double)n;
    for (int turn = 0; low < high && turn < MP_LEVELS && fabs(level - was) > 0.5; turn++) {
        double n1 = 0, sum1 = 0;
        was = level;
        for (int k = low; k - low <= was; k++) {
            n1 += count[k];
            sum1 += (double)(k - low) * count[k];
        }
        const double below = sum1 / n1, above = (sum - sum1) / ((double)n - n1);
        level = (below - above) / (log(below) - log(above));
    }
    return low + (int)level;
}

/* The tail is walked from its end to the peak; of equals the first. */
static int triangle(const uint32_t count[MP_LEVELS], size_t n)
{
    const int low = lowest(count), high = highest(count);
    int peak = low;
    double most = -HUGE_VAL;
    (void)n;

    for (int k = low; k <= high; k++)
        peak = count[k] > count[peak] ? k : peak;
    const int step = peak - low < high - peak ? -1 : 1, end = step > 0 ? low : high;
    const int width = (peak - end) * step;
    int best = end;
    for (int i = 0; i < width; i++) {
        const double below = (double)count[peak] * i - (double)width * count[end + step * i];
        if (below > most) {
            most = below;
            best = end + step * i;
        }
    }
    return best;
}

static int find_level(int method, const uint8_t *b, size_t n)
{
    uint32_t count[MP_LEVELS];
    mp_histogram(b, n, count);
    return method == OTSU ? otsu(count, n) : method == LI ? li(count, n) : triangle(count, n);
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

/* What the windows of an image need: its levels with a margin, and sums over the columns of a
 * row of windows, `wide` values, whole registers.  What loops make beyond the end of a row is
 * overwritten by the next row or not used. */
struct local {
    const struct params *p;
    int h, w, wide;
    uint8_t *packed;
    uint32_t *sums, *squares;
};

/* Adds the levels of a packed row to the sums, or takes them away: factor 1 or -1. */
static inline void add_row(uint32_t *restrict sums, uint32_t *restrict squares,
                           const uint8_t *restrict row, int n, uint32_t factor)
{
    for (int x = 0; x < n; x++) {
        sums[x] += factor * row[x];
        squares[x] += factor * row[x] * row[x];
    }
}

/* From sums over columns, sums over windows: dst[x] is that of columns x .. x + side - 1. */
static inline void slide(uint32_t *dst, int n, int side)
{
    uint32_t sum = 0;
    for (int x = 0; x < side - 1; x++)
        sum += dst[x];
    for (int x = 0; x < n; x++) {
        const uint32_t first = dst[x];
        sum += dst[x + side - 1];
        dst[x] = sum;
        sum -= first;
    }
}

/* Which pixels of a row are ink; sum and square are over the windows of n pixels.  Both sides of
 * either rule are taken n times, so that they are whole numbers where a window has one level. */
static inline void cut_row(const struct params *p, const uint8_t *row, const uint32_t *sum,
                           const uint32_t *square, int w, int n, uint8_t *ink)
{
    const double k = p->k, part = k / (128.0 * n), rest = 1 - k;
    const bool sauvola = p->method == SAUVOLA;
#pragma omp simd
    for (int x = 0; x < mp_lanes(w); x++) {
        const double s1 = sum[x], s = sqrt((double)n * square[x] - s1 * s1);
        const double mean = 255.0 * n - s1, light = (double)n * (255 - row[x]);
        const bool is = sauvola ? light <= mean * (rest + part * s) : light < mean - k * s;
        ink[x] = is ? 255 : 0;
    }
}

/* A row of sums is kept for the columns, and a copy of it slid over for the windows. */
MP_CLONES
static void cut_locally(const struct local *l, uint8_t *ink)
{
    const int r = l->p->radius, side = 2 * r + 1, line = l->w + 2 * r, wide = l->wide;
    uint32_t *sums = l->sums, *squares = l->squares, *sum = sums + wide, *square = squares + wide;

    memset(sums, 0, (size_t)wide * sizeof *sums);
    memset(squares, 0, (size_t)wide * sizeof *squares);
    for (int y = 0; y < side - 1; y++)
        add_row(sums, squares, l->packed + (size_t)y * (size_t)line, wide, 1);
    for (int y = 0; y < l->h; y++, ink += l->w) {
        const uint8_t *top = l->packed + (size_t)y * (size_t)line;
        add_row(sums, squares, top + (size_t)(side - 1) * (size_t)line, wide, 1);
        memcpy(sum, sums, (size_t)wide * sizeof *sums);
        memcpy(square, squares, (size_t)wide * sizeof *squares);
        slide(sum, l->w, side);
        slide(square, l->w, side);
        cut_row(l->p, top + (size_t)r * (size_t)line + r, sum, square, l->w, side * side, ink);
        add_row(sums, squares, top, wide, UINT32_MAX); /* -1 */
    }
}

static int prepare(struct mp_ctx *c, const struct params *p, struct mp_shape s, struct local *l)
{
    const int line = s.w + 2 * p->radius, wide = mp_lanes(line);
    const size_t all = (size_t)line * ((size_t)s.h + 2 * (size_t)p->radius) + MP_LANES;

    *l = (struct local){ .p = p, .h = s.h, .w = s.w, .wide = wide,
                         .packed = (uint8_t *)mp_scratch(c, all / sizeof(float) + 1),
                         .sums = (uint32_t *)(void *)mp_scratch(c, 2 * (size_t)wide),
                         .squares = (uint32_t *)(void *)mp_scratch(c, 2 * (size_t)wide) };
    return l->packed == NULL || l->sums == NULL || l->squares == NULL ? -1 : MP_OK;
}

/* What is ink in a plane of levels: 255, else 0. */
static void part(const struct local *l, const uint8_t *b, uint8_t *ink)
{
    const size_t n = (size_t)l->h * (size_t)l->w;

    if (l->p->method < NIBLACK) {
        cut_bytes(b, n, (uint8_t)find_level(l->p->method, b, n), false, ink);
        return;
    }
    mp_pack((char *)l->packed, (const char *)b, l->h, l->w, 1, l->p->radius, MP_MIRROR);
    cut_locally(l, ink);
}

MP_CLONES
static void take_bytes(const uint8_t *ink, const uint8_t *x, size_t n, bool keep, uint8_t *dst)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = keep ? ink[i] & x[i] : ink[i];
}

MP_CLONES
static void take_floats(const uint8_t *ink, const float *x, size_t n, bool keep, float *dst)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = ink[i] == 0 ? 0 : keep ? x[i] : 1;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    struct local l;
    (void)state;

    if (p->method == FIXED)
        return apply_fixed(p, in, out);
    uint8_t *b = (uint8_t *)mp_scratch(c, n / sizeof(float) + 1);
    uint8_t *ink = (uint8_t *)mp_scratch(c, (n + MP_LANES) / sizeof(float) + 1);
    float *room = mp_scratch(c, n);
    if (b == NULL || ink == NULL || room == NULL || prepare(c, p, in->shape, &l) < 0)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len)
        for (size_t k = 0; k < channels; k++)
            if (in->b != NULL) {
                const uint8_t *plane = mp_plane_out_bytes(in->b + i, n, channels, k, b);
                part(&l, plane, ink);
                take_bytes(ink, plane, n, p->keep, mp_plane_for_bytes(out->b + i, channels, b));
                mp_plane_in_bytes(out->b + i, n, channels, k, b);
            } else {
                const float *plane = mp_plane_out(in->x + i, n, channels, k, room);
                mp_to_levels(plane, n, b);
                part(&l, b, ink);
                take_floats(ink, plane, n, p->keep, mp_plane_for(out->x + i, channels, room));
                mp_plane_in(out->x + i, n, channels, k, room);
            }
    return MP_OK;
}

MP_STAGE(threshold) = {
    .brief = "Split pixels into ink and paper",
    .doc = "Pixels above the level become ink, 1, or with keep=yes stay as they are; all\n"
           "others become paper, 0.  otsu (1979), li (minimum cross entropy, 1998) and triangle\n"
           "(Zack and others, 1977) find one of 256 grey levels for each image.  An image of\n"
           "one single level becomes paper then.  niblack (1986) and sauvola (2000) find a\n"
           "level for each pixel from the window around it, mirrored at the border, as for\n"
           "dark ink on light paper: with m and s its mean and deviation there, ink is darker\n"
           "than m - k s, or not lighter than m (1 + k (s / 128 - 1)).  A window of one single\n"
           "level is paper for niblack, for sauvola what it is.  They want windows wider than\n"
           "strokes.  A colour image has levels for each channel.  All equal\n"
           "skimage.filters.threshold_*, with r=128 for sauvola (cv2.ximgproc.niBlackThreshold\n"
           "repeats the edge instead of mirroring, and its k is negative).",
    .example = "threshold method=otsu",
    .flags = MP_INPLACE | MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
