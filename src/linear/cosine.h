/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cosine.h - the cosine of an angle in turns, in loops that the compiler vectorises.
 *
 * Turns leave nothing to reduce but the whole part, exactly; then cos 2 pi r is
 * sin 2 pi (1/4 - |r|), by an odd polynomial of degree 9 (least maximum, 4e-9).
 * Off by at most 2.5e-7 from the cosine of the very float given; beyond 2^22 turns floats
 * have no fraction left and it is some value of -1 .. 1.  Not a number stays so. */
#ifndef MP_COSINE_H
#define MP_COSINE_H
#include <math.h>

static inline __attribute__((always_inline)) float mp_cos_turns(float t)
{
    /* Adding 1.5 * 2^23 rounds to a whole number: rintf(), which older vectors have not. */
    float r = fabsf(t - ((t + 12582912.0f) - 12582912.0f));
    r = r > 0.5f ? 0.5f : r;
    const float q = 0.25f - r, s = q * q;
    float p = 39.536705017f;
    p = p * s - 76.549781799f;
    p = p * s + 81.601005554f;
    p = p * s - 41.341655731f;
    p = p * s + 6.283185005f;
    return p * q;
}

#endif
