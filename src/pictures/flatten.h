/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flatten.h - a bitmap as bytes: upright, without alpha, grey or red, green and blue.
 * Private to pictures/. */
#ifndef MP_FLATTEN_H
#define MP_FLATTEN_H
#include "pictures/bitmap.h"

struct mp_flat {
    int h, w, c;        /* c: 1 or 3, as it was asked for */
    uint8_t *at;
    size_t room;
    bool colour;        /* a pixel's three values differ */
    bool clear;         /* a pixel is not opaque */
};

/* Height and width once it stands upright. */
void mp_flat_size(const struct mp_bitmap *b, int *h, int *w);

/* Fills *f, with f->c values a pixel, behind which lies `paper`.  Values of 16 bits are divided
 * by 257 and rounded.  Grey are the weights of Rec. 601 on the values as they are stored, in the
 * integers of Pillow's convert("L").  Cost: 1 ns a pixel that is grey already, 3 to 6 others. */
int mp_flatten(struct mp_ctx *c, const struct mp_bitmap *b, uint8_t paper, struct mp_flat *f);
#endif
