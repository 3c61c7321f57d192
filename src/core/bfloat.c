/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bfloat.c - rounding to bf16, and back.  Cost: as fast as memory. */
#include "core/bfloat.h"
#include "core/simd.h"

MP_CLONES void mp_to_bf16(const float *restrict x, mp_bf16 *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = mp_bf16_of(x[i]);
}

MP_CLONES void mp_from_bf16(const mp_bf16 *restrict x, float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = mp_float_of(x[i]);
}
