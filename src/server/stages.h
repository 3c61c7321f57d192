/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stages.h - an image after every stage, as pictures within the answer. */
#ifndef MP_SERVER_STAGES_H
#define MP_SERVER_STAGES_H
#include "server/shelf.h"

/* ,"stages":[{"name":"deskew","shape":"28x28","height":84,"width":84,"grey":"..."} ...]: what
 * `show` draws, the values of grey as on a screen, in the letters of RFC 4648; of three channels
 * "rgb".  d has one row. */
int mp_stages_write(struct mp_served *h, struct mp_ctx *c, const struct mp_data *d, FILE *f);
#endif
