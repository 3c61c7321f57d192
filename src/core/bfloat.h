/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bfloat.h - bf16: the upper half of a float, for products at twice the speed and more
 * where dnn.h says so.
 *
 * Eight bits of precision and the range of a float.  Processors with AVX512_BF16 or
 * AMX multiply pairs of them and add in f32. */
#ifndef MP_BFLOAT_H
#define MP_BFLOAT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t mp_bf16;

/* What matrix products and convolutions read; what they write is f32. */
enum mp_precision { MP_F32, MP_BF16 };

/* Rounds to the nearest, ties to even; what is not a number stays so. */
static inline mp_bf16 mp_bf16_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const uint32_t rounded = u + 0x7fff + (u >> 16 & 1);
    const uint32_t quiet = u | 0x400000; /* rounding could carry a NaN on to infinity */
    return (mp_bf16)(((u & 0x7fffffff) > 0x7f800000 ? quiet : rounded) >> 16);
}

static inline float mp_float_of(mp_bf16 x)
{
    const uint32_t u = (uint32_t)x << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

void mp_to_bf16(const float *x, mp_bf16 *y, size_t n);
void mp_from_bf16(const mp_bf16 *x, float *y, size_t n);
#endif
