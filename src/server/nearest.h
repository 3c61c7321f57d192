/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.h - the nearest of the training images that a bundle keeps, within the answer. */
#ifndef MP_SERVER_NEAREST_H
#define MP_SERVER_NEAREST_H
#include "server/shelf.h"

enum { MP_NEAREST_MOST = 100 };

/* ,"nearest":{"of":1000,"space":"hog","values":1152,"height":28,"width":28,"digits":[{"class":"7",
 * "row":"line 17","distance":3.2,"grey":"..."} ...]}: k of them, or all there are, the nearest
 * first; grey or rgb as in stages.h.  `row` is one image. */
int mp_nearest_write(struct mp_served *h, struct mp_desk *desk, const uint8_t *row, size_t k,
                     FILE *f);
#endif
