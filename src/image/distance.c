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

/* One row of g into d; both are whole registers, and as much of MP_FAR lies before and behind
 * g. */
MP_CLONES static void across(int32_t *restrict d, const int32_t *restrict g, int w, int most)
{
    const int wide = mp_lanes(w);
    int32_t high = MP_FAR;

    memcpy(d, g, (size_t)w * sizeof *d);
    memset(d + w, 0, (size_t)(wide - w) * sizeof *d);
    for (int k = 1; k < w && k <= most && k * k < high; k++) {
        high = 0;
        for (int x = 0; x < wide; x++) {
            d[x] = less(d[x], less(g[x - k], g[x + k]) + k * k);
            high = high > d[x] ? high : d[x];
        }
    }
}

size_t mp_distance_room(int w)
{
    return 4 * (size_t)mp_lanes(w);
}

void mp_distance(int32_t *square, int h, int w, int most, int32_t *room)
{
    const int wide = mp_lanes(w);
    int32_t *g = room + wide, *d = room + 3 * wide;

    for (int x = 0; x < 3 * wide; x++)
        room[x] = MP_FAR;
    columns(square, h, w);
    for (int y = 0; y < h; y++, square += w) {
        memcpy(g, square, (size_t)w * sizeof *g);
        across(d, g, w, most);
        memcpy(square, d, (size_t)w * sizeof *square);
    }
}
