/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.c - one picture, upright. */
#include "pictures/page.h"
#include "core/ctx.h"
#include "pictures/flatten.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 1 << 30 };

static int flatten(struct mp_ctx *c, const struct mp_bitmap *b, struct mp_page *page)
{
    struct mp_flat grey = { .c = 1 }, rgb = { .c = 3 };
    int rc = mp_flatten(c, b, 255, &grey);
    if (rc == MP_OK && grey.colour)
        rc = mp_flatten(c, b, 255, &rgb);
    page->h = grey.h;
    page->w = grey.w;
    page->grey = grey.at;
    page->rgb = rgb.at;
    page->more = b->more;
    return rc;
}

int mp_page_decode(struct mp_ctx *c, const char *name, const uint8_t *p, size_t n,
                   struct mp_page *page)
{
    struct mp_bitmap b = { .at = NULL };
    *page = (struct mp_page){ .h = 0 };
    int rc = mp_bitmap_decode(c, p, n, &b);
    if (rc < 0 && b.why[0] != '\0')
        mp_fail(c, "%s: %s", name, b.why);
    if (rc == MP_OK)
        rc = flatten(c, &b, page);
    free(b.at);
    if (rc < 0)
        mp_page_free(page);
    return rc < 0 ? -1 : MP_OK;
}

static uint8_t *load(struct mp_ctx *c, const char *file, FILE *f, size_t *n)
{
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        mp_fail(c, "%s: is no file; expected a picture", file);
        return NULL;
    }
    if (st.st_size > LARGEST_FILE) {
        mp_fail(c, "%s: has more than %d MiB", file, LARGEST_FILE >> 20);
        return NULL;
    }
    uint8_t *bytes = mp_alloc(c, (size_t)st.st_size + 1, 1);
    if (bytes == NULL)
        return NULL;
    *n = fread(bytes, 1, (size_t)st.st_size, f);
    if (ferror(f) == 0)
        return bytes;
    mp_fail(c, "%s: cannot read: %s", file, strerror(errno));
    free(bytes);
    return NULL;
}

int mp_page_read(struct mp_ctx *c, const char *file, struct mp_page *page)
{
    size_t n = 0;
    FILE *f = fopen(file, "rbe");
    *page = (struct mp_page){ .h = 0 };
    if (f == NULL)
        return mp_fail(c, "%s: %s", file, errno == ENOENT ? "no such file" : strerror(errno));
    uint8_t *bytes = load(c, file, f, &n);
    fclose(f);
    const int rc = bytes != NULL ? mp_page_decode(c, file, bytes, n, page) : -1;
    free(bytes);
    return rc;
}

void mp_page_free(struct mp_page *page)
{
    free(page->grey);
    free(page->rgb);
    page->grey = page->rgb = NULL;
}
