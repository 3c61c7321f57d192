/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h - the picture that a request brings. */
#ifndef MP_SERVER_PICTURE_H
#define MP_SERVER_PICTURE_H
#include "core/ctx.h"
#include "pictures/received.h"
#include "server/answer.h"

/* Whether the body is one of those that are taken from the net, PNG or JPEG: each kind more is a
 * decoder that strangers can reach. */
bool mp_is_picture(const struct mp_request *q);

/* False: refused.  free() r->at in any case. */
bool mp_receive_picture(struct mp_ctx *c, const struct mp_request *q, struct mp_received *r,
                        struct mp_answer *a);

/* The context's failure as an answer; gives false. */
bool mp_refuse_failed(struct mp_ctx *c, struct mp_answer *a, unsigned status);
#endif
