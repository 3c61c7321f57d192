/* SPDX-License-Identifier: GPL-3.0-or-later */
/* short_row.c - a row of floats in 16 bits a value.
 *
 * Steps are powers of two, so that products with them are exact and nothing depends on how a
 * processor rounds.  Cost: a row is read twice; about as fast as memory. */
#include "core/short_row.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

enum {
    MANTISSA = 23, BIAS = 127, /* of floats */
    BITS = 15                  /* of the largest value */
};

static const uint32_t infinite = 0x7f800000;

/* The largest value without its sign, as bits, whose order is that of the values: one that is no
 * number is larger than all. */
MP_CLONES static uint32_t largest(const float *x, size_t d)
{
    uint32_t most = 0;
    for (size_t j = 0; j < d; j++) {
        uint32_t u;
        memcpy(&u, &x[j], sizeof u);
        u &= 0x7fffffff;
        most = u > most ? u : most;
    }
    return most;
}

static float power(int exponent)
{
    const uint32_t u = (uint32_t)(exponent + BIAS) << MANTISSA;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* The exponent of the step of a row whose largest value has these bits. */
static int step_of(uint32_t most)
{
    const int least = 1 - BIAS; /* of floats that have all their bits */
    int exponent = (int)(most >> MANTISSA) - BIAS - (BITS - 1);
    /* What would be rounded up to 2^15. */
    exponent += (most & ((1u << MANTISSA) - 1)) >= ((1u << MANTISSA) - (1u << (MANTISSA - BITS)));
    return exponent > least ? exponent : least;
}

/* A sum with 1.5 x 2^23 has the nearest whole number, of two the even one, in its last bits. */
MP_CLONES static void to_whole(const float *restrict x, size_t d, float by, int16_t *restrict to)
{
    const float magic = 0x1.8p23f;
    for (size_t j = 0; j < d; j++) {
        const float sum = x[j] * by + magic;
        uint32_t u;
        memcpy(&u, &sum, sizeof u);
        to[j] = (int16_t)(uint16_t)u;
    }
}

void mp_short_from(const float *x, size_t n, size_t d, int16_t *to)
{
    for (size_t i = 0; i < n; i++, x += d, to += mp_short_row(d)) {
        const uint32_t most = largest(x, d);
        const int exponent = step_of(most);
        const float step = most < infinite ? power(exponent) : NAN;
        memcpy(to, &step, sizeof step);
        if (most < infinite)
            to_whole(x, d, power(-exponent), to + MP_SHORT_STEP);
        else
            memset(to + MP_SHORT_STEP, 0, d * sizeof *to);
    }
}

MP_CLONES void mp_short_to(const int16_t *restrict row, size_t d, float *restrict x)
{
    float step;
    memcpy(&step, row, sizeof step);
    row += MP_SHORT_STEP;
    for (size_t j = 0; j < d; j++)
        x[j] = (float)row[j] * step;
}
