/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finite.h - whether values are numbers: neither infinite nor NaN. */
#ifndef MP_FINITE_H
#define MP_FINITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* By the exponent's bits, which compilers make vectors of. */
static inline bool mp_all_finite(const float *x, size_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        wrong |= (bits & exponent) == exponent;
    }
    return wrong == 0;
}
#endif
