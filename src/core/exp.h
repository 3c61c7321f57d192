/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp.h - the exponential function, for loops that the compiler turns into vectors.
 *
 * Reduction by powers of two and the polynomial of Cephes' expf (Moshier): within 2e-7 of the
 * value for -80 .. 80, and that of the nearer end beyond; not-a-number stays so. */
#ifndef MP_EXP_H
#define MP_EXP_H
#include <stdint.h>

static inline float mp_exp(float x)
{
    union bits {
        float f;
        uint32_t u;
    };
    const float magic = 12582912; /* 1.5 * 2^23: adding it rounds to a whole number */
    x = x < -80 ? -80 : x; /* so that nothing made of it is denormal: those are slow */
    x = x > 80 ? 80 : x;
    const union bits z = { .f = x * 1.44269504f + magic }, one = { .f = magic };
    const float n = z.f - magic, r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const union bits power = { .u = (z.u - one.u + 127) << 23 };
    return (p * r * r + r + 1) * power.f;
}
#endif
