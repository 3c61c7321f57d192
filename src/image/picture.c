/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - pictures that people look at. */
#include "image/picture.h"
#include "image/vips.h"
#include <stdlib.h>
#include <string.h>

int mp_picture_open(struct mp_ctx *c, struct mp_picture *p, int h, int w, int bands, uint8_t grey)
{
    const size_t n = mp_product(mp_product((size_t)h, (size_t)w), (size_t)bands);
    *p = (struct mp_picture){ .h = h, .w = w, .bands = bands, .px = mp_alloc(c, n, 1) };
    if (p->px == NULL)
        return -1;
    memset(p->px, grey, n);
    return MP_OK;
}

void mp_picture_close(struct mp_picture *p)
{
    free(p->px);
    p->px = NULL;
}

static uint8_t shade(float v, const struct mp_ink *ink)
{
    const float range = ink->high > ink->low ? ink->high - ink->low : 1;
    const float part = (v - ink->low) / range;
    return (uint8_t)(255.5f - 255 * (part > 0 ? part < 1 ? part : 1 : 0)); /* NaN is white */
}

void mp_picture_fill(struct mp_picture *p, int top, int left, int h, int w, uint8_t grey)
{
    for (int y = top < 0 ? 0 : top; y < top + h && y < p->h; y++)
        for (int x = left < 0 ? 0 : left; x < left + w && x < p->w; x++)
            memset(p->px + ((size_t)y * (size_t)p->w + (size_t)x) * (size_t)p->bands, grey,
                   (size_t)p->bands);
}

/* A square, in all bands or in that of the primary. */
static void dot(struct mp_picture *p, int top, int left, int zoom, float v,
                const struct mp_ink *ink)
{
    const uint8_t dark = shade(v, ink);
    if (ink->primary == 0) {
        mp_picture_fill(p, top, left, zoom, zoom, dark);
        return;
    }
    for (int y = top < 0 ? 0 : top; y < top + zoom && y < p->h; y++)
        for (int x = left < 0 ? 0 : left; x < left + zoom && x < p->w; x++)
            p->px[((size_t)y * (size_t)p->w + (size_t)x) * (size_t)p->bands +
                  (size_t)ink->primary - 1] = (uint8_t)(255 - dark);
}

void mp_picture_ink(struct mp_picture *p, int top, int left, int zoom, const struct mp_ink *ink)
{
    for (int i = 0; i < ink->h; i++)
        for (int j = 0; j < ink->w; j++) {
            const size_t at = (size_t)i * (size_t)ink->w + (size_t)j;
            dot(p, top + i * zoom, left + j * zoom, zoom, ink->x[at * (size_t)ink->step], ink);
        }
}

/* The mean of channel k over a square. */
static float mean(const float *x, struct mp_shape s, int top, int left, int by, int k)
{
    float sum = 0;
    int n = 0;
    for (int i = top; i < top + by && i < s.h; i++)
        for (int j = left; j < left + by && j < s.w; j++, n++)
            sum += x[((size_t)i * (size_t)s.w + (size_t)j) * (size_t)s.c + (size_t)k];
    return sum / (float)n;
}

void mp_picture_image(struct mp_picture *p, int top, int left, const float *x, struct mp_shape s,
                      int by)
{
    const bool colour = s.c == 3 && p->bands == 3;
    for (int k = 0; k < (colour ? 3 : 1); k++) {
        const struct mp_ink ink = { .high = 255, .primary = colour ? k + 1 : 0 };
        for (int i = 0; i < s.h; i += by)
            for (int j = 0; j < s.w; j += by)
                dot(p, top + i / by, left + j / by, 1, mean(x, s, i, j, by, k), &ink);
    }
}

int mp_picture_png(struct mp_ctx *c, const struct mp_picture *p, uint8_t **png, size_t *n)
{
    const size_t bytes = (size_t)p->h * (size_t)p->w * (size_t)p->bands;
    struct mp_vips v;
    void *made = NULL;
    int rc = -1;
    *png = NULL;
    if (mp_vips_open(c, &v) < 0)
        return -1;
    VipsImage *image = v.image_new_from_memory(p->px, bytes, p->w, p->h, p->bands,
                                               VIPS_FORMAT_UCHAR);
    if (image != NULL && v.pngsave_buffer(image, &made, n, "strip", TRUE, NULL) == 0)
        rc = (*png = mp_alloc(c, *n, 1)) != NULL ? MP_OK : -1;
    else
        mp_vips_fail(c, &v, "libvips cannot write a PNG");
    if (rc == MP_OK)
        memcpy(*png, made, *n);
    g_free(made); /* of GLib's allocator: what we hand out is for free() */
    if (image != NULL)
        v.object_unref(image);
    return rc;
}

void mp_base64(FILE *f, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const unsigned b = i + 1 < n ? bytes[i + 1] : 0, d = i + 2 < n ? bytes[i + 2] : 0;
        const unsigned bits = (unsigned)bytes[i] << 16 | b << 8 | d;
        putc(digits[bits >> 18], f);
        putc(digits[bits >> 12 & 63], f);
        putc(i + 1 < n ? digits[bits >> 6 & 63] : '=', f);
        putc(i + 2 < n ? digits[bits & 63] : '=', f);
    }
}

void mp_png_uri(FILE *f, const uint8_t *png, size_t n)
{
    fputs("data:image/png;base64,", f);
    mp_base64(f, png, n);
}
