/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flatten.c - a bitmap as bytes. */
#include "pictures/flatten.h"
#include "core/ctx.h"
#include <stdlib.h>
#include <string.h>

void mp_flat_size(const struct mp_bitmap *b, int *h, int *w)
{
    *h = b->turn >= 5 ? b->w : b->h;
    *w = b->turn >= 5 ? b->h : b->w;
}

/* How to walk over a bitmap so that it comes upright: where the first pixel is, and how many
 * pixels further are the next below and the next to the right.  EXIF 2.3, tag 274, says which
 * sides of the picture the first row and the first column of the file are. */
struct walk {
    ptrdiff_t first, down, right;
};

static struct walk walk_of(const struct mp_bitmap *b)
{
    const ptrdiff_t h = b->h, w = b->w, last = h * w - 1;
    switch (b->turn) {
    case 2: return (struct walk){ w - 1, w, -1 };
    case 3: return (struct walk){ last, -w, -1 };
    case 4: return (struct walk){ last - (w - 1), -w, 1 };
    case 5: return (struct walk){ 0, 1, w };
    case 6: return (struct walk){ last - (w - 1), 1, -w };
    case 7: return (struct walk){ last, -1, -w };
    case 8: return (struct walk){ w - 1, -1, w };
    default: return (struct walk){ 0, w, 1 };
    }
}

/* v / 255, rounded, of what is at most 255 * 255. */
static int by_255(int v)
{
    v += 128;
    return (v + (v >> 8)) >> 8;
}

static int grey(int r, int g, int b)
{
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
}

/* Value k of a bitmap as 0 .. 255. */
static inline int value(const struct mp_bitmap *b, size_t k)
{
    if (!b->wide)
        return b->at[k];
    uint16_t v;
    memcpy(&v, b->at + 2 * k, sizeof v);
    return (v + 128) / 257;
}

/* One pixel's red, green and blue, over paper. */
static inline void pixel(const struct mp_bitmap *b, size_t at, int paper, int rgb[3], int *alpha)
{
    const size_t k = at * (size_t)b->c;
    for (size_t i = 0; i < 3; i++)
        rgb[i] = value(b, b->c >= 3 ? k + i : k);
    if (b->cmyk) {
        const int light = 255 - value(b, k + 3);
        for (int i = 0; i < 3; i++)
            rgb[i] = light - by_255(rgb[i] * light);
        return;
    }
    if (b->c % 2 == 1)
        return;
    *alpha = value(b, k + (size_t)b->c - 1);
    for (int i = 0; i < 3; i++)
        rgb[i] = by_255(rgb[i] * *alpha + paper * (255 - *alpha));
}

static void flatten(const struct mp_bitmap *b, int paper, struct mp_flat *f)
{
    const struct walk walk = walk_of(b);
    uint8_t *to = f->at;
    bool colour = false, clear = false;
    for (int y = 0; y < f->h; y++) {
        ptrdiff_t at = walk.first + y * walk.down;
        for (int x = 0; x < f->w; x++, at += walk.right) {
            int v[3], alpha = 255;
            pixel(b, (size_t)at, paper, v, &alpha);
            colour |= v[0] != v[1] || v[1] != v[2];
            clear |= alpha != 255;
            if (f->c == 1) {
                *to++ = (uint8_t)grey(v[0], v[1], v[2]);
                continue;
            }
            for (int i = 0; i < 3; i++)
                *to++ = (uint8_t)v[i];
        }
    }
    f->colour = colour;
    f->clear = clear;
}

int mp_flatten(struct mp_ctx *c, const struct mp_bitmap *b, uint8_t paper, struct mp_flat *f)
{
    mp_flat_size(b, &f->h, &f->w);
    const size_t size = (size_t)f->h * (size_t)f->w * (size_t)f->c;
    if (size > f->room) {
        free(f->at);
        f->at = ++c->n_alloc == c->fail_at ? NULL : malloc(size);
        f->room = f->at != NULL ? size : 0;
        if (f->at == NULL)
            return mp_no_memory(c, "a picture of %d x %d pixels", f->h, f->w);
    }
    f->colour = f->clear = false;
    if (b->c == 1 && f->c == 1 && !b->wide && b->turn == 1)
        memcpy(f->at, b->at, size);
    else
        flatten(b, paper, f);
    return MP_OK;
}
