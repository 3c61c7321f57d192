/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pnm.c - PBM, PGM and PPM, as text and as bytes (netpbm's manual pages); libvips holds its
 * own reader of them for unsafe.  Values up to any maximum become 0 .. 255, rounded. */
#include "pictures/bitmap.h"
#include <string.h>

struct reader {
    const uint8_t *at, *end;
    unsigned most; /* the value of white */
};

static bool is_blank(uint8_t v)
{
    return v == ' ' || (v >= '\t' && v <= '\r');
}

/* Blanks, and comments from # to the end of a line. */
static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (is_blank(*r->at) || *r->at == '#')) {
        if (*r->at == '#')
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        else
            r->at++;
    }
}

/* The next number of the text; negative if there is none, or one that is too large. */
static int number(struct reader *r)
{
    int64_t v = 0;
    skip_blanks(r);
    const uint8_t *first = r->at;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && v <= INT32_MAX; r->at++)
        v = 10 * v + (*r->at - '0');
    return r->at > first && v <= INT32_MAX ? (int)v : -1;
}

static uint8_t level(const struct reader *r, unsigned v)
{
    return (uint8_t)((v * 255 + r->most / 2) / r->most);
}

/* A digit each, which blanks may part. */
static int text_bits(struct reader *r, struct mp_bitmap *b, size_t size)
{
    for (size_t i = 0; i < size; i++, r->at++) {
        skip_blanks(r);
        if (r->at == r->end || (*r->at != '0' && *r->at != '1'))
            return mp_bitmap_broken(b, "is a PBM with %zu of %zu pixels", i, size);
        b->at[i] = *r->at == '0' ? 255 : 0;
    }
    return MP_OK;
}

static int text_values(struct reader *r, struct mp_bitmap *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const int v = number(r);
        if (v < 0)
            return mp_bitmap_broken(b, "is a PNM with %zu of %zu values", i, size);
        if ((unsigned)v > r->most)
            return mp_bitmap_broken(b, "is a PNM with the value %d, above its largest, %u", v,
                                    r->most);
        b->at[i] = level(r, (unsigned)v);
    }
    return MP_OK;
}

/* Rows begin with a new byte. */
static int packed_bits(struct reader *r, struct mp_bitmap *b)
{
    const size_t w = (size_t)b->w, h = (size_t)b->h, row = (w + 7) / 8;
    if ((size_t)(r->end - r->at) / row < h)
        return mp_bitmap_broken(b, "is a PBM that ends within its pixels");
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            b->at[y * w + x] = r->at[y * row + x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
    return MP_OK;
}

static int packed_values(struct reader *r, struct mp_bitmap *b, size_t size)
{
    const size_t each = r->most > 255 ? 2 : 1;
    if ((size_t)(r->end - r->at) / each < size)
        return mp_bitmap_broken(b, "is a PNM that ends within its pixels");
    for (size_t i = 0; i < size; i++, r->at += each) {
        const unsigned v = each == 2 ? (unsigned)r->at[0] << 8 | r->at[1] : *r->at;
        if (v > r->most)
            return mp_bitmap_broken(b, "is a PNM with the value %u, above its largest, %u", v,
                                    r->most);
        b->at[i] = level(r, v);
    }
    return MP_OK;
}

int mp_pnm_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    struct reader r = { .at = p + 2, .end = p + n, .most = 1 };
    const int kind = p[1] - '0'; /* 1..3 text, 4..6 bytes: bits, grey, colours */
    const bool bits = kind == 1 || kind == 4, text = kind <= 3;
    b->w = number(&r);
    b->h = number(&r);
    const int most = bits ? 1 : number(&r);
    if (b->w < 0 || b->h < 0 || most < 1 || most > 65535)
        return mp_bitmap_broken(b, "is a PNM whose header is damaged");
    r.most = (unsigned)most;
    if (!text && r.at < r.end)
        r.at++; /* one blank */
    b->c = kind == 3 || kind == 6 ? 3 : 1;
    const int room = mp_bitmap_room(c, b);
    if (room < 0 || b->header_only)
        return room;
    const size_t size = mp_bitmap_size(b);
    return text ? bits ? text_bits(&r, b, size) : text_values(&r, b, size)
                : bits ? packed_bits(&r, b) : packed_values(&r, b, size);
}
