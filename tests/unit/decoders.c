/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decoders.c - pictures of every kind are read as Pillow and OpenCV read them.
 *
 * tests/pictures/expected.txt, by tests/oracle/pictures.py, has a line for each file: name,
 * height, width, channels, tolerance, whose values they are, the values. Read as they are, as grey
 * and as red, green and blue; and, where there is a decoder besides libvips', by both.
 *
 * Prints TAP.  SOURCE: the folder of the sources (default .).
 */
#include "../tap.h"
#include "core/ctx.h"
#include "formats/read.h"
#include "pictures/flatten.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 2048 };

struct expected {
    char path[300], name[100], whose[40];
    struct mp_shape shape;
    int tolerance;
    uint8_t x[MOST];
};

static int grey_of(const uint8_t *rgb)
{
    return (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16;
}

/* Value i of channel k as it should be in an image of c channels. */
static int value(const struct expected *e, size_t i, size_t k, int c)
{
    const uint8_t *x = e->x + i * (size_t)e->shape.c;
    return e->shape.c == 1 ? x[0] : c == 1 ? grey_of(x) : x[k];
}

static bool equal(const struct expected *e, const uint8_t *x, int c)
{
    const size_t pixels = (size_t)e->shape.h * (size_t)e->shape.w, n = (size_t)c;
    for (size_t i = 0; i < pixels; i++)
        for (size_t k = 0; k < n; k++)
            if (abs(x[i * n + k] - value(e, i, k, c)) > e->tolerance) {
                tap_note("pixel %zu, channel %zu: found %d, expected %d", i, k, x[i * n + k],
                         value(e, i, k, c));
                return false;
            }
    return true;
}

static bool reads(struct mp_ctx *c, const struct expected *e, int channels)
{
    const struct mp_form form = { .channels = channels };
    const int want = channels > 0 ? channels : e->shape.c;
    struct mp_data d;
    struct mp_shape shape;
    c->msg[0] = '\0';
    bool good = mp_data_read(c, e->path, NULL, &form, &d) == MP_OK && d.n == 1 &&
                d.shape.h == e->shape.h && d.shape.w == e->shape.w && d.shape.c == want;
    if (!good)
        tap_note("%d x %d x %d %s", d.shape.h, d.shape.w, d.shape.c, c->msg);
    good = good && equal(e, d.x, want) &&
           mp_data_shape(c, e->path, &form, &shape) == MP_OK &&
           memcmp(&shape, &d.shape, sizeof shape) == 0;
    mp_data_free(&d);
    return good;
}

static uint8_t *file_bytes(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    *n = f != NULL && bytes != NULL ? fread(bytes, 1, 1 << 20, f) : 0;
    if (f != NULL)
        fclose(f);
    return bytes;
}

/* libvips gives the same, to the rounding of its JPEG decoder. */
static bool as_vips(struct mp_ctx *c, const struct expected *e)
{
    struct mp_bitmap ours = { .turn = 1 }, theirs = { .turn = 1 };
    struct mp_flat a = { .c = 3 }, b = { .c = 3 };
    size_t n;
    uint8_t *bytes = file_bytes(e->path, &n);
    bool good = mp_bitmap_decode(c, bytes, n, &ours) == MP_OK &&
                mp_others_decode(c, bytes, n, &theirs) == MP_OK &&
                mp_flatten(c, &ours, 255, &a) == MP_OK &&
                mp_flatten(c, &theirs, 255, &b) == MP_OK && a.h == b.h && a.w == b.w;
    if (!good)
        tap_note("%s%s %d x %d, %d x %d", c->msg, theirs.why, a.h, a.w, b.h, b.w);
    for (size_t i = 0; good && i < 3 * (size_t)(a.h * a.w); i++)
        good = abs(a.at[i] - b.at[i]) <= e->tolerance;
    free(ours.at);
    free(theirs.at);
    free(a.at);
    free(b.at);
    free(bytes);
    return good;
}

/* Wherever memory is refused: said, in one line, and nothing is left. */
static bool refused(const char *folder, const char *name)
{
    const struct mp_form form = { .size = { 4, 6, 1 }, .fit = MP_FIT_PAD };
    struct mp_run run = { .quiet = true, .threads = 1 };
    struct mp_ctx c;
    struct mp_data d;
    char path[300];
    int rc = -1;
    snprintf(path, sizeof path, "%s/tests/pictures/%s", folder, name);
    for (long k = 1; rc < 0 && k < 100; k++) {
        mp_ctx_init(&c, &run);
        c.fail_at = k;
        rc = mp_data_read(&c, path, NULL, &form, &d);
        const bool good = rc == MP_OK || (c.msg[0] != '\0' && strchr(c.msg, '\n') == NULL &&
                                          d.x == NULL);
        if (!good) {
            tap_note("allocation %ld: \"%s\"", k, c.msg);
            return false;
        }
        mp_data_free(&d);
        mp_ctx_free(&c);
    }
    return rc == MP_OK;
}

static bool ends(const char *name, const char *with)
{
    return strlen(name) > strlen(with) && strcmp(name + strlen(name) - strlen(with), with) == 0;
}

static bool next(FILE *f, const char *folder, struct expected *e)
{
    static char hex[2 * MOST + 1];
    if (fscanf(f, "%99s %d %d %d %d %39s %4096s", e->name, &e->shape.h, &e->shape.w, &e->shape.c,
               &e->tolerance, e->whose, hex) != 7)
        return false;
    for (size_t i = 0; hex[2 * i] != '\0'; i++) {
        unsigned v = 0;
        sscanf(hex + 2 * i, "%2x", &v);
        e->x[i] = (uint8_t)v;
    }
    snprintf(e->path, sizeof e->path, "%s/tests/pictures/%s", folder, e->name);
    return true;
}

int main(void)
{
    static struct expected e;
    const char *source = getenv("SOURCE") != NULL ? getenv("SOURCE") : ".";
    char list[300];
    struct tap t = { 0 };
    struct mp_run run = { .quiet = true, .threads = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    snprintf(list, sizeof list, "%s/tests/pictures/expected.txt", source);
    FILE *f = fopen(list, "r");
    while (f != NULL && next(f, source, &e)) {
        tap_ok(&t, reads(&c, &e, 0) && reads(&c, &e, 1) && reads(&c, &e, 3), "%s as %s reads it",
               e.name, e.whose);
        if (ends(e.name, ".png") || ends(e.name, ".jpg"))
            tap_ok(&t, as_vips(&c, &e), "%s as libvips reads it", e.name);
    }
    tap_ok(&t, t.n > 60, "all of %s", list);
    static const char *const some[] = { "rgb.png", "turn6.jpg", "rle.bmp", "text.ppm", "lzw.tif" };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        tap_ok(&t, refused(source, some[i]), "%s: memory that is refused", some[i]);
    if (f != NULL)
        fclose(f);
    mp_ctx_free(&c);
    return tap_end(&t);
}
