/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bmp.c - Windows' bitmaps of 1 to 32 bits, with palettes, masks and run lengths; libvips
 * leaves them to ImageMagick, which is too much to let in for them.
 *
 * Method: every pixel becomes red, green and blue, with an alpha where the file has a mask for
 * one.  Rows go upwards unless the height is negative, and end at a multiple of four bytes. */
#include "pictures/bitmap.h"
#include <string.h>

enum { PLAIN, RLE8, RLE4, MASKS, ALPHA_MASKS = 6 }; /* how pixels are stored */

struct bmp {
    const uint8_t *p;      /* the file */
    size_t n;
    size_t pixels;         /* where they begin */
    unsigned bits, stored;
    bool down;             /* the first row is the upper one */
    uint32_t mask[4];      /* red, green, blue, alpha */
    uint8_t palette[256][3];
};

static uint32_t u16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static int damaged(struct mp_bitmap *b, const char *what)
{
    return mp_bitmap_broken(b, "is a damaged BMP (%s)", what);
}

/* Where a pixel's values lie in it, if nothing says so: 5 bits each, or bytes. */
static void usual_masks(struct bmp *f)
{
    static const uint32_t five[] = { 0x7c00, 0x3e0, 0x1f, 0 };
    static const uint32_t eight[] = { 0xff0000, 0xff00, 0xff, 0 };
    memcpy(f->mask, f->bits == 16 ? five : eight, sizeof f->mask);
}

static int read_palette(struct bmp *f, struct mp_bitmap *b, size_t at, size_t each, uint32_t used)
{
    const size_t most = (size_t)1 << f->bits, count = used > 0 && used < most ? used : most;
    for (size_t i = 0; i < count && at + i * each + 3 <= f->pixels; i++)
        for (int k = 0; k < 3; k++)
            f->palette[i][k] = f->p[at + i * each + 2 - (size_t)k];
    return at + each > f->pixels ? damaged(b, "it has no palette") : MP_OK;
}

static int read_header(struct bmp *f, struct mp_bitmap *b)
{
    const size_t size = u32(f->p + 14);
    const bool old = size == 12; /* OS/2's */
    if (f->n < 14 + size || (!old && size < 40))
        return damaged(b, "its header is cut off");
    const uint8_t *h = f->p + 14;
    const int64_t height = old ? (int64_t)u16(h + 6) : (int32_t)u32(h + 8);
    const int64_t width = old ? (int64_t)u16(h + 4) : (int32_t)u32(h + 4);
    f->bits = u16(h + (old ? 10 : 14));
    f->stored = old ? PLAIN : u32(h + 16);
    f->pixels = u32(f->p + 10);
    f->down = height < 0;
    if (width < 0 || width > INT32_MAX || height <= INT32_MIN)
        return damaged(b, "its size is none");
    b->w = (int)width;
    b->h = (int)(height < 0 ? -height : height);
    b->c = 3;
    if (f->pixels > f->n)
        return damaged(b, "its pixels are cut off");
    usual_masks(f);
    size_t end = 14 + size;
    if (f->stored == MASKS || f->stored == ALPHA_MASKS) {
        const size_t masks = f->stored == ALPHA_MASKS || size >= 56 ? 4 : 3;
        if (f->n < 14 + 40 + 4 * masks)
            return damaged(b, "its masks are cut off");
        for (size_t k = 0; k < masks; k++)
            f->mask[k] = u32(h + 40 + 4 * k);
        end += size == 40 ? 4 * masks : 0;
        b->c = f->mask[3] != 0 ? 4 : 3;
    }
    return f->bits <= 8 ? read_palette(f, b, end, old ? 3 : 4, old ? 0 : u32(h + 32)) : MP_OK;
}

static bool known(const struct bmp *f)
{
    switch (f->stored) {
    case PLAIN: return f->bits == 1 || f->bits == 4 || f->bits == 8 || f->bits == 16 ||
                       f->bits == 24 || f->bits == 32;
    case RLE8: return f->bits == 8;
    case RLE4: return f->bits == 4;
    case MASKS:
    case ALPHA_MASKS: return f->bits == 16 || f->bits == 32;
    default: return false;
    }
}

static uint8_t *row_of(const struct bmp *f, const struct mp_bitmap *b, int y)
{
    return b->at + (size_t)(f->down ? y : b->h - 1 - y) * (size_t)b->w * (size_t)b->c;
}

/* The value under a mask, as 0 .. 255. */
static uint8_t masked(uint32_t v, uint32_t mask)
{
    if (mask == 0)
        return 0;
    const int shift = __builtin_ctz(mask);
    const uint64_t most = mask >> shift;
    return (uint8_t)(((uint64_t)((v & mask) >> shift) * 255 + most / 2) / most);
}

static void put_row(const struct bmp *f, const struct mp_bitmap *b, const uint8_t *from,
                    uint8_t *to)
{
    const size_t bits = f->bits, w = (size_t)b->w, c = (size_t)b->c;
    for (size_t x = 0; x < w; x++, to += c) {
        if (bits <= 8) {
            const size_t at = x * bits;
            const unsigned low = 8 - (unsigned)bits - (unsigned)(at % 8);
            memcpy(to, f->palette[from[at / 8] >> low & ((1u << bits) - 1)], 3);
        } else if (bits == 24) {
            for (int k = 0; k < 3; k++)
                to[k] = from[3 * x + 2 - (size_t)k];
        } else {
            const uint32_t v = bits == 16 ? u16(from + 2 * x) : u32(from + 4 * x);
            for (size_t k = 0; k < c; k++)
                to[k] = masked(v, f->mask[k]);
        }
    }
}

static int plain_rows(const struct bmp *f, struct mp_bitmap *b)
{
    const size_t row = ((size_t)b->w * f->bits + 31) / 32 * 4;
    const uint8_t *from = f->p + f->pixels;
    if ((f->n - f->pixels) / row < (size_t)b->h)
        return damaged(b, "its pixels are cut off");
    for (int y = 0; y < b->h; y++, from += row)
        put_row(f, b, from, row_of(f, b, y));
    return MP_OK;
}

/* Pixels of run lengths: x moves on; what is beyond the row's end is left out. */
struct pen {
    int x, y;
};

static void put(const struct bmp *f, const struct mp_bitmap *b, struct pen *pen, unsigned index)
{
    if (pen->x < b->w && pen->y < b->h)
        memcpy(row_of(f, b, pen->y) + 3 * pen->x, f->palette[index], 3);
    pen->x += pen->x < b->w;
}

/* Index i of a run that alternates between two, or of indices that are packed. */
static unsigned index_at(const struct bmp *f, const uint8_t *from, unsigned i)
{
    return f->bits == 8 ? from[i] : i % 2 == 0 ? from[i / 2] >> 4 : from[i / 2] & 15;
}

/* Windows' documentation, "Bitmap Compression": count and index; or 0 and 0: end of the row,
 * 1: end of the picture, 2: a step right and up, 3 or more: so many indices, padded to two
 * bytes. */
static int run_lengths(const struct bmp *f, struct mp_bitmap *b)
{
    const uint8_t *at = f->p + f->pixels, *end = f->p + f->n;
    struct pen pen = { 0, 0 };
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            memcpy(row_of(f, b, y) + 3 * x, f->palette[0], 3);
    while (end - at >= 2) {
        const unsigned count = at[0], v = at[1];
        const uint8_t pair[2] = { at[1], at[1] };
        at += 2;
        if (count == 0 && v == 1)
            return MP_OK;
        if (count > 0) {
            for (unsigned i = 0; i < count; i++)
                put(f, b, &pen, index_at(f, pair, i % 2));
        } else if (v == 0) {
            pen = (struct pen){ 0, pen.y < b->h ? pen.y + 1 : pen.y };
        } else if (v == 2) {
            if (end - at < 2)
                break;
            pen.x = pen.x + at[0] < b->w ? pen.x + at[0] : b->w;
            pen.y = pen.y + at[1] < b->h ? pen.y + at[1] : b->h;
            at += 2;
        } else {
            const unsigned bytes = (v * f->bits + 15) / 16 * 2;
            if ((size_t)(end - at) < bytes)
                break;
            for (unsigned i = 0; i < v; i++)
                put(f, b, &pen, index_at(f, at, i));
            at += bytes;
        }
    }
    /* The end is often missing behind a last row that is whole. */
    return pen.y >= b->h - 1 && pen.x >= b->w ? MP_OK : damaged(b, "its pixels are cut off");
}

int mp_bmp_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    struct bmp f = { .p = p, .n = n };
    if (read_header(&f, b) < 0)
        return -1;
    if (!known(&f))
        return mp_bitmap_broken(b, "is a BMP of %u bits stored by method %u, which is not read",
                                f.bits, f.stored);
    const int room = mp_bitmap_room(c, b);
    if (room < 0 || b->header_only)
        return room;
    return f.stored == RLE8 || f.stored == RLE4 ? run_lengths(&f, b) : plain_rows(&f, b);
}
