/* SPDX-License-Identifier: GPL-3.0-or-later */
/* windows.h - the windows of an image as rows of a matrix, and sums over parts of the image.
 *
 * A filter at all places of an image is then a product of matrices: windows, `d` values each,
 * times filters.  What they answer is summed over the parts of a grid, either side by side or,
 * softly, by triangles that overlap, so that a stroke that moves by a pixel moves no more than a
 * part of its weight to the next. */
#ifndef MP_WINDOWS_H
#define MP_WINDOWS_H
#include "core/stage.h"

struct mp_windows {
    struct mp_shape image;
    int side, step, margin;
    int high, wide; /* places of a window */
    size_t d;       /* values of one */
};

/* The windows of side x side pixels, each `step` from the last one, all channels, of an image with
 * so much paper around.  Fails where there is no place for one. */
int mp_windows_of(struct mp_ctx *c, struct mp_shape image, int side, int step, int margin,
                  struct mp_windows *w);
/* The side of windows that is asked for; 0: `most`, or half the image's shorter side. */
static inline int mp_windows_side(struct mp_shape image, int asked, int most)
{
    const int half = (image.h < image.w ? image.h : image.w) / 2, some = half > 1 ? half : 1;
    return asked > 0 ? asked : some < most ? some : most;
}

static inline size_t mp_windows_places(const struct mp_windows *w)
{
    return (size_t)w->high * (size_t)w->wide;
}

/* All windows of an image, place by place, d values each. */
void mp_windows_take(const struct mp_windows *w, const float *image, float *to);

/* One of them. */
void mp_windows_at(const struct mp_windows *w, const float *image, size_t place, float *to);

/* n windows of d values each less its mean; and with `floor` above 0 over the root of its variance
 * and that. */
void mp_windows_level(float *x, size_t n, size_t d, float floor);

/* How places are summed up: parts x parts of them, of each axis the weights of its places. */
struct mp_pool {
    int parts;
    int high, wide;
    int *first, *count; /* of each part, down, then across: 2 parts each */
    float *down;        /* of each place down its weight in each part */
    float *across;
};

/* soft: by triangles twice as wide as a part.  Weights of a part sum up to 1: means.  In
 * scratch. */
int mp_pool_of(struct mp_ctx *c, int high, int wide, int parts, bool soft, struct mp_pool *p);

/* Adds the row y of places, k values each, to parts x parts x k sums. */
void mp_pool_row(const struct mp_pool *p, int y, const float *x, size_t k, float *room,
                 float *sums);
#endif
