/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digit.c - a drawing brought to the size and place that MNIST's digits have. */
#include "server/digit.h"
#include "image/resample.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What stands out by less is no ink; where the box around the ink ends, in shares of the
 * blackest; and what paper may vary by, as photographs have it. */
enum { LEAST_CONTRAST = 24 };
static const float box_edge = 0.4f, grain = 0.12f;

struct scale {
    float paper, span; /* ink is (value - paper) / span */
};

struct box {
    int y, x, h, w;
};

/* The median of the outermost pixels. */
static int paper_of(const struct mp_digit *d)
{
    unsigned seen[256] = { 0 }, n = 0, below = 0;
    for (int y = 0; y < d->h; y++)
        for (int x = 0; x < d->w; x += y == 0 || y == d->h - 1 || d->w == 1 ? 1 : d->w - 1, n++)
            seen[d->at[(size_t)y * (size_t)d->w + (size_t)x]]++;
    int v = 0;
    while (2 * (below + seen[v]) < n)
        below += seen[v++];
    return v;
}

/* False: there is no ink. */
static bool find_scale(struct mp_digit *d, struct scale *s)
{
    const size_t n = (size_t)d->h * (size_t)d->w;
    const int paper = paper_of(d);
    int low = 255, high = 0;
    for (size_t i = 0; i < n; i++) {
        low = d->at[i] < low ? d->at[i] : low;
        high = d->at[i] > high ? d->at[i] : high;
    }
    d->light = high - paper > paper - low;
    const int span = d->light ? high - paper : low - paper;
    *s = (struct scale){ (float)paper, (float)span };
    return abs(span) >= LEAST_CONTRAST;
}

static float ink(const struct scale *s, uint8_t v)
{
    const float t = ((float)v - s->paper) / s->span;
    return t <= grain ? 0 : t < 1 ? (t - grain) / (1 - grain) : 1;
}

static struct box box_of(const struct mp_digit *d, const struct scale *s)
{
    int top = d->h, bottom = -1, left = d->w, right = -1;
    for (int y = 0; y < d->h; y++)
        for (int x = 0; x < d->w; x++) {
            if (ink(s, d->at[(size_t)y * (size_t)d->w + (size_t)x]) < box_edge)
                continue;
            top = y < top ? y : top;
            bottom = y;
            left = x < left ? x : left;
            right = x > right ? x : right;
        }
    return (struct box){ top, left, bottom - top + 1, right - left + 1 };
}

/* Smaller by the means of areas, larger by lines between the pixels. */
static int axis(struct mp_ctx *c, struct mp_axis *a, int from, int to)
{
    return from >= to ? mp_axis_means(c, a, from, to)
                      : mp_axis_resample(c, a, from, to, MP_KERNEL_LINEAR);
}

/* The box as h x w values of ink. */
static int shrink(struct mp_ctx *c, const struct mp_digit *d, const struct scale *s,
                  struct box from, int h, int w, float *to)
{
    struct mp_axis down, across;
    float *row = mp_scratch(c, (size_t)from.w), *rows = mp_scratch(c, (size_t)(from.h * w));
    if (row == NULL || rows == NULL || axis(c, &down, from.h, h) < 0 ||
        axis(c, &across, from.w, w) < 0)
        return -1;
    for (int y = 0; y < from.h; y++) {
        const uint8_t *at = d->at + (size_t)(from.y + y) * (size_t)d->w + (size_t)from.x;
        for (int x = 0; x < from.w; x++)
            row[x] = ink(s, at[x]);
        for (int i = 0; i < w; i++) {
            float sum = 0;
            for (int j = 0; j < across.taps[i].count; j++)
                sum += across.weights[i * across.span + j] * row[across.taps[i].first + j];
            rows[y * w + i] = sum;
        }
    }
    for (int i = 0; i < h; i++)
        for (int x = 0; x < w; x++) {
            float sum = 0;
            for (int j = 0; j < down.taps[i].count; j++)
                sum += down.weights[i * down.span + j] * rows[(down.taps[i].first + j) * w + x];
            to[i * w + x] = sum;
        }
    return MP_OK;
}

/* Where a line of n values, of which `mass` have their centre at `at`, begins in one of `size`. */
static int place(double at, int n, int size)
{
    const int from = (int)lrint(size / 2.0 - at - 0.5);
    return from < 0 ? 0 : from + n > size ? size - n : from;
}

static void lay(const float *x, int h, int w, struct mp_shape to, uint8_t *out)
{
    double mass = 0, down = 0, across = 0;
    for (int i = 0; i < h * w; i++) {
        mass += (double)x[i];
        down += (double)x[i] * (i / w);
        across += (double)x[i] * (i % w);
    }
    const int top = place(down / mass, h, to.h), left = place(across / mass, w, to.w);
    for (int y = 0; y < h; y++)
        for (int i = 0; i < w; i++)
            out[(top + y) * to.w + left + i] = (uint8_t)(x[y * w + i] * 255 + 0.5f);
}

static int least_one(double v)
{
    return v < 1 ? 1 : (int)lrint(v);
}

int mp_digit_normalise(struct mp_ctx *c, struct mp_digit *d, struct mp_shape to, uint8_t *out)
{
    struct scale s;
    memset(out, 0, mp_len(to));
    d->empty = !find_scale(d, &s);
    if (d->empty)
        return MP_OK;
    const struct box box = box_of(d, &s);
    const int side = least_one((to.h < to.w ? to.h : to.w) * 20 / 28.0);
    const double by = (double)side / (box.h > box.w ? box.h : box.w);
    const int h = least_one(box.h * by), w = least_one(box.w * by);
    const int mark = mp_scratch_mark(c);
    float *x = mp_scratch(c, (size_t)(h * w));
    const int rc = x != NULL ? shrink(c, d, &s, box, h, w, x) : -1;
    if (rc == MP_OK)
        lay(x, h, w, to, out);
    mp_scratch_release(c, mark);
    return rc;
}
