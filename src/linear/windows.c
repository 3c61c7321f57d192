/* SPDX-License-Identifier: GPL-3.0-or-later */
/* windows.c - the windows of an image as rows of a matrix, and sums over parts of the image. */
#include "linear/windows.h"
#include "core/simd.h"
#include <math.h>
#include <string.h>

int mp_windows_of(struct mp_ctx *c, struct mp_shape image, int side, int step, int margin,
                  struct mp_windows *w)
{
    const int high = image.h + 2 * margin - side, wide = image.w + 2 * margin - side;
    if (high < 0 || wide < 0)
        return mp_fail(c, "size=%d: no place for a window of %dx%d in an image of %dx%d; at most "
                       "%d", side, side, side, image.h, image.w,
                       (image.h < image.w ? image.h : image.w) + 2 * margin);
    *w = (struct mp_windows){ image, side, step, margin, high / step + 1, wide / step + 1,
                              (size_t)side * (size_t)side * (size_t)image.c };
    return MP_OK;
}

/* The pixels x0 .. of row y of the image that a window's row shows; paper outside. */
static inline void copy_row(const struct mp_windows *w, const float *image, int y, int x0,
                            float *to)
{
    const size_t c = (size_t)w->image.c, len = (size_t)w->side * c;
    const int left = x0 < 0 ? -x0 : 0, end = x0 + w->side, over = end - w->image.w;
    const int n = w->side - left - (over > 0 ? over : 0);
    if (y < 0 || y >= w->image.h || n <= 0) {
        memset(to, 0, len * sizeof *to);
        return;
    }
    const float *from = image + ((size_t)y * (size_t)w->image.w + (size_t)(x0 + left)) * c;
    const size_t at = (size_t)left * c, count = (size_t)n * c;
    memset(to, 0, at * sizeof *to);
    for (size_t i = 0; i < count; i++)
        to[at + i] = from[i];
    memset(to + at + count, 0, (len - at - count) * sizeof *to);
}

void mp_windows_at(const struct mp_windows *w, const float *image, size_t place, float *to)
{
    const int y0 = (int)(place / (size_t)w->wide) * w->step - w->margin;
    const int x0 = (int)(place % (size_t)w->wide) * w->step - w->margin;
    const size_t len = (size_t)w->side * (size_t)w->image.c;
    for (int y = 0; y < w->side; y++, to += len)
        copy_row(w, image, y0 + y, x0, to);
}

void mp_windows_take(const struct mp_windows *w, const float *image, float *to)
{
    const size_t n = mp_windows_places(w);
    for (size_t i = 0; i < n; i++)
        mp_windows_at(w, image, i, to + i * w->d);
}

MP_CLONES void mp_windows_level(float *x, size_t n, size_t d, float floor)
{
    for (size_t i = 0; i < n; i++, x += d) {
        float sum = 0, square = 0;
        for (size_t j = 0; j < d; j++)
            sum += x[j];
        const float mean = sum / (float)d;
        for (size_t j = 0; j < d; j++) {
            x[j] -= mean;
            square += x[j] * x[j];
        }
        const float scale = floor > 0 ? 1 / sqrtf(square / (float)d + floor) : 1;
        for (size_t j = 0; j < d && floor > 0; j++)
            x[j] *= scale;
    }
}

/* One axis of n places: weights[i * parts + k] of place i in part k. */
static void weigh(int n, int parts, bool soft, int *first, int *count, float *weights)
{
    const double side = (double)n / parts;
    for (int k = 0; k < parts; k++) {
        const double middle = (k + 0.5) * side;
        double sum = 0;
        first[k] = n;
        count[k] = 0;
        for (int i = 0; i < n; i++) {
            const double far = fabs(i + 0.5 - middle);
            const bool in = i >= (int)floor(k * side) && i < (int)floor((k + 1) * side);
            const double v = soft ? fmax(0, 1 - far / fmax(side, 1)) : in;
            weights[i * parts + k] = (float)v;
            sum += v;
            if (v > 0) {
                first[k] = first[k] < i ? first[k] : i;
                count[k] = i + 1 - first[k];
            }
        }
        for (int i = 0; i < n && sum > 0; i++)
            weights[i * parts + k] /= (float)sum;
    }
}

int mp_pool_of(struct mp_ctx *c, int high, int wide, int parts, bool soft, struct mp_pool *p)
{
    const size_t n = (size_t)(high + wide) * (size_t)parts;
    float *weights = mp_scratch(c, n);
    int *places = (int *)(void *)mp_scratch(c, 4 * (size_t)parts);
    if (weights == NULL || places == NULL)
        return -1;
    *p = (struct mp_pool){ parts, high, wide, places, places + 2 * parts, weights,
                           weights + high * parts };
    weigh(high, parts, soft, p->first, p->count, p->down);
    weigh(wide, parts, soft, p->first + parts, p->count + parts, p->across);
    return MP_OK;
}

MP_CLONES static void add(const float *restrict x, float weight, size_t k, float *restrict to)
{
    for (size_t j = 0; j < k; j++)
        to[j] += weight * x[j];
}

/* Each part's sum along the row first, then into all parts that the row is in. */
void mp_pool_row(const struct mp_pool *p, int y, const float *x, size_t k, float *room,
                 float *sums)
{
    const int parts = p->parts;
    memset(room, 0, (size_t)parts * k * sizeof *room);
    for (int b = 0; b < parts; b++)
        for (int i = p->first[parts + b]; i < p->first[parts + b] + p->count[parts + b]; i++)
            add(x + (size_t)i * k, p->across[i * parts + b], k, room + (size_t)b * k);
    for (int a = 0; a < parts; a++)
        if (p->down[y * parts + a] > 0)
            add(room, p->down[y * parts + a], (size_t)parts * k,
                sums + (size_t)a * (size_t)parts * k);
}
