/* SPDX-License-Identifier: GPL-3.0-or-later */
/* polarity.c - makes ink 1 and paper 0, whichever way round an image has them.
 *
 * Paper is the median of the image's border.  What lies on either side of it counts by the square
 * of how far it lies off, so that few strokes count more than the paper's own unevenness; where the
 * side below counts more, ink is what is low, and the image is swapped.  An image that has
 * nothing on either side stays, or is swapped if its border is more ink than paper.  Cost: two
 * looks at each pixel.
 */
#include "core/pixel.h"
#include "image/planes.h"
#include <string.h>

/* The level in the middle of the border's, of which each pixel counts once. */
static int border_median(const uint8_t *b, int h, int w)
{
    int count[MP_LEVELS] = { 0 }, n = 0, below = 0, v = 0;

    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x += y == 0 || y == h - 1 || w == 1 ? 1 : w - 1, n++)
            count[b[(size_t)y * (size_t)w + (size_t)x]]++;
    while (2 * (below + count[v]) < n)
        below += count[v++];
    return v;
}

/* Whole numbers, so that it is the same in whatever order. */
static bool swapped(const uint8_t *b, int h, int w)
{
    const int paper = border_median(b, h, w);
    int64_t tilt = 0;

    for (size_t i = 0; i < (size_t)h * (size_t)w; i++) {
        const int off = (int)b[i] - paper;
        tilt += off < 0 ? -off * off : off * off;
    }
    return tilt < 0 || (tilt == 0 && 2 * paper > MP_LEVELS - 1);
}

/* As `invert` does, so that grey levels stay grey levels. */
static void swap(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float scaled = x[i] * 255, level = (scaled + 0x1.8p23f) - 0x1.8p23f;
        x[i] = scaled == level ? (255 - level) / 255 : 1 - x[i];
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const int h = in->shape.h, w = in->shape.w;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    float *room = mp_scratch(c, n);
    uint8_t *levels = (uint8_t *)(void *)mp_scratch(c, (n + 3) / sizeof(float));
    (void)params, (void)state;

    if (room == NULL || levels == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        float *y = out->x + i * len;
        memmove(y, in->x + i * len, len * sizeof *y);
        const float *sum = mp_plane_sum(y, n, channels, room);
        for (size_t k = 0; k < n && channels > 1; k++)
            room[k] = sum[k] / (float)channels;
        mp_to_levels(channels > 1 ? room : y, n, levels);
        if (swapped(levels, h, w))
            swap(y, len);
    }
    return MP_OK;
}

MP_STAGE(polarity) = {
    .brief = "Make ink 1 and paper 0, whichever way round an image has them",
    .doc = "Photos have dark ink on light paper, stored as lightness, or chalk on a board; all\n"
           "other stages take 0 for paper.  Paper is the median of an image's border; if what is\n"
           "below it stands out more than what is above, by the sum of squares, the image is\n"
           "swapped as by `invert`, each image for itself.  A colour image is looked at by the\n"
           "mean of its channels, which are swapped together.",
    .example = "polarity",
    .flags = MP_INPLACE | MP_INVERTS,
    .apply = apply,
};
