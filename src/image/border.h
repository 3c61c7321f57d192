/* SPDX-License-Identifier: GPL-3.0-or-later */
/* border.h - what lies outside an image. */
#ifndef MP_BORDER_H
#define MP_BORDER_H
#include <stddef.h>

/* Meanings and names of scipy.ndimage, except that its "constant" with value 0 is "zero". */
enum mp_border { MP_ZERO, MP_NEAREST, MP_REFLECT, MP_MIRROR };
#define MP_BORDERS "zero|nearest|reflect|mirror"
#define MP_BORDER_DOC "what lies outside the image: paper, the edge pixel, the image " \
                      "mirrored with or without repeating the edge pixel"

/* Where position i, which may be any distance outside, is found in a line of n pixels;
 * -1: on paper. */
int mp_outside(int i, int n, enum mp_border border);

/* Copies an image with `margin` pixels around it, filled by the border rule; a
 * pixel has `size` bytes, all channels together. */
void mp_pack(char *to, const char *image, int h, int w, size_t size, int margin,
             enum mp_border border);

#endif
