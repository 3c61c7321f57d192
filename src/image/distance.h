/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distance.h - exact Euclidean distances. */
#ifndef MP_DISTANCE_H
#define MP_DISTANCE_H
#include <stddef.h>
#include <stdint.h>

enum { MP_FAR = 1 << 28 }; /* px^2: more than any two pixels of an image are apart */

/* Comes with 0 at the pixels that distances are asked to, h x w with MP_FAR elsewhere, and
 * gets everywhere the squared distance to the nearest of them, in px^2.  Distances above
 * `most` pixels are not all found: what is there then is more than most^2.  `room` has
 * space for mp_distance_room(w) values. */
void mp_distance(int32_t *square, int h, int w, int most, int32_t *room);
size_t mp_distance_room(int w);
#endif
