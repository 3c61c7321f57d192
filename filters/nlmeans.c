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

/* Channels lie apart in here, each in a margin of patch + window. */
struct work {
    const struct params *p;
    size_t h, w, channels;
    size_t line, plane; /* values of a row and of a channel with its margin */
    float *packed, *apart;
    float *squares;     /* of the differences of one shift, for all pixels of patches */
    float *column;      /* a row of them, summed down a patch; then the weights of pixels */
    float *total, *sum; /* of the weights, and weighed, of each channel */
};

/* The mean over channels of squared differences from what lies `shift` on, times h^2 times the
 * pixels of a patch: what goes into the exponential function, but for the sum over patches. */
static inline void differ(const struct work *w, ptrdiff_t shift, float scale)
{
    const size_t patch = (size_t)w->p->patch, wide = w->w + 2 * patch, rows = w->h + 2 * patch;
    const size_t first = (size_t)w->p->window * (w->line + 1);

    memset(w->squares, 0, rows * wide * sizeof *w->squares);
    for (size_t k = 0; k < w->channels; k++)
        for (size_t y = 0; y < rows; y++) {
            const float *here = w->packed + k * w->plane + first + y * w->line;
            const float *there = here + shift;
            float *to = w->squares + y * wide;
#pragma omp simd
            for (size_t x = 0; x < wide; x++)
                to[x] += scale * (there[x] - here[x]) * (there[x] - here[x]);
        }
}

/* The weights of row y into w->column. */
static inline void weigh(const struct work *w, size_t y)
{
    const size_t side = 2 * (size_t)w->p->patch + 1, wide = w->w + side - 1;
    float *column = w->column;

    memcpy(column, w->squares + y * wide, wide * sizeof *column);
    for (size_t i = 1; i < side; i++)
        for (size_t x = 0; x < wide; x++)
            column[x] += w->squares[(y + i) * wide + x];
    for (size_t x = 0; x < w->w; x++) {
        float sum = 0;
        for (size_t i = 0; i < side; i++)
            sum += column[x + i];
        column[x] = sum;
    }
#pragma omp simd
    for (size_t x = 0; x < w->w; x++)
        column[x] = mp_exp(-column[x]);
}

/* Adds what lies `shift` on to all pixels. */
MP_CLONES static void add_shift(const struct work *w, ptrdiff_t shift, float scale)
{
    const size_t margin = (size_t)(w->p->patch + w->p->window), n = w->h * w->w;

    differ(w, shift, scale);
    for (size_t y = 0; y < w->h; y++) {
        float *total = w->total + y * w->w;
        weigh(w, y);
        for (size_t x = 0; x < w->w; x++)
            total[x] += w->column[x];
        for (size_t k = 0; k < w->channels; k++) {
            const float *there = w->packed + k * w->plane + (y + margin) * w->line + margin + shift;
            float *sum = w->sum + k * n + y * w->w;
            for (size_t x = 0; x < w->w; x++)
                sum[x] += w->column[x] * there[x];
        }
    }
}

static void smooth(const struct work *w, const float *image, float *to)
{
    const size_t n = w->h * w->w;
    const int side = 2 * w->p->patch + 1, window = w->p->window;
    const double all = w->p->h * w->p->h * side * side * (double)w->channels;

    for (size_t k = 0; k < w->channels; k++)
        mp_pack((char *)(w->packed + k * w->plane),
                (const char *)mp_plane_out(image, n, w->channels, k, w->apart), (int)w->h,
                (int)w->w, sizeof(float), w->p->patch + window, MP_MIRROR);
    memset(w->total, 0, n * sizeof *w->total);
    memset(w->sum, 0, n * w->channels * sizeof *w->sum);
    for (int i = -window; i <= window; i++)
        for (int j = -window; j <= window; j++)
            add_shift(w, i * (ptrdiff_t)w->line + j, (float)(1 / all));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < w->channels; k++)
            to[i * w->channels + k] = w->sum[k * n + i] / w->total[i];
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), patch = 2 * (size_t)p->patch;
    const size_t margin = patch + 2 * (size_t)p->window;
    struct work w = { .p = p, .h = (size_t)in->shape.h, .w = (size_t)in->shape.w,
                      .channels = (size_t)in->shape.c };
    (void)state;

    w.line = w.w + margin;
    w.plane = w.line * (w.h + margin);
    w.packed = mp_scratch(c, w.plane * w.channels);
    w.apart = mp_scratch(c, w.h * w.w);
    w.squares = mp_scratch(c, (w.h + patch) * (w.w + patch));
    w.column = mp_scratch(c, w.w + patch);
    w.total = mp_scratch(c, w.h * w.w);
    w.sum = mp_scratch(c, len);
    if (w.packed == NULL || w.apart == NULL || w.squares == NULL || w.column == NULL ||
        w.total == NULL || w.sum == NULL)
        return -1;
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
