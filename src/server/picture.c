/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - the picture that a request brings. */
#include "server/picture.h"
#include <string.h>

bool mp_is_picture(const struct mp_request *q)
{
    return (q->n >= 8 && memcmp(q->body, "\x89PNG\r\n\x1a\n", 8) == 0) ||
           (q->n >= 3 && memcmp(q->body, "\xff\xd8\xff", 3) == 0);
}

bool mp_refuse_failed(struct mp_ctx *c, struct mp_answer *a, unsigned status)
{
    mp_refuse(a, c->no_memory ? MP_HTTP_BUSY : status, "%s", c->msg);
    return false;
}

bool mp_receive_picture(struct mp_ctx *c, const struct mp_request *q, struct mp_received *r,
                        struct mp_answer *a)
{
    if (!mp_is_picture(q)) {
        mp_refuse(a, MP_HTTP_TYPE, "the body of %zu byte%s is neither PNG nor JPEG; expected one "
                  "of these for Content-Type: image/...", q->n, q->n == 1 ? "" : "s");
        return false;
    }
    if (mp_picture_receive(c, (const uint8_t *)q->body, q->n, r) == MP_OK)
        return true;
    if (r->why[0] == '\0')
        return mp_refuse_failed(c, a, MP_HTTP_FAILED);
    mp_refuse(a, MP_HTTP_BAD, "the picture %s", r->why);
    return false;
}
