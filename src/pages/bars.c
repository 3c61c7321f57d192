/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.c - vectors as bars side by side. */
#include "pages/bars.h"
#include "core/ctx.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NARROWEST = 40, WIDEST = 64, INK = 40, AXIS = 170 };
enum { MUCH = 4 }; /* times the usual range: then each value has a scale of its own */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void own_ranges(struct mp_bars *b)
{
    for (size_t j = 0; j < b->d; j++) {
        b->low[j] = INFINITY;
        b->high[j] = -INFINITY;
        for (size_t i = 0; i < b->n; i++) {
            const float v = b->x[i * b->len + j];
            b->low[j] = isfinite(v) ? fminf(b->low[j], v) : b->low[j];
            b->high[j] = isfinite(v) ? fmaxf(b->high[j], v) : b->high[j];
        }
    }
}

/* Of the values that differ at all, whether some do so much more than the usual one. */
static bool differ(const struct mp_bars *b, float *range)
{
    size_t m = 0;
    for (size_t j = 0; j < b->d; j++)
        if (b->high[j] > b->low[j])
            range[m++] = b->high[j] - b->low[j];
    qsort(range, m, sizeof *range, by_value);
    return m > 0 && range[m - 1] > MUCH * range[m / 2 - (m > 1 && m % 2 == 0)];
}

static void one_range(struct mp_bars *b)
{
    float low = 0, high = 0;
    for (size_t j = 0; j < b->d; j++) {
        low = fminf(low, b->low[j]);
        high = fmaxf(high, b->high[j]);
    }
    for (size_t j = 0; j < b->d; j++) {
        b->low[j] = low;
        b->high[j] = high;
    }
}

int mp_bars_open(struct mp_ctx *c, const struct mp_contact *k, const struct mp_contact_column *col,
                 struct mp_bars *b)
{
    const size_t len = mp_len(col->shape);
    *b = (struct mp_bars){ .x = col->x, .n = k->n, .d = len, .len = len };
    if (len > 2 * WIDEST) /* means of more than two would be flat */
        b->d = WIDEST;
    b->low = mp_alloc(c, 3 * b->d, sizeof *b->low);
    if (b->low == NULL)
        return -1;
    b->high = b->low + b->d;
    own_ranges(b);
    b->each = differ(b, b->high + b->d);
    if (!b->each)
        one_range(b);
    const int wide = b->d < NARROWEST ? NARROWEST / (int)b->d * (int)b->d : (int)b->d;
    b->w = wide < WIDEST ? wide : WIDEST;
    b->h = b->w * 2 / 3;
    return MP_OK;
}

void mp_bars_close(struct mp_bars *b)
{
    free(b->low);
    memset(b, 0, sizeof *b);
}

/* Value j as a share of its range; 0 where it has none. */
static double share(const struct mp_bars *b, size_t j, double v)
{
    const double range = (double)b->high[j] - b->low[j];
    return isfinite(v) && range > 0 ? fmin(1, fmax(0, (v - b->low[j]) / range)) : 0;
}

/* Where column x of the picture ends: the mean of the values that lie there. */
static double height(const struct mp_bars *b, size_t i, int x)
{
    const size_t from = (size_t)x * b->d / (size_t)b->w;
    const size_t to = ((size_t)x + 1) * b->d / (size_t)b->w;
    double sum = 0;
    size_t n = 0;
    for (size_t j = from; j < to || n == 0; j++, n++)
        sum += share(b, j, (double)b->x[i * b->len + j]);
    return sum / (double)n;
}

void mp_bars_draw(const struct mp_bars *b, size_t i, struct mp_picture *p, int top, int left)
{
    const double zero = b->each ? 0 : share(b, 0, 0);
    const int wide = b->w / (int)b->d, gap = wide > 2; /* between bars that are wide enough */
    const int axis = (int)round((1 - zero) * (b->h - 1));
    mp_picture_fill(p, top + axis, left, 1, b->w, AXIS);
    for (int x = 0; x < b->w; x++) {
        const int end = (int)round((1 - height(b, i, x)) * (b->h - 1));
        const int above = end < axis ? end : axis, below = end < axis ? axis : end;
        if (!gap || x % wide > 0)
            mp_picture_fill(p, top + above, left + x, below - above + (below > above), 1, INK);
    }
}
