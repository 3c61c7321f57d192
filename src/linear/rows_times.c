/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows_times.c - rows times a matrix, in products of one size. */
#include "linear/rows_times.h"
#include "linear/dnn.h"
#include <string.h>

int mp_rows_times(struct mp_ctx *c, const float *x, size_t n, size_t d, const float *w, size_t k,
                  bool turned, float *y)
{
    const size_t ldw = turned ? d : k, rest = n % MP_TIMES_ROWS;
    const int mark = mp_scratch_mark(c);
    float *few = mp_scratch(c, MP_TIMES_ROWS * (d + k)), *made = few + MP_TIMES_ROWS * d;
    if (few == NULL)
        return -1;
    for (size_t i = 0; i < n; i += MP_TIMES_ROWS) {
        const bool whole = n - i >= MP_TIMES_ROWS;
        const float *from = x + i * d;
        if (!whole) {
            memcpy(few, from, rest * d * sizeof *few);
            memset(few + rest * d, 0, (MP_TIMES_ROWS - rest) * d * sizeof *few);
            from = few;
        }
        if (mp_gemm(false, turned, MP_TIMES_ROWS, k, d, 1, from, d, w, ldw, 0,
                    whole ? y + i * k : made, k) < 0)
            return mp_fail(c, "no memory for products of %d rows", MP_TIMES_ROWS);
        if (!whole)
            memcpy(y + i * k, made, rest * k * sizeof *y);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}
