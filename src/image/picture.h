/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h - pictures that people look at: drawn in memory, written as PNG by libvips.
 *
 * Pixels of a picture are as on a screen, 0 black and 255 white; those of a grey row are ink,
 * 0 paper and 1 ink, so rows are inverted on the way in.  Colours are as on a screen. */
#ifndef MP_PICTURE_H
#define MP_PICTURE_H
#include "core/stage.h"

struct mp_picture {
    int h, w, bands; /* bands: 1 grey, 3 red, green and blue */
    uint8_t *px;     /* h * w * bands */
};

/* All pixels `grey`.  Negative after an mp_fail(). */
int mp_picture_open(struct mp_ctx *c, struct mp_picture *p, int h, int w, int bands,
                    uint8_t grey);
void mp_picture_close(struct mp_picture *p);

/* A rectangle of one grey; what lies outside the picture is left out, here and below. */
void mp_picture_fill(struct mp_picture *p, int top, int left, int h, int w, uint8_t grey);

/* Draws one channel of a row at (top, left), each of its pixels as a square of `zoom`;
 * `step` values lie from one pixel to the next; values low .. high are white .. black.
 * primary 1, 2, 3: the channel is red, green or blue, low .. high is dark .. light, and of a
 * picture of three bands that one alone is drawn. */
struct mp_ink {
    const float *x;
    int h, w, step;
    float low, high;
    int primary;
};
void mp_picture_ink(struct mp_picture *p, int top, int left, int zoom, const struct mp_ink *ink);

/* Draws an image of values 0 .. 255, in colour where it has three channels and the picture three
 * bands; `by` x `by` of its pixels are one of the picture, at the edges what there is of them. */
void mp_picture_image(struct mp_picture *p, int top, int left, const float *x, struct mp_shape s,
                      int by);

/* The picture as PNG; free() the bytes. */
int mp_picture_png(struct mp_ctx *c, const struct mp_picture *p, uint8_t **png, size_t *n);

/* Bytes in the letters of RFC 4648. */
void mp_base64(FILE *f, const uint8_t *bytes, size_t n);

/* "data:image/png;base64,...", for pages that hold their pictures. */
void mp_png_uri(FILE *f, const uint8_t *png, size_t n);
#endif
