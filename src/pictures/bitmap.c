/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bitmap.c - a picture as its file has it: which decoder, room, EXIF. */
#include "pictures/bitmap.h"
#include "core/ctx.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int mp_bitmap_broken(struct mp_bitmap *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(b->why, sizeof b->why, fmt, ap);
    va_end(ap);
    return -1;
}

int mp_bitmap_room(struct mp_ctx *c, struct mp_bitmap *b)
{
    if (b->h < 1 || b->w < 1)
        return mp_bitmap_broken(b, "has no pixels (%d x %d)", b->h, b->w);
    if ((int64_t)b->h * b->w > MP_PICTURE_PIXELS)
        return mp_bitmap_broken(b, "says that it has %d x %d pixels, more than %d million", b->h,
                                b->w, MP_PICTURE_PIXELS / 1000000);
    const size_t size = mp_bitmap_size(b);
    if (b->header_only || size <= b->room)
        return MP_OK;
    free(b->at);
    b->at = ++c->n_alloc == c->fail_at ? NULL : malloc(size);
    b->room = b->at != NULL ? size : 0;
    return b->at != NULL ? MP_OK : mp_no_memory(c, "a picture of %d x %d pixels", b->h, b->w);
}

/* --------------------------------------------------------------- kinds */

static bool is_png(const uint8_t *p, size_t n)
{
    return n >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_jpeg(const uint8_t *p, size_t n)
{
    return n >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0;
}

/* "BM", and the size of the second header. */
static bool is_bmp(const uint8_t *p, size_t n)
{
    return n >= 18 && memcmp(p, "BM", 2) == 0 && p[14] >= 12 && p[14] <= 124 && p[15] == 0 &&
           p[16] == 0 && p[17] == 0;
}

static bool is_pnm(const uint8_t *p, size_t n)
{
    return n >= 3 && p[0] == 'P' && p[1] >= '1' && p[1] <= '6' &&
           (p[2] == '\n' || p[2] == '\r' || p[2] == ' ' || p[2] == '\t' || p[2] == '#');
}

static bool is_other(const uint8_t *p, size_t n)
{
    return (n >= 4 && (memcmp(p, "GIF8", 4) == 0 || memcmp(p, "II*\0", 4) == 0 ||
                       memcmp(p, "MM\0*", 4) == 0 || memcmp(p, "II+\0", 4) == 0 ||
                       memcmp(p, "MM\0+", 4) == 0)) ||
           (n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0);
}

/* libvips is the oracle of the decoders before it: tests/unit/decoders.c. */
static const struct {
    bool (*is)(const uint8_t *p, size_t n);
    int (*decode)(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
} kinds[] = {
    { is_png, mp_png_decode }, { is_jpeg, mp_jpeg_decode },   { is_bmp, mp_bmp_decode },
    { is_pnm, mp_pnm_decode }, { is_other, mp_others_decode },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

bool mp_bitmap_known(const uint8_t *p, size_t n)
{
    int k = 0;
    while (k < KINDS && !kinds[k].is(p, n))
        k++;
    return k < KINDS;
}

/* What a picture is that is none of ours, as far as it can be told. */
static const char *stranger(const uint8_t *p, size_t n)
{
    if (n >= 12 && memcmp(p + 4, "ftyp", 4) == 0)
        return memcmp(p + 8, "avi", 3) == 0 ? "AVIF" : "HEIF";
    if (n >= 12 && (memcmp(p + 4, "jP  ", 4) == 0 || memcmp(p, "\xff\x4f\xff\x51", 4) == 0))
        return "JPEG 2000";
    if (n >= 12 && (memcmp(p, "\xff\x0a", 2) == 0 || memcmp(p + 4, "JXL ", 4) == 0))
        return "JPEG XL";
    if (n >= 5 && (memcmp(p, "<svg", 4) == 0 || memcmp(p, "<?xml", 5) == 0))
        return "SVG";
    return NULL;
}

int mp_bitmap_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    static const char ours[] = "PNG, JPEG, TIFF, BMP, GIF, WebP or PNM";
    b->cmyk = b->wide = b->more = false;
    b->turn = 1;
    b->why[0] = '\0';
    for (int k = 0; k < KINDS; k++)
        if (kinds[k].is(p, n))
            return kinds[k].decode(c, p, n, b);
    if (n == 0)
        return mp_bitmap_broken(b, "is empty");
    const char *is = stranger(p, n);
    return is != NULL ? mp_bitmap_broken(b, "is %s, which is not read; expected %s", is, ours)
                      : mp_bitmap_broken(b, "is no picture; expected %s", ours);
}

/* ---------------------------------------------------------------- EXIF */

static unsigned two(const uint8_t *p, bool little)
{
    return little ? p[0] | (unsigned)p[1] << 8 : (unsigned)p[0] << 8 | p[1];
}

static size_t four(const uint8_t *p, bool little)
{
    const size_t a = two(p, little), b = two(p + 2, little);
    return little ? a | b << 16 : a << 16 | b;
}

/* TIFF 6.0, section 2: a header, then entries of 12 bytes: tag, type, count, value. */
int mp_exif_turn(const uint8_t *p, size_t n)
{
    enum { ORIENTATION = 0x112, SHORT = 3 };
    if (n < 8 || (memcmp(p, "II*\0", 4) != 0 && memcmp(p, "MM\0*", 4) != 0))
        return 1;
    const bool little = p[0] == 'I';
    const size_t at = four(p + 4, little);
    if (at > n || n - at < 2)
        return 1;
    const size_t entries = two(p + at, little), room = (n - at - 2) / 12;
    for (size_t i = 0; i < entries && i < room; i++) {
        const uint8_t *e = p + at + 2 + 12 * i;
        const unsigned turn = two(e + 8, little);
        if (two(e, little) == ORIENTATION && two(e + 2, little) == SHORT)
            return turn >= 1 && turn <= 8 ? (int)turn : 1;
    }
    return 1;
}
