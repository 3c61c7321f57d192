/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.c - a picture of any size as an image of one size.
 *
 * Method: a window of the picture is mapped along its rows, one after another, as floats, then
 * along its columns into a window of the image; so memory is that of the image's width times the
 * picture's height, however large the picture. */
#include "pictures/fit.h"
#include "image/resample.h"
#include <math.h>
#include <string.h>

struct window {
    int y, x, h, w;
};

static int at_least_one(double v)
{
    return v < 1 ? 1 : (int)lrint(v);
}

/* The largest window of proportions h : w in the middle of H x W, all of it one way. */
static struct window middle(int H, int W, double h, double w)
{
    struct window m = { 0, 0, H, W };
    if (H * w > W * h)
        m.h = at_least_one(W * h / w);
    else
        m.w = at_least_one(H * w / h);
    m.y = (H - m.h) / 2;
    m.x = (W - m.w) / 2;
    return m;
}

/* The border's median in one channel. */
static uint8_t border_level(const struct mp_flat *f, int channel)
{
    unsigned seen[256] = { 0 }, n = 0, below = 0;
    const size_t step = (size_t)f->c, row = step * (size_t)f->w;
    for (int y = 0; y < f->h; y++)
        for (int x = 0; x < f->w; x += y == 0 || y == f->h - 1 || f->w == 1 ? 1 : f->w - 1, n++)
            seen[f->at[(size_t)y * row + (size_t)x * step + (size_t)channel]]++;
    int v = 0;
    while (2 * (below + seen[v]) < n)
        below += seen[v++];
    return (uint8_t)v;
}

static void fill(const struct mp_flat *f, enum mp_paper paper, struct mp_shape to, uint8_t *out)
{
    const size_t n = mp_len(to), step = (size_t)to.c;
    for (int k = 0; k < to.c; k++) {
        const uint8_t v = paper == MP_PAPER_OWN     ? border_level(f, k)
                          : paper == MP_PAPER_WHITE ? 255
                                                    : 0;
        for (size_t i = (size_t)k; i < n; i += step)
            out[i] = v;
    }
}

/* A row of bytes along the axis. */
static void map_row(const struct mp_axis *a, const uint8_t *row, size_t step, float *to)
{
    for (int i = 0; i < a->to; i++) {
        const float *w = a->weights + (size_t)i * (size_t)a->span;
        const uint8_t *from = row + (size_t)a->taps[i].first * step;
        for (size_t k = 0; k < step; k++) {
            float sum = 0;
            for (int j = 0; j < a->taps[i].count; j++)
                sum += w[j] * from[(size_t)j * step + k];
            *to++ = sum;
        }
    }
}

/* Position i of the axis, from rows of n floats. */
static void map_column(const struct mp_axis *a, int i, const float *rows, size_t n, uint8_t *to)
{
    const float *w = a->weights + (size_t)i * (size_t)a->span;
    const float *from = rows + (size_t)a->taps[i].first * n;
    for (size_t k = 0; k < n; k++) {
        float sum = 0.5f;
        for (int j = 0; j < a->taps[i].count; j++)
            sum += w[j] * from[(size_t)j * n + k];
        to[k] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

static int map(struct mp_ctx *c, const struct mp_flat *f, struct window from, struct mp_shape to,
               struct window into, uint8_t *out)
{
    const size_t step = (size_t)f->c, n = step * (size_t)into.w;
    const int mark = mp_scratch_mark(c);
    struct mp_axis down, across;
    float *rows = NULL;
    if (mp_axis_resample(c, &down, from.h, into.h, MP_KERNEL_LINEAR) == MP_OK &&
        mp_axis_resample(c, &across, from.w, into.w, MP_KERNEL_LINEAR) == MP_OK)
        rows = mp_scratch(c, n * (size_t)from.h);
    for (int y = 0; y < from.h && rows != NULL; y++)
        map_row(&across,
                f->at + step * ((size_t)(from.y + y) * (size_t)f->w + (size_t)from.x), step,
                rows + (size_t)y * n);
    for (int y = 0; y < into.h && rows != NULL; y++)
        map_column(&down, y, rows, n,
                   out + step * ((size_t)(into.y + y) * (size_t)to.w + (size_t)into.x));
    mp_scratch_release(c, mark);
    return rows != NULL ? MP_OK : -1;
}

int mp_picture_fit(struct mp_ctx *c, const struct mp_flat *f, enum mp_fit fit, enum mp_paper paper,
                   struct mp_shape to, uint8_t *out)
{
    struct window from = { 0, 0, f->h, f->w }, into = { 0, 0, to.h, to.w };
    if (f->h == to.h && f->w == to.w) {
        memcpy(out, f->at, mp_len(to));
        return MP_OK;
    }
    if (fit == MP_FIT_CROP)
        from = middle(f->h, f->w, to.h, to.w);
    if (fit == MP_FIT_PAD) {
        into = middle(to.h, to.w, f->h, f->w);
        fill(f, paper, to, out);
    }
    return map(c, f, from, to, into, out);
}
