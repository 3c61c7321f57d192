/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectrum.h - Fourier transforms of sixteen images side by side.
 *
 * Every value is a vector of MP_LANES floats, one of each image, so that no image's result depends
 * on the others, and any length of 2, 3 and 5 is as good as another.  Stockham's steps (Cochran and
 * others 1967), which need no reversal of digits, go from one buffer to another. */
#ifndef MP_SPECTRUM_H
#define MP_SPECTRUM_H
#include "core/simd.h"
#include <stdbool.h>

enum { MP_SPECTRUM_STEPS = 16 };

/* A line of n values. */
struct mp_line {
    int n, steps, radix[MP_SPECTRUM_STEPS];
    float *turn; /* of each i < n the cosine and the sine of i / n turns */
};

/* The next length from n on that is a multiple of `of` and has no factors but 2, 3 and 5. */
int mp_line_length(int n, int of);

/* Of such a length; turn: room for 2 n floats, which stay with it. */
void mp_line_of(int n, float *turn, struct mp_line *line);

/* In place, high->n x wide->n values, real parts and imaginary ones; room for four values for
 * each place of the longer line.  The way back is not divided by the number of values. */
void mp_spectrum(const struct mp_line *high, const struct mp_line *wide, bool back,
                 mp_vector *re, mp_vector *im, mp_vector *room);
#endif
