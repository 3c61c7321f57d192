/* SPDX-License-Identifier: GPL-3.0-or-later */
/* received.h - one picture that comes as bytes, in any of the forms that files have. */
#ifndef MP_RECEIVED_H
#define MP_RECEIVED_H
#include "core/stage.h"

struct mp_received {
    int c;            /* asked for: 1 grey, 3 red, green and blue */
    size_t most;      /* asked for: more pixels are refused, before room is made for them */
    int h, w;         /* upright */
    uint8_t *at;      /* h * w * c values as on a screen; what is transparent lies on white */
    bool colour;      /* its red, green and blue differ somewhere */
    bool clear, more; /* has pixels that are not opaque; pages or frames besides the first */
    char why[200];    /* "" or what is wrong with it: "is a damaged PNG (...)" */
};

/* Negative: r->why says what is wrong with the picture, or, if that is empty, mp_fail() what is
 * besides.  free() r->at in any case. */
int mp_picture_receive(struct mp_ctx *c, const uint8_t *bytes, size_t n, struct mp_received *r);

/* The whole of it within an image of shape `to`, beside which lies what it has at its border. */
int mp_picture_pad(struct mp_ctx *c, const struct mp_received *r, struct mp_shape to,
                   uint8_t *out);
#endif
