/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distance.c - exact Euclidean distances, one axis after the other.
 *
 * Down and up the columns, a pixel is one farther from the nearest in its column than its
 * neighbour is.  Of a row's pixels, with g the squares of these distances, the squared distance is
 *
 *     min over k of  g(x - k) + k^2,  g(x + k) + k^2
 *
 * and no k counts whose square is not below what is found already.  So a row is passed over
 * with k = 1, 2 .. until the largest distance in it is reached: a few times for strokes.  That
 * is T. Saito and J. Toriwaki's method ("New algorithms for Euclidean distance transformation of
 * an n-dimensional digitized picture", Pattern Recognition 27, 1994, 1551-1565) with its loops
 * turned, so that they run over neighbours and are vectors.  P. Felzenszwalb and D. Huttenlocher's
 * ("Distance transforms of sampled functions", Theory of Computing 8, 2012, 415-428) takes as
 * long for every row, however near all is, and one pixel at a time.
 *
 * Cost for a row of w pixels: 2 w additions and minima for each pixel of its largest distance. */
#include "image/distance.h"
#include "core/simd.h"
#include <string.h>

enum { NONE = 1 << 14 }; /* in a column without any: its square is MP_FAR */

static inline int32_t less(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

MP_CLONES static void columns(int32_t *square, int h, int w)
{
    for (int i = 0; i < h * w; i++)
        square[i] = less(square[i], NONE);
    for (int y = 1; y < h; y++)
        for (int x = 0; x < w; x++)
            square[y * w + x] = less(square[y * w + x], square[(y - 1) * w + x] + 1);
    for (int y = h - 2; y >= 0; y--)
        for (int x = 0; x < w; x++)
            square[y * w + x] = less(square[y * w + x], square[(y + 1) * w + x] + 1);
    for (int i = 0; i < h * w; i++)
        square[i] = less(square[i], NONE) * less(square[i], NONE);
}

/* d: the distances as they are found; g: what the columns gave. */
MP_CLONES static void across(int32_t *restrict d, const int32_t *restrict g, int w, int most)
{
    int32_t high = MP_FAR;

    for (int k = 1; k < w && k <= most && k * k < high; k++) {
        for (int x = k; x < w; x++)
            d[x] = less(d[x], g[x - k] + k * k);
        for (int x = 0; x < w - k; x++)
            d[x] = less(d[x], g[x + k] + k * k);
        high = 0;
        for (int x = 0; x < w; x++)
            high = high > d[x] ? high : d[x];
    }
}

void mp_distance(int32_t *square, int h, int w, int most, int32_t *row)
{
    columns(square, h, w);
    for (int y = 0; y < h; y++) {
        memcpy(row, square + (size_t)y * (size_t)w, (size_t)w * sizeof *row);
        across(square + (size_t)y * (size_t)w, row, w, most);
    }
}
