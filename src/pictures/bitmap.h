/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bitmap.h - a picture as its file has it, and what decodes one.
 * Private to pictures/.
 *
 * A decoder is a file beside this one.  From the bytes of a file it fills a bitmap: first what
 * the header says, for which mp_bitmap_room() finds room, or refuses a size that nobody draws
 * digits in; then the pixels.  What is wrong with a picture is a text, as one broken picture
 * of many may be left out; an mp_fail() is for what is wrong with the run. */
#ifndef MP_BITMAP_H
#define MP_BITMAP_H
#include "core/stage.h"

enum {
    MP_PICTURE_HEAD = 64,            /* bytes by which a file is known as a picture */
    MP_PICTURE_PIXELS = 100 * 1000000,
};

struct mp_bitmap {
    int h, w;
    int c;              /* values of a pixel: grey, with alpha, red green blue, with alpha */
    bool cmyk;          /* c is 4: cyan magenta yellow black */
    bool wide;          /* values are 16 bits, in this machine's order */
    bool more;          /* the file has more pages or frames; this is the first */
    int turn;           /* EXIF's orientation, 1..8: how it is to be turned to stand upright */
    uint8_t *at;
    size_t room;        /* bytes at `at`, which the next picture may use again */
    bool header_only;   /* asked for: h, w, c and turn, but no pixels */
    char why[200];      /* what is wrong with the picture; "" if nothing is */
};

/* Negative; the picture is broken. */
int mp_bitmap_broken(struct mp_bitmap *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for the pixels of h, w, c and wide; none if only the header is asked for.  Negative:
 * broken, as there are none or too many, or an mp_fail(). */
int mp_bitmap_room(struct mp_ctx *c, struct mp_bitmap *b);

/* Bytes of its pixels. */
static inline size_t mp_bitmap_size(const struct mp_bitmap *b)
{
    return (size_t)b->h * (size_t)b->w * (size_t)b->c * (b->wide ? 2 : 1);
}

/* Whether the file that begins with these bytes is a picture that can be read. */
bool mp_bitmap_known(const uint8_t *p, size_t n);

/* Decodes the n bytes of a file.  Negative: b->why says what is wrong with the picture, or, if
 * that is empty, mp_fail() what is wrong besides. */
int mp_bitmap_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);

/* The orientation in the EXIF block of n bytes, behind its "Exif\0\0"; 1 if it has none. */
int mp_exif_turn(const uint8_t *p, size_t n);

/* The decoders. */
int mp_png_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
int mp_jpeg_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
int mp_bmp_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
int mp_pnm_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
int mp_others_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b);
#endif
