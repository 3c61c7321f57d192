/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bits.h - planes of ink and paper, a bit a pixel.
 *
 * Pixel (y, x) is bit x % 32 of word y * pitch + x / 32.  Every row ends with a spare bit of
 * paper at least, and a row of paper and a word lie before the first row and behind the last.
 * So the plane is one string of bits, in which a pixel's neighbours lie a fixed way off, and
 * loops over words work on 32 pixels at once, on a whole register of words where the compiler
 * sees to it. */
#ifndef MP_BITS_H
#define MP_BITS_H
#include "core/stage.h"

struct mp_bits {
    int h, w;
    size_t pitch, n; /* words of a row; of all rows */
    uint32_t *words; /* of row 0 */
};

/* Room for an image of h x w pixels, all paper; in scratch. */
int mp_bits_new(struct mp_ctx *c, struct mp_bits *b, int h, int w);

/* Pixels above the level are ink. */
void mp_bits_pack(struct mp_bits *b, const float *plane, float level);

/* Ink becomes 1, paper 0. */
void mp_bits_unpack(const struct mp_bits *b, float *plane);

/* What lies left and right of the 32 pixels at w, and on them. */
static inline uint32_t mp_bits_left(const uint32_t *w)
{
    return w[0] << 1 | w[-1] >> 31;
}

static inline uint32_t mp_bits_right(const uint32_t *w)
{
    return w[0] >> 1 | w[1] << 31;
}
#endif
