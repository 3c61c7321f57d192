/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.h - the logarithm, for loops that the compiler turns into vectors.
 *
 * The power of two is taken off, and the series of 2 artanh(z) = log((1 + z) / (1 - z)) gives the
 * rest, between the roots of 1/2 and 2: within 1e-6 of the larger of 1 and the value for normal
 * numbers above 0; what is below the least of them is taken for that. */
#ifndef MP_LOG_H
#define MP_LOG_H
#include <stdint.h>

static inline float mp_log(float x)
{
    union bits {
        float f;
        uint32_t u;
    };
    x = x > 1.17549435e-38f ? x : 1.17549435e-38f;
    const union bits all = { .f = x };
    const int32_t power = ((int32_t)all.u - 0x3f3504f3) >> 23; /* of 2, beside the root of 1/2 */
    const union bits rest = { .u = all.u - ((uint32_t)power << 23) };
    const float z = (rest.f - 1) / (rest.f + 1), s = z * z;
    float p = 2.0f / 9;
    p = p * s + 2.0f / 7;
    p = p * s + 2.0f / 5;
    p = p * s + 2.0f / 3;
    p = p * s + 2;
    return p * z + (float)power * 0.693147181f;
}
#endif
