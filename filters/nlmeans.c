/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nlmeans.c - smooths with what looks alike, wherever it lies.
 *
 * Each pixel becomes the mean of the pixels in a window around it, weighed by
 *
 *     exp(-d / h^2),   d = the mean square of the differences between the patches around the two
 *
 * A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005, II
 * 60-65, with all pixels of a patch alike.  Differences are taken for one shift after another, for
 * all pixels at once, and summed over patches by rows and columns (J. Froment, "Parameter-free
 * fast pixelwise non-local means denoising", Image Processing On Line 4, 2014, 300-326), so the
 * patch costs 4 patch + 2 additions and the rest an exponential function (core/exp.h) for each
 * pixel of the window.  The image is mirrored beyond its border.
 *
 * Defined by OpenCV's fastNlMeansDenoising, before it rounds to levels and drops weights below
 * 1/1000.
 */
#include "core/exp.h"
#include "core/simd.h"
#include "image/border.h"
#include "image/planes.h"
#include <string.h>

struct params {
    double h;
    int patch, window;
};

static const struct mp_param table[] = {
    MP_PARAM(h, .def = "0.2", .min = 0.001, .max = 10,
             .doc = "how different patches may be, 1 being paper and ink: at a root mean square "
                    "of h the weight is 1/e"),
    MP_PARAM(patch, .def = "1", .min = 0, .max = 10, .unit = "px",
             .doc = "half width of a patch, its centre not counted"),
    MP_PARAM(window, .def = "5", .min = 1, .max = 30, .unit = "px",
             .doc = "half width of the window in which patches are looked for"),
    MP_END
};

enum { BAND = 32 }; /* rows that are worked on at once */

/* Channels lie apart in here, each in a margin of patch + window.  All arrays have rows of `line`
 * values, and loops run over the ends of rows: margins are worked out, too, and left out. */
struct work {
    const struct params *p;
    size_t h, w, channels;
    size_t line, plane; /* values of a row and of a channel with its margin */
    float *packed, *apart;
    float *squares;     /* BAND rows and those of patches: squared differences of one shift */
    float *column;      /* BAND rows: those summed down a patch */
    float *weight, *total, *sum; /* BAND rows; sum: of each channel */
};

/* The mean over channels of squared differences from what lies `shift` on, over h^2 and the pixels
 * of a patch: what goes into the exponential function, but for the sum over patches. */
static inline void differ(const struct work *w, const float *here, ptrdiff_t shift, size_t n,
                          float scale)
{
    memset(w->squares, 0, n * sizeof *w->squares);
    for (size_t k = 0; k < w->channels; k++) {
        const float *a = here + k * w->plane, *b = a + shift;
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            w->squares[i] += scale * (b[i] - a[i]) * (b[i] - a[i]);
    }
}

static inline void weigh(const struct work *w, size_t n)
{
    const size_t side = 2 * (size_t)w->p->patch + 1;

    memcpy(w->column, w->squares, (n + side) * sizeof *w->column);
    for (size_t k = 1; k < side; k++)
#pragma omp simd
        for (size_t i = 0; i < n + side; i++)
            w->column[i] += w->squares[k * w->line + i];
    memcpy(w->weight, w->column, n * sizeof *w->weight);
    for (size_t k = 1; k < side; k++)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            w->weight[i] += w->column[i + k];
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        w->weight[i] = mp_exp(-w->weight[i]);
}

/* The rows from y on, as many as fill n values. */
MP_CLONES static void smooth_band(const struct work *w, size_t y, size_t n)
{
    const size_t side = 2 * (size_t)w->p->patch + 1, margin = (size_t)(w->p->patch + w->p->window);
    const int window = w->p->window;
    const float scale = (float)(1 / (w->p->h * w->p->h * (double)(side * side * w->channels)));
    const float *first = w->packed + (y + (size_t)window) * w->line + (size_t)window;
    const float *pixel = w->packed + (y + margin) * w->line + margin;

    memset(w->total, 0, n * sizeof *w->total);
    memset(w->sum, 0, n * w->channels * sizeof *w->sum);
    for (int i = -window; i <= window; i++)
        for (int j = -window; j <= window; j++) {
            const ptrdiff_t shift = i * (ptrdiff_t)w->line + j;
            differ(w, first, shift, n + side * w->line, scale);
            weigh(w, n);
#pragma omp simd
            for (size_t x = 0; x < n; x++)
                w->total[x] += w->weight[x];
            for (size_t k = 0; k < w->channels; k++) {
                const float *there = pixel + k * w->plane + shift;
#pragma omp simd
                for (size_t x = 0; x < n; x++)
                    w->sum[k * n + x] += w->weight[x] * there[x];
            }
        }
}

static void smooth(const struct work *w, const float *image, float *to)
{
    const size_t all = w->h * w->w;

    for (size_t k = 0; k < w->channels; k++)
        mp_pack((char *)(w->packed + k * w->plane),
                (const char *)mp_plane_out(image, all, w->channels, k, w->apart), (int)w->h,
                (int)w->w, sizeof(float), w->p->patch + w->p->window, MP_MIRROR);
    for (size_t top = 0; top < w->h; top += BAND) {
        const size_t rows = w->h - top < BAND ? w->h - top : BAND, n = rows * w->line;
        smooth_band(w, top, n);
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < w->w; x++)
                for (size_t k = 0; k < w->channels; k++)
                    to[((top + y) * w->w + x) * w->channels + k] =
                        w->sum[k * n + y * w->line + x] / w->total[y * w->line + x];
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), side = 2 * (size_t)p->patch + 1;
    const size_t margin = side - 1 + 2 * (size_t)p->window;
    struct work w = { .p = p, .h = (size_t)in->shape.h, .w = (size_t)in->shape.w,
                      .channels = (size_t)in->shape.c };
    (void)state;

    w.line = w.w + margin;
    w.plane = w.line * (w.h + margin + 2) + 2 * margin; /* what loops read behind the last row */
    const size_t band = (w.h < BAND ? w.h : BAND) * w.line;
    w.packed = mp_scratch(c, w.plane * w.channels);
    w.apart = mp_scratch(c, w.h * w.w);
    w.squares = mp_scratch(c, band + side * w.line);
    w.column = mp_scratch(c, band + side);
    w.weight = mp_scratch(c, band);
    w.total = mp_scratch(c, band);
    w.sum = mp_scratch(c, band * w.channels);
    if (w.packed == NULL || w.apart == NULL || w.squares == NULL || w.column == NULL ||
        w.weight == NULL || w.total == NULL || w.sum == NULL)
        return -1;
    memset(w.packed, 0, w.plane * w.channels * sizeof *w.packed);
    for (size_t i = 0; i < in->n * len; i += len)
        smooth(&w, in->x + i, out->x + i);
    return MP_OK;
}

MP_STAGE(nlmeans) = {
    .brief = "Smooth with what looks alike, wherever it lies",
    .doc = "Non-local means (Buades and others 2005): each pixel becomes the mean of those in a\n"
           "window around it, weighed by how much the patches around both are alike.  Strokes\n"
           "are smoothed along themselves and stay as wide as they are.  The cost grows with the\n"
           "area of the window: 11 x 11 pixels for window=5.  Beyond its border the image is\n"
           "mirrored.  Colours differ by the root mean square over their channels, which are\n"
           "smoothed together.  Equals OpenCV's fastNlMeansDenoising with h in levels,\n"
           "templateWindowSize=2*patch+1 and searchWindowSize=2*window+1, but for its rounding;\n"
           "skimage.restoration.denoise_nl_means weighs a patch's middle more.",
    .example = "nlmeans h=0.3 patch=2 window=4",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
