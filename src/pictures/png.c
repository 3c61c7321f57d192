/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png.c - PNG by libspng, in a fifth of the time that libvips takes around it.
 *
 * Values come as they are stored: gamma and profiles are left alone.  A palette becomes its
 * colours, tRNS an alpha, fewer bits than 8 the whole range. */
#include "config.h"
#include "core/library.h"
#include "pictures/bitmap.h"
#include "pictures/pictures.h"
#include <spng.h>
#include <string.h>

#define SPNG_FUNCTIONS(F)                                                                      \
    F(spng_, ctx_new) F(spng_, ctx_free) F(spng_, set_png_buffer) F(spng_, set_image_limits)   \
    F(spng_, set_chunk_limits) F(spng_, get_ihdr) F(spng_, get_trns) F(spng_, get_exif)        \
    F(spng_, decoded_image_size) F(spng_, decode_image) F(spng_, strerror)                     \
    F(spng_, version_string)

static struct { SPNG_FUNCTIONS(MP_LIBRARY_MEMBER) } spng;
static struct mp_library library = { MP_LIBRARY("libspng", MP_SPNG_SONAME, SPNG_FUNCTIONS, spng) };

bool mp_png_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    if (loaded)
        snprintf(text, size, "%s", spng.version_string());
    else
        snprintf(text, size, "%d.%d.%d", SPNG_VERSION_MAJOR, SPNG_VERSION_MINOR,
                 SPNG_VERSION_PATCH);
    return loaded;
}

/* In which form its pixels are asked for, which sets c and wide.  Where libspng has no form
 * with both, 16 bits with tRNS or colours with it, four values of a pixel are. */
static int form_of(const struct spng_ihdr *h, bool trns, struct mp_bitmap *b)
{
    b->wide = h->bit_depth == 16;
    switch (h->color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
        b->c = trns ? 2 : 1;
        return trns ? b->wide ? SPNG_FMT_GA16 : SPNG_FMT_GA8
                    : b->wide ? SPNG_FMT_PNG : SPNG_FMT_G8;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
        b->c = 2;
        return SPNG_FMT_PNG;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
        b->c = 4;
        return SPNG_FMT_PNG;
    default:
        b->c = trns ? 4 : 3;
        return trns ? b->wide ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8
                    : b->wide ? SPNG_FMT_PNG : SPNG_FMT_RGB8;
    }
}

static int broken(struct mp_bitmap *b, int error)
{
    return mp_bitmap_broken(b, "is a damaged PNG (%s)", spng.strerror(error));
}

static int decode(struct mp_ctx *c, spng_ctx *png, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    struct spng_ihdr h;
    struct spng_trns trns;
    struct spng_exif exif;
    size_t size = 0;
    int error = spng.set_png_buffer(png, p, n);
    if (error == 0)
        error = spng.get_ihdr(png, &h);
    if (error != 0)
        return broken(b, error);
    b->h = (int)h.height; /* PNG's are below 2^31 */
    b->w = (int)h.width;
    error = spng.get_trns(png, &trns); /* the chunks before the pixels are read now */
    if (error != 0 && error != SPNG_ECHUNKAVAIL)
        return broken(b, error);
    const int form = form_of(&h, error == 0, b);
    if (spng.get_exif(png, &exif) == 0)
        b->turn = mp_exif_turn((const uint8_t *)exif.data, exif.length);
    const int room = mp_bitmap_room(c, b);
    if (room < 0 || b->header_only)
        return room;
    error = spng.decoded_image_size(png, form, &size);
    if (error == 0 && size != mp_bitmap_size(b))
        return mp_bitmap_broken(b, "is a PNG that libspng gives as %zu bytes", size);
    if (error == 0)
        error = spng.decode_image(png, b->at, size, form, SPNG_DECODE_TRNS);
    return error == 0 ? MP_OK : broken(b, error);
}

int mp_png_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    enum { CHUNK = 16 << 20 }; /* bytes of a chunk that is not pixels, and of all that are kept */
    if (mp_library_load(c, &library, "PNG pictures") < 0)
        return -1;
    spng_ctx *png = spng.ctx_new(0);
    if (png == NULL)
        return mp_fail(c, "no memory for a PNG picture");
    spng.set_chunk_limits(png, CHUNK, CHUNK);
    const int rc = decode(c, png, p, n, b);
    spng.ctx_free(png);
    return rc;
}
