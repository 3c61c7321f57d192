/* SPDX-License-Identifier: GPL-3.0-or-later */
/* others.c - TIFF, GIF and WebP, and any other file as the oracle of the decoders before, by
 * libvips.
 *
 * Only loaders that its makers hold for safe with files of strangers are let in (vips.c).
 * Colours are taken as they are stored, never converted by it: its grey is another. */
#include "core/ctx.h"
#include "image/vips.h"
#include "pictures/bitmap.h"
#include <stdlib.h>
#include <string.h>

/* Its own words are those of all threads, so that they may be about another picture. */
static int broken(const struct mp_vips *v, struct mp_bitmap *b)
{
    v->error_clear();
    return mp_bitmap_broken(b, "is damaged, or of a kind that libvips does not read");
}

/* What libvips calls the picture's colours: the bitmap's c, cmyk and wide. */
static int look(const struct mp_vips *v, VipsImage *image, struct mp_bitmap *b)
{
    const VipsBandFormat form = v->image_get_format(image);
    const VipsInterpretation colours = v->image_get_interpretation(image);
    const bool grey = colours == VIPS_INTERPRETATION_B_W || colours == VIPS_INTERPRETATION_GREY16;
    const bool rgb = colours == VIPS_INTERPRETATION_sRGB || colours == VIPS_INTERPRETATION_RGB ||
                     colours == VIPS_INTERPRETATION_RGB16;
    b->h = v->image_get_height(image);
    b->w = v->image_get_width(image);
    b->c = v->image_get_bands(image);
    b->cmyk = colours == VIPS_INTERPRETATION_CMYK;
    b->wide = form == VIPS_FORMAT_USHORT;
    b->turn = v->image_get_orientation(image);
    b->more = v->image_get_n_pages(image) > 1;
    if ((form != VIPS_FORMAT_UCHAR && form != VIPS_FORMAT_USHORT) ||
        !(grey ? b->c <= 2 : rgb ? b->c == 3 || b->c == 4 : b->cmyk && b->c == 4))
        return mp_bitmap_broken(b, "has %d values of %s a pixel (%s), expected grey, red green and "
                                   "blue, or CMYK of 8 or 16 bits", b->c,
                                v->enum_nick(v->band_format_get_type(), (int)form),
                                v->enum_nick(v->interpretation_get_type(), (int)colours));
    return MP_OK;
}

static int take(struct mp_ctx *c, const struct mp_vips *v, VipsImage *image, struct mp_bitmap *b)
{
    size_t size = 0;
    if (look(v, image, b) < 0)
        return -1;
    const int room = mp_bitmap_room(c, b);
    if (room < 0 || b->header_only)
        return room;
    void *pixels = v->image_write_to_memory(image, &size);
    if (pixels == NULL)
        return broken(v, b);
    const bool whole = size == mp_bitmap_size(b);
    if (whole)
        memcpy(b->at, pixels, size);
    v->free(pixels);
    return whole ? MP_OK : mp_bitmap_broken(b, "libvips gives %zu bytes of it", size);
}

int mp_others_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    struct mp_vips v;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    VipsImage *image = v.image_new_from_buffer(p, n, "", "access", VIPS_ACCESS_SEQUENTIAL,
                                               "fail_on", VIPS_FAIL_ON_ERROR, NULL);
    if (image == NULL)
        return broken(&v, b);
    const int rc = take(c, &v, image, b);
    v.object_unref(image);
    return rc;
}
