/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bilateral.c - smooths within strokes and paper, not across their edges.
 *
 * Each pixel becomes the mean of the pixels in a window, weighed by
 *
 *     exp(-distance^2 / (2 space^2)) exp(-difference^2 / (2 tone^2))
 *
 * C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998, 839-846.
 * The difference of colours is the root mean square of those of their channels.  Defined by
 * OpenCV's bilateralFilter on floats: the window is round.  Cost: an exponential function
 * (core/exp.h) for each pixel of the window.
 */
#include "core/exp.h"
#include "core/simd.h"
#include "image/border.h"
#include "image/planes.h"
#include <string.h>

struct params {
    double tone, space;
    int radius, border;
};

static const struct mp_param table[] = {
    MP_PARAM(tone, .def = "0.2", .min = 0.001, .max = 10,
             .doc = "standard deviation of the weights by difference of pixels, 1 being from paper "
                    "to ink"),
    MP_PARAM(space, .def = "1.5", .min = 0.1, .max = 100, .unit = "px",
             .doc = "standard deviation of the weights by distance"),
    MP_PARAM(radius, .def = "3", .min = 1, .max = 30, .unit = "px",
             .doc = "of the window, its centre not counted"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* Channels lie apart in here, each in a margin; rows are worked on one after the other. */
struct work {
    const struct params *p;
    size_t h, w, channels;
    size_t line, plane; /* values of a row and of a channel with its margin */
    float *packed, *apart, *weight, *total, *sum; /* sum: a row of each channel */
};

/* weight: of the n pixels at `there` for those at `here`; a channel is `plane` values on. */
static inline void weigh(const float *here, const float *there, size_t n, size_t plane,
                         size_t channels, float space, float scale, float *weight)
{
    for (size_t x = 0; x < n; x++)
        weight[x] = 0;
    for (size_t k = 0; k < channels; k++)
#pragma omp simd
        for (size_t x = 0; x < n; x++) {
            const float d = there[k * plane + x] - here[k * plane + x];
            weight[x] += d * d;
        }
#pragma omp simd
    for (size_t x = 0; x < n; x++)
        weight[x] = space * mp_exp(scale * weight[x]);
}

/* Row y of all channels into w->sum. */
MP_CLONES static void smooth_row(const struct work *w, size_t y)
{
    const int r = w->p->radius;
    const float tone = (float)(-0.5 / (w->p->tone * w->p->tone * (double)w->channels));
    const float space = (float)(-0.5 / (w->p->space * w->p->space));
    const float *here = w->packed + (y + (size_t)r) * w->line + (size_t)r;

    memset(w->total, 0, w->w * sizeof *w->total);
    memset(w->sum, 0, w->channels * w->w * sizeof *w->sum);
    for (int i = -r; i <= r; i++)
        for (int j = -r; j <= r; j++) {
            if (i * i + j * j > r * r)
                continue;
            const float *there = here + i * (int)w->line + j;
            weigh(here, there, w->w, w->plane, w->channels, mp_exp(space * (float)(i * i + j * j)),
                  tone, w->weight);
            for (size_t x = 0; x < w->w; x++)
                w->total[x] += w->weight[x];
            for (size_t k = 0; k < w->channels; k++)
                for (size_t x = 0; x < w->w; x++)
                    w->sum[k * w->w + x] += w->weight[x] * there[k * w->plane + x];
        }
}

static void smooth(const struct work *w, const float *image, float *to)
{
    const size_t n = w->h * w->w;

    for (size_t k = 0; k < w->channels; k++)
        mp_pack((char *)(w->packed + k * w->plane),
                (const char *)mp_plane_out(image, n, w->channels, k, w->apart), (int)w->h,
                (int)w->w, sizeof(float), w->p->radius, (enum mp_border)w->p->border);
    for (size_t y = 0; y < w->h; y++) {
        smooth_row(w, y);
        for (size_t k = 0; k < w->channels; k++)
            for (size_t x = 0; x < w->w; x++)
                to[(y * w->w + x) * w->channels + k] = w->sum[k * w->w + x] / w->total[x];
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), margin = 2 * (size_t)p->radius;
    struct work w = { .p = p, .h = (size_t)in->shape.h, .w = (size_t)in->shape.w,
                      .channels = (size_t)in->shape.c };
    (void)state;

    w.line = w.w + margin;
    w.plane = w.line * (w.h + margin);
    w.packed = mp_scratch(c, w.plane * w.channels);
    w.apart = mp_scratch(c, w.h * w.w);
    w.weight = mp_scratch(c, w.w);
    w.total = mp_scratch(c, w.w);
    w.sum = mp_scratch(c, w.w * w.channels);
    if (w.packed == NULL || w.apart == NULL || w.weight == NULL || w.total == NULL || w.sum == NULL)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len)
        smooth(&w, in->x + i, out->x + i);
    return MP_OK;
}

MP_STAGE(bilateral) = {
    .brief = "Smooth within strokes and paper, not across their edges",
    .doc = "Each pixel becomes the mean of those within radius, in which pixels weigh less the\n"
           "farther away they are and the more they differ (Tomasi and Manduchi 1998): noise\n"
           "smaller than tone is smoothed, edges stay.  Colours differ by the root mean square\n"
           "over their channels, which are smoothed together.  Equals OpenCV's bilateralFilter\n"
           "on floats with d=2*radius+1, sigmaColor=tone and sigmaSpace=space, for grey images\n"
           "(of colours it sums the differences; its border is mirrored unless told otherwise).\n"
           "skimage.restoration.denoise_bilateral takes a square window.",
    .example = "bilateral tone=0.3 space=2 radius=4",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
