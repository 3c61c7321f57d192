/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tangent.c - tangent distance. */
#include "image/tangent.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

enum { BOTH = 2 * MP_TANGENTS };

/* The tangents of one row of pixels of one channel, `c` values apart; above and below are the rows
 * beside it, all 0 beyond the border.  v: how far below the middle it lies. */
static inline __attribute__((always_inline)) void
row_tangents(const float *restrict x, const float *restrict above, const float *restrict below,
             size_t w, size_t c, float v, size_t d, float *restrict to)
{
    const float middle = (float)(w - 1) / 2;
    for (size_t j = 0; j < w; j++) {
        const float left = j > 0 ? x[(j - 1) * c] : 0, right = j + 1 < w ? x[(j + 1) * c] : 0;
        const float u = (float)j - middle, dx = (right - left) / 2;
        const float dy = (below[j * c] - above[j * c]) / 2;
        const float t[MP_TANGENTS] = { dx, dy, u * dx + v * dy, v * dx - u * dy, u * dx - v * dy,
                                       v * dx + u * dy, dx * dx + dy * dy };
        for (size_t l = 0; l < MP_TANGENTS; l++)
            to[l * d + j * c] = t[l];
    }
}

MP_CLONES static void grey_tangents(const float *x, const float *above, const float *below,
                                    size_t w, float v, size_t d, float *to)
{
    row_tangents(x, above, below, w, 1, v, d, to);
}

void mp_tangents(const float *x, struct mp_shape s, float *to)
{
    const size_t d = mp_len(s), w = (size_t)s.w, c = (size_t)s.c, h = (size_t)s.h;
    const float *blank = to; /* a row of paper, until the image itself comes there */
    memset(to, 0, w * c * sizeof *to);
    for (size_t i = 0; i < h; i++) {
        const float *row = x + i * w * c, *above = i > 0 ? row - w * c : blank;
        const float *below = i + 1 < h ? row + w * c : blank;
        const float v = (float)i - (float)(h - 1) / 2;
        for (size_t k = 0; k < c; k++) {
            float *at = to + d + i * w * c + k;
            if (c == 1)
                grey_tangents(row, above, below, w, v, d, at);
            else
                row_tangents(row + k, above + k, below + k, w, c, v, d, at);
        }
    }
    memcpy(to, x, d * sizeof *to);
}

/* Of each of an image's tangents the product with x.  Sixteen sums side by side, so that the
 * order of additions is the same on every call. */
MP_CLONES static void multiply(const float *restrict tangents, const float *restrict x, size_t d,
                               double *restrict to)
{
    mp_vector sum[MP_TANGENTS] = { { 0 } };
    size_t i = 0;
    for (; i + MP_LANES <= d; i += MP_LANES) {
        mp_vector v, w;
        memcpy(&v, x + i, sizeof v);
#pragma GCC unroll 7
        for (size_t t = 0; t < MP_TANGENTS; t++) {
            memcpy(&w, tangents + t * d + i, sizeof w);
            sum[t] += w * v;
        }
    }
    for (size_t l = 0; i < d; i++, l++)
        for (size_t t = 0; t < MP_TANGENTS; t++)
            sum[t][l] += tangents[t * d + i] * x[i];
    for (size_t t = 0; t < MP_TANGENTS; t++) {
        to[t] = 0;
        for (size_t l = 0; l < MP_LANES; l++)
            to[t] += (double)sum[t][l];
    }
}

MP_CLONES static double square(const float *restrict a, const float *restrict b, size_t n)
{
    double sum[8] = { 0 };
    for (size_t i = 0; i < n; i += 8)
        for (size_t l = 0; l < 8 && i + l < n; l++) {
            const double gap = (double)a[i + l] - (double)b[i + l];
            sum[l] += gap * gap;
        }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* g' G^-1 g of a symmetric matrix, by its Cholesky factor, which takes the place of its lower
 * triangle.  Where two tangents are nearly one, the second is left out. */
static double explained(double G[BOTH][BOTH], double *g)
{
    double sum = 0;
    for (size_t i = 0; i < BOTH; i++) {
        const double own = G[i][i];
        for (size_t j = 0; j < i; j++) {
            for (size_t k = 0; k < j; k++)
                G[i][j] -= G[i][k] * G[j][k];
            G[i][j] = G[j][j] > 0 ? G[i][j] / G[j][j] : 0;
            G[i][i] -= G[i][j] * G[i][j];
            g[i] -= G[i][j] * g[j];
        }
        G[i][i] = G[i][i] > 1e-5 * own ? sqrt(G[i][i]) : 0;
        g[i] = G[i][i] > 0 ? g[i] / G[i][i] : 0;
        sum += g[i] * g[i];
    }
    return sum;
}

double mp_tangent_distance(const float *a, const float *b, size_t d)
{
    double G[BOTH][BOTH], g[BOTH], other[BOTH];
    for (size_t i = 0; i < MP_TANGENTS; i++) {
        multiply(a + d, a + (i + 1) * d, d, G[i]);
        multiply(a + d, b + (i + 1) * d, d, G[MP_TANGENTS + i]);
        multiply(b + d, b + (i + 1) * d, d, G[MP_TANGENTS + i] + MP_TANGENTS);
    }
    multiply(a + d, a, d, g);
    multiply(a + d, b, d, other);
    multiply(b + d, a, d, g + MP_TANGENTS);
    multiply(b + d, b, d, other + MP_TANGENTS);
    for (size_t i = 0; i < BOTH; i++)
        g[i] -= other[i];
    return sqrt(fmax(0, square(a, b, d) - explained(G, g)));
}
