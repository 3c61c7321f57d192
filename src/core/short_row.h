/* SPDX-License-Identifier: GPL-3.0-or-later */
/* short_row.h - a row of floats in 16 bits a value.
 *
 * Whole numbers from -32768 to 32767 and a step, a power of two, that they are multiplied by: the
 * largest of the row's values takes all 15 bits, so that no value is off by more than a 32 768th of
 * that; whole numbers stay what they are where none is above 32 767.
 * What a row becomes depends on its own values alone, on every processor. */
#ifndef MP_SHORT_ROW_H
#define MP_SHORT_ROW_H
#include <stddef.h>
#include <stdint.h>

enum { MP_SHORT_STEP = 2 }; /* of the values, where the step lies */

/* 16-bit values that a row of d takes. */
static inline size_t mp_short_row(size_t d)
{
    return d + MP_SHORT_STEP;
}

/* n rows, one after the other.  One that has a value that is no finite number has none. */
void mp_short_from(const float *x, size_t n, size_t d, int16_t *to);

/* One row. */
void mp_short_to(const int16_t *row, size_t d, float *x);

/* Has it come from memory meanwhile. */
static inline void mp_short_fetch(const int16_t *row, size_t d)
{
    enum { LINE = 64 / sizeof *row };
    for (size_t j = 0; j < mp_short_row(d); j += LINE)
        __builtin_prefetch(row + j);
}
#endif
