/* SPDX-License-Identifier: GPL-3.0-or-later */
/* received.c - one picture that comes as bytes. */
#include "pictures/received.h"
#include "pictures/fit.h"
#include <stdlib.h>
#include <string.h>

/* Its size, before there is room for its pixels. */
static int look(struct mp_ctx *c, const uint8_t *bytes, size_t n, size_t most, struct mp_bitmap *b)
{
    b->header_only = true;
    if (mp_bitmap_decode(c, bytes, n, b) < 0)
        return -1;
    b->header_only = false;
    if ((size_t)b->h * (size_t)b->w > most)
        return mp_bitmap_broken(b, "has %d x %d pixels; expected no more than %zu", b->h, b->w,
                                most);
    return MP_OK;
}

int mp_picture_receive(struct mp_ctx *c, const uint8_t *bytes, size_t n, struct mp_received *r)
{
    struct mp_bitmap b = { .at = NULL };
    struct mp_flat f = { .c = r->c };
    int rc = look(c, bytes, n, r->most, &b);
    if (rc == MP_OK)
        rc = mp_bitmap_decode(c, bytes, n, &b);
    memcpy(r->why, b.why, sizeof r->why);
    if (rc == MP_OK)
        rc = mp_flatten(c, &b, 255, &f);
    free(b.at);
    r->h = f.h;
    r->w = f.w;
    r->at = f.at;
    r->colour = f.colour;
    r->clear = f.clear;
    r->more = b.more;
    return rc;
}

int mp_picture_pad(struct mp_ctx *c, const struct mp_received *r, struct mp_shape to, uint8_t *out)
{
    const struct mp_flat f = { .h = r->h, .w = r->w, .c = r->c, .at = r->at };
    return mp_picture_fit(c, &f, MP_FIT_PAD, MP_PAPER_OWN, to, out);
}
