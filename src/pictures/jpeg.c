/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jpeg.c - JPEG by libjpeg-turbo. */
#include "config.h"
#include "core/library.h"
#include "image/picture.h"
#include "pictures/bitmap.h"
#include "pictures/pictures.h"
#include <string.h>
#include <turbojpeg.h>

#define TURBO_FUNCTIONS(F)                                                                     \
    F(tj, InitDecompress) F(tj, DecompressHeader3) F(tj, Decompress2) F(tj, Destroy)           \
    F(tj, GetErrorStr2) F(tj, GetErrorCode) F(tj, InitCompress) F(tj, Compress2) F(tj, Free)

static struct { TURBO_FUNCTIONS(MP_LIBRARY_MEMBER) } turbo;
static struct mp_library library = { MP_LIBRARY("libjpeg-turbo", MP_TURBOJPEG_SONAME,
                                                TURBO_FUNCTIONS, turbo) };

/* The library does not tell which version it is. */
bool mp_jpeg_version(char *text, size_t size)
{
    snprintf(text, size, "%s", MP_TURBOJPEG_VERSION);
    return mp_library_loaded(&library);
}

/* What lies between the frame and the pixels: how to turn it, and whether Adobe's programs
 * wrote it, which store CMYK as its complement. */
static void look_at_markers(const uint8_t *p, size_t n, int *turn, bool *adobe)
{
    for (size_t at = 2; at + 4 <= n && p[at] == 0xff;) {
        const int marker = p[at + 1];
        const size_t length = (size_t)p[at + 2] << 8 | p[at + 3];
        const uint8_t *body = p + at + 4;
        if (marker == 0xff) { /* may be repeated */
            at++;
            continue;
        }
        if (marker == 0xda || length < 2 || length > n - at - 2)
            return;
        if (marker == 0xe1 && length >= 8 && memcmp(body, "Exif\0\0", 6) == 0)
            *turn = mp_exif_turn(body + 6, length - 8);
        if (marker == 0xee && length >= 7 && memcmp(body, "Adobe", 5) == 0)
            *adobe = true;
        at += 2 + length;
    }
}

/* Stray bytes between markers lose nothing; all other complaints do. */
static bool harmless(tjhandle jpeg)
{
    return turbo.GetErrorCode(jpeg) == TJERR_WARNING &&
           strstr(turbo.GetErrorStr2(jpeg), "extraneous bytes before marker") != NULL;
}

static int broken(struct mp_bitmap *b, tjhandle jpeg)
{
    return mp_bitmap_broken(b, "is a damaged JPEG (%s)", turbo.GetErrorStr2(jpeg));
}

static int decode(struct mp_ctx *c, tjhandle jpeg, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    bool adobe = false;
    int sampling, colours, form = TJPF_RGB;
    if (turbo.DecompressHeader3(jpeg, p, (unsigned long)n, &b->w, &b->h, &sampling, &colours) != 0)
        return broken(b, jpeg);
    look_at_markers(p, n, &b->turn, &adobe);
    b->cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
    b->c = b->cmyk ? 4 : colours == TJCS_GRAY ? 1 : 3;
    if (b->cmyk)
        form = TJPF_CMYK;
    else if (b->c == 1)
        form = TJPF_GRAY;
    const int room = mp_bitmap_room(c, b);
    if (room < 0 || b->header_only)
        return room;
    if (turbo.Decompress2(jpeg, p, (unsigned long)n, b->at, b->w, 0, b->h, form,
                          TJFLAG_LIMITSCANS) != 0 && !harmless(jpeg))
        return broken(b, jpeg);
    const size_t size = mp_bitmap_size(b);
    for (size_t i = 0; i < size && b->cmyk && adobe; i++)
        b->at[i] = (uint8_t)(255 - b->at[i]);
    return MP_OK;
}

int mp_jpeg_decode(struct mp_ctx *c, const uint8_t *p, size_t n, struct mp_bitmap *b)
{
    if (mp_library_load(c, &library, "JPEG pictures") < 0)
        return -1;
    tjhandle jpeg = turbo.InitDecompress();
    if (jpeg == NULL)
        return mp_fail(c, "no memory for a JPEG picture");
    const int rc = decode(c, jpeg, p, n, b);
    turbo.Destroy(jpeg);
    return rc;
}

/* By libjpeg-turbo itself: libvips would have threads of its own do it, which stay. */
int mp_jpeg_encode(struct mp_ctx *c, const struct mp_picture *p, uint8_t **jpeg, size_t *n)
{
    enum { QUALITY = 80 };
    unsigned char *made = NULL;
    unsigned long size = 0;
    *jpeg = NULL;
    if (mp_library_load(c, &library, "JPEG pictures") < 0)
        return -1;
    tjhandle writer = turbo.InitCompress();
    if (writer == NULL)
        return mp_fail(c, "no memory for a JPEG picture");
    const bool grey = p->bands == 1;
    int rc = turbo.Compress2(writer, p->px, p->w, 0, p->h, grey ? TJPF_GRAY : TJPF_RGB, &made,
                             &size, grey ? TJSAMP_GRAY : TJSAMP_420, QUALITY, 0);
    if (rc != 0)
        rc = mp_fail(c, "libjpeg-turbo cannot write a JPEG: %s", turbo.GetErrorStr2(writer));
    else if ((*jpeg = mp_alloc(c, size, 1)) == NULL)
        rc = -1;
    else
        memcpy(*jpeg, made, size); /* what we hand out is for free() */
    *n = size;
    turbo.Free(made);
    turbo.Destroy(writer);
    return rc;
}
