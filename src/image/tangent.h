/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tangent.h - how far two images are apart if each may be moved a little: tangent distance.
 *
 * An image that is shifted, turned, stretched or made bolder moves along a surface in the space
 * of all images; near the image that is the plane of its tangents.  The distance is that of the
 * two planes (Simard, LeCun, Denker 1993, "Efficient pattern recognition using a new
 * transformation distance").  Pixels want to be smooth: blurred by about a pixel. */
#ifndef MP_TANGENT_H
#define MP_TANGENT_H
#include "core/stage.h"

/* Shifts across and down, size, turn, stretches along the axes and the diagonals, thickness. */
enum { MP_TANGENTS = 7 };

/* An image with its tangents: x, then these, each mp_len(shape) values packed. */
static inline size_t mp_tangent_values(struct mp_shape shape)
{
    return (1 + MP_TANGENTS) * mp_len(shape);
}

void mp_tangents(const float *x, struct mp_shape shape, float *to);

/* Of two such; 0 and more, in units of pixels.  The same whichever comes first but for rounding.
 * Cost: 180 multiply-adds a pixel. */
double mp_tangent_distance(const float *a, const float *b, size_t values);
#endif
