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

enum { BLOCK = 256 }; /* pixels that are worked on at once */

/* Channels lie apart in here, each in a margin.  Pixels are worked on in blocks that run over the
 * ends of rows: margins are smoothed, too, and left out at the end, and loops are long. */
struct work {
    const struct params *p;
    size_t h, w, channels;
    size_t line, plane; /* values of a row with its margin; of a channel, and of a block more */
    float *packed, *apart;
    float *sum, *smoothed; /* a block, and h rows, of each channel */
};

/* Weights of a block: of the pixels at `there` for those at `here`. */
static inline void weigh(const struct work *w, const float *here, const float *there, float scale,
                         float space, float *weight)
{
    for (size_t x = 0; x < BLOCK; x++)
        weight[x] = 0;
    for (size_t k = 0; k < w->channels; k++)
        for (size_t x = 0; x < BLOCK; x++) {
            const float d = there[k * w->plane + x] - here[k * w->plane + x];
            weight[x] += d * d;
        }
    for (size_t x = 0; x < BLOCK; x++)
        weight[x] = mp_exp(scale * weight[x] + space);
}

/* The block whose first pixel lies `first` values behind that of the image. */
MP_CLONES static void smooth_block(const struct work *w, size_t first)
{
    const int r = w->p->radius;
    const float tone = (float)(-0.5 / (w->p->tone * w->p->tone * (double)w->channels));
    const float space = (float)(-0.5 / (w->p->space * w->p->space));
    const float *here = w->packed + (size_t)r * (w->line + 1) + first;
    float weight[BLOCK], total[BLOCK] = { 0 };

    memset(w->sum, 0, w->channels * BLOCK * sizeof *w->sum);
    for (int i = -r; i <= r; i++)
        for (int j = -r; j <= r; j++) {
            const float *there = here + i * (ptrdiff_t)w->line + j;
            if (i * i + j * j > r * r)
                continue;
            weigh(w, here, there, tone, space * (float)(i * i + j * j), weight);
            for (size_t x = 0; x < BLOCK; x++)
                total[x] += weight[x];
            for (size_t k = 0; k < w->channels; k++)
                for (size_t x = 0; x < BLOCK; x++)
                    w->sum[k * BLOCK + x] += weight[x] * there[k * w->plane + x];
        }
    for (size_t k = 0; k < w->channels; k++)
        for (size_t x = 0; x < BLOCK; x++)
            w->smoothed[k * w->plane + first + x] = w->sum[k * BLOCK + x] / total[x];
}

static void smooth(const struct work *w, const float *image, float *to)
{
    const size_t n = w->h * w->w, all = w->h * w->line;

    for (size_t k = 0; k < w->channels; k++)
        mp_pack((char *)(w->packed + k * w->plane),
                (const char *)mp_plane_out(image, n, w->channels, k, w->apart), (int)w->h,
                (int)w->w, sizeof(float), w->p->radius, (enum mp_border)w->p->border);
    for (size_t i = 0; i < all; i += BLOCK)
        smooth_block(w, i);
    for (size_t y = 0; y < w->h; y++)
        for (size_t x = 0; x < w->w; x++)
            for (size_t k = 0; k < w->channels; k++)
                to[(y * w->w + x) * w->channels + k] =
                    w->smoothed[k * w->plane + y * w->line + x];
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
    w.plane = w.line * (w.h + margin) + margin + BLOCK;
    w.packed = mp_scratch(c, w.plane * w.channels);
    w.apart = mp_scratch(c, w.h * w.w);
    w.sum = mp_scratch(c, BLOCK * w.channels);
    w.smoothed = mp_scratch(c, w.plane * w.channels);
    if (w.packed == NULL || w.apart == NULL || w.sum == NULL || w.smoothed == NULL)
        return -1;
    memset(w.packed, 0, w.plane * w.channels * sizeof *w.packed);
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
