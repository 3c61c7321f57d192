/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pixel.h - grey levels: a pixel 0..1 as one of the 256 values of a byte. */
#ifndef MP_PIXEL_H
#define MP_PIXEL_H
#include <stddef.h>
#include <stdint.h>

enum { MP_LEVELS = 256 };

/* Cuts x to 0 .. 1; NaN becomes 0. */
static inline float mp_cut(float x)
{
    x = x > 0 ? x : 0;
    return x < 1 ? x : 1;
}

/* The level next to x, cut to 0 .. 1.  The inverse of level / 255.0f. */
static inline int mp_level(float x)
{
    return (int)(mp_cut(x) * 255 + 0.5f);
}

/* How many of n pixels have each level.  Four tables, joined at the end: digits
 * are mostly paper, and one counter can only be raised every five cycles. */
static inline void mp_histogram(const uint8_t *b, size_t n, uint32_t count[MP_LEVELS])
{
    uint32_t part[4][MP_LEVELS] = {{0}};
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        part[0][b[i]]++;
        part[1][b[i + 1]]++;
        part[2][b[i + 2]]++;
        part[3][b[i + 3]]++;
    }
    for (; i < n; i++)
        part[0][b[i]]++;
    for (int k = 0; k < MP_LEVELS; k++)
        count[k] = part[0][k] + part[1][k] + part[2][k] + part[3][k];
}

#endif
