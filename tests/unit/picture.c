/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - what is drawn is what libvips reads back from the PNG. */
#include "core/ctx.h"
#include "image/picture.h"
#include "../sheet.h"
#include "../tap.h"
#include <stdlib.h>
#include <string.h>

static void drawn(struct tap *t, struct mp_ctx *c)
{
    const float x[] = { 0, 9, 0.5f, 9, 1, 9, 2, 9 };
    const struct mp_ink ink = { x, 2, 2, 2, 0, 1, 0 };
    const uint8_t expected[3][5] = {
        { 255, 255, 128, 128, 7 }, { 255, 255, 128, 128, 7 }, { 0, 0, 0, 0, 7 },
    };
    struct mp_picture p;
    uint8_t *png = NULL;
    size_t n = 0, size = 0;
    tap_ok(t, mp_picture_open(c, &p, 3, 5, 1, 7) == 0, "a picture opens");
    mp_picture_ink(&p, 0, 0, 2, &ink); /* its last line lies outside */
    tap_ok(t, memcmp(p.px, expected, sizeof expected) == 0,
           "paper is white, ink black, what is outside left out");
    tap_ok(t, mp_picture_png(c, &p, &png, &n) == 0, "it is written as PNG");
    VipsImage *back = vips_image_new_from_buffer(png, n, "", NULL);
    uint8_t *px = back != NULL ? vips_image_write_to_memory(back, &size) : NULL;
    tap_ok(t, px != NULL && size == sizeof expected && memcmp(px, expected, size) == 0,
           "and reads back the same");
    g_free(px);
    if (back != NULL)
        g_object_unref(back);
    free(png);
    mp_picture_close(&p);
}

/* Colours are as they are, also where four pixels become one; grey rows are ink. */
static void coloured(struct tap *t, struct mp_ctx *c)
{
    const float x[] = { 255, 0, 0,  0, 255, 0,  0, 0, 255,
                        255, 0, 0,  0, 255, 0,  8, 16, 32 };
    const uint8_t as_is[2][9] = { { 255, 0, 0, 0, 255, 0, 0, 0, 255 },
                                  { 255, 0, 0, 0, 255, 0, 8, 16, 32 } };
    const uint8_t shrunk[6] = { 127, 127, 0, 4, 8, 143 }, ink[3] = { 0, 255, 255 };
    struct mp_picture p;
    tap_ok(t, mp_picture_open(c, &p, 2, 3, 3, 255) == 0, "a picture in colour opens");
    mp_picture_image(&p, 0, 0, x, (struct mp_shape){ 2, 3, 3 }, 1);
    tap_ok(t, memcmp(p.px, as_is, sizeof as_is) == 0, "red, green and blue are as they are");
    mp_picture_image(&p, 0, 0, x, (struct mp_shape){ 2, 3, 3 }, 2);
    tap_ok(t, memcmp(p.px, shrunk, sizeof shrunk) == 0, "shrunk to the means of each");
    mp_picture_close(&p);
    mp_picture_open(c, &p, 1, 3, 1, 7);
    mp_picture_image(&p, 0, 0, x, (struct mp_shape){ 1, 3, 1 }, 1);
    tap_ok(t, memcmp(p.px, ink, sizeof ink) == 0, "one channel is ink");
    mp_picture_close(&p);
}

static void encoded(struct tap *t)
{
    static const char *const base64[] = { "", "TQ==", "TWE=", "TWFu", "TWFuTQ==" };
    for (size_t n = 0; n < sizeof base64 / sizeof *base64; n++) {
        char *text = NULL, expected[64];
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        mp_png_uri(f, (const uint8_t *)"ManM", n);
        fclose(f);
        snprintf(expected, sizeof expected, "data:image/png;base64,%s", base64[n]);
        tap_ok(t, strcmp(text, expected) == 0, "RFC 4648: %zu bytes", n);
        free(text);
    }
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    if (mp_sheet_start(&c) < 0)
        return 1;
    drawn(&t, &c);
    coloured(&t, &c);
    encoded(&t);
    mp_sheet_stop();
    mp_ctx_free(&c);
    return tap_end(&t);
}
