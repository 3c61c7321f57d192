/* SPDX-License-Identifier: GPL-3.0-or-later */
/* panel.c - products of rows of floats with sixteen vectors at a time.
 *
 * A value of a row is multiplied by all vectors at once: it is broadcast, the sixteen
 * sums are one register.  GROUP rows (or, for sums over rows, GROUP values) go together, as
 * many as hide a multiply-add's delay.  Cost: n d / 2 cycles with AVX-512, or as long as
 * the rows take to come from memory. */
#include "linear/panel.h"
#include "core/simd.h"
#include <string.h>

/* aligned(4): they lie wherever floats do. */
typedef float lanes
    __attribute__((vector_size(MP_PANEL * sizeof(float)), aligned(4), may_alias));
typedef double wide
    __attribute__((vector_size(MP_PANEL * sizeof(double)), aligned(8), may_alias));

/* Macros, as a function that returns a vector has another ABI in every clone. */
#define LANES(at) (*(lanes *)(at))
#define SEE(at) (*(const lanes *)(at))

enum { GROUP = 8 };

/* Pointers to GROUP rows from `i` on; behind the last it is the last again. */
static inline __attribute__((always_inline)) size_t group(const float *const *rows, size_t n,
                                                           size_t i, const float **x)
{
    for (size_t q = 0; q < GROUP; q++)
        x[q] = rows[i + q < n ? i + q : n - 1];
    return n - i < GROUP ? n - i : GROUP;
}

MP_CLONES void mp_panel_scores(const float *const *rows, size_t n, size_t d, float bias,
                               const float *w, float *z, size_t stride)
{
    for (size_t i = 0; i < n; i += GROUP) {
        const float *x[GROUP];
        const size_t some = group(rows, n, i, x);
        lanes sum[GROUP] = { { 0 } };
        for (size_t j = 0; j < d; j++) {
            const lanes v = SEE(w + j * MP_PANEL);
            for (size_t q = 0; q < GROUP; q++)
                sum[q] += x[q][j] * v;
        }
        for (size_t q = 0; q < GROUP && bias != 0; q++)
            sum[q] += bias * SEE(w + d * MP_PANEL);
        for (size_t q = 0; q < some; q++)
            LANES(z + (i + q) * stride) = sum[q];
    }
}

MP_CLONES void mp_panel_scores_exact(const float *const *rows, size_t n, size_t d, float bias,
                                     const float *w, double *z)
{
    for (size_t i = 0; i < n; i += GROUP) {
        const float *x[GROUP];
        const size_t some = group(rows, n, i, x);
        wide sum[GROUP] = { { 0 } };
        for (size_t j = 0; j < d; j++) {
            const wide v = __builtin_convertvector(SEE(w + j * MP_PANEL), wide);
            for (size_t q = 0; q < GROUP; q++)
                sum[q] += (double)x[q][j] * v;
        }
        for (size_t q = 0; q < GROUP && bias != 0; q++)
            sum[q] += (double)bias * __builtin_convertvector(SEE(w + d * MP_PANEL), wide);
        for (size_t q = 0; q < some; q++)
            *(wide *)(z + (i + q) * MP_PANEL) = sum[q];
    }
}

/* Values j .. j + GROUP - 1 of the rows. */
/* In line, so that it is compiled along with each clone. */
static inline __attribute__((always_inline)) void
add_values(const float *const *rows, size_t n, size_t j, const float *r, size_t stride, float *g)
{
    lanes sum[GROUP];
    for (size_t q = 0; q < GROUP; q++)
        sum[q] = SEE(g + (j + q) * MP_PANEL);
    for (size_t i = 0; i < n; i++) {
        const lanes v = SEE(r + i * stride);
        const float *x = rows[i] + j;
        for (size_t q = 0; q < GROUP; q++)
            sum[q] += x[q] * v;
    }
    for (size_t q = 0; q < GROUP; q++)
        LANES(g + (j + q) * MP_PANEL) = sum[q];
}

MP_CLONES void mp_panel_add(const float *const *rows, size_t n, size_t d, float bias,
                            const float *r, size_t stride, float *g)
{
    size_t j = 0;
    for (; j + GROUP <= d; j += GROUP)
        add_values(rows, n, j, r, stride, g);
    for (; j < d; j++) {
        lanes sum = SEE(g + j * MP_PANEL);
        for (size_t i = 0; i < n; i++)
            sum += rows[i][j] * SEE(r + i * stride);
        LANES(g + j * MP_PANEL) = sum;
    }
    if (bias == 0)
        return;
    lanes sum = SEE(g + d * MP_PANEL);
    for (size_t i = 0; i < n; i++)
        sum += bias * SEE(r + i * stride);
    LANES(g + d * MP_PANEL) = sum;
}

MP_CLONES void mp_panel_join(const float *add, const float *parts, size_t n, size_t size,
                             size_t from, size_t to, float *out)
{
    enum { RUN = 64 };
    for (size_t at = from; at < to; at += RUN) {
        const size_t run = to - at < RUN ? to - at : RUN;
        double sum[RUN] = { 0 };
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < run; j++)
                sum[j] += (double)parts[i * size + at + j];
        for (size_t j = 0; j < run; j++)
            out[at + j] = (float)(sum[j] + (add != NULL ? (double)add[at + j] : 0));
    }
}

MP_CLONES void mp_panel_dot(const float *a, const float *b, size_t n, double *sum)
{
    double own[MP_PANEL] = { 0 };
    for (size_t j = 0; j < n; j++)
        for (size_t v = 0; v < MP_PANEL; v++)
            own[v] += (double)a[j * MP_PANEL + v] * (double)b[j * MP_PANEL + v];
    for (size_t v = 0; v < MP_PANEL; v++)
        sum[v] += own[v];
}
