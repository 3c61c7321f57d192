/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tangent.c - tangent distance. */
#include "image/tangent.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

enum { BOTH = 2 * MP_TANGENTS };

/* Half the difference of a pixel's neighbours; beyond the border lies paper. */
static float slope(const float *x, struct mp_shape s, int row, int column, int k, int down)
{
    const int up = 1 - down, c = s.c;
    const float *at = x + ((size_t)row * (size_t)s.w + (size_t)column) * (size_t)c + k;
    const ptrdiff_t step = down ? (ptrdiff_t)s.w * c : c;
    const bool first = row - down < 0 || column - up < 0;
    const bool last = row + down >= s.h || column + up >= s.w;
    return ((last ? 0 : at[step]) - (first ? 0 : at[-step])) / 2;
}

void mp_tangents(const float *x, struct mp_shape s, float *to)
{
    const size_t d = mp_len(s);
    memcpy(to, x, d * sizeof *to);
    to += d;
    const float right = (float)(s.w - 1) / 2, below = (float)(s.h - 1) / 2;
    for (int i = 0; i < s.h; i++)
        for (int j = 0; j < s.w; j++)
            for (int k = 0; k < s.c; k++, to++) {
                const float dx = slope(x, s, i, j, k, 0), dy = slope(x, s, i, j, k, 1);
                const float u = (float)j - right, v = (float)i - below;
                const float t[MP_TANGENTS] = { dx, dy, u * dx + v * dy, v * dx - u * dy,
                                               u * dx - v * dy, v * dx + u * dy,
                                               dx * dx + dy * dy };
                for (size_t l = 0; l < MP_TANGENTS; l++)
                    to[l * d] = t[l];
            }
}

/* Sixteen sums side by side, so that the order of additions is the same on every call. */
MP_CLONES static double dot(const float *restrict a, const float *restrict b, size_t n)
{
    float sum[2 * MP_LANES] = { 0 };
    size_t i = 0;
    for (; i + 2 * MP_LANES <= n; i += 2 * MP_LANES)
        for (size_t l = 0; l < 2 * MP_LANES; l++)
            sum[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i < n; i++, l++)
        sum[l] += a[i] * b[i];
    double all = 0;
    for (size_t l = 0; l < 2 * MP_LANES; l++)
        all += (double)sum[l];
    return all;
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
    const float *t[BOTH];
    double G[BOTH][BOTH], g[BOTH];
    for (size_t i = 0; i < MP_TANGENTS; i++) {
        t[i] = a + (i + 1) * d;
        t[MP_TANGENTS + i] = b + (i + 1) * d;
    }
    for (size_t i = 0; i < BOTH; i++) {
        g[i] = dot(t[i], a, d) - dot(t[i], b, d);
        for (size_t j = 0; j <= i; j++)
            G[i][j] = dot(t[i], t[j], d);
    }
    return sqrt(fmax(0, square(a, b, d) - explained(G, g)));
}
