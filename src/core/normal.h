/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normal.h - normal random numbers, keyed as mp_random() is. */
#ifndef MP_NORMAL_H
#define MP_NORMAL_H
#include "core/stage.h"
#include <math.h>

/* In 0 .. 1, never 0. */
static inline double mp_uniform(uint64_t bits)
{
    return ((double)(bits >> 11) + 0.5) * 0x1p-53;
}

/* n of them, by the pair (Box and Muller 1958), `step` floats from one to the next. */
static inline void mp_normals(struct mp_ctx *c, uint64_t key, double sigma, size_t n, float *to,
                              size_t step)
{
    for (size_t i = 0; i < n; i += 2) {
        const double r = sigma * sqrt(-2 * log(mp_uniform(mp_random(c, key, i))));
        const double a = 2 * 3.14159265358979323846 * mp_uniform(mp_random(c, key, i + 1));
        to[i * step] = (float)(r * cos(a));
        if (i + 1 < n)
            to[(i + 1) * step] = (float)(r * sin(a));
    }
}
#endif
