/* SPDX-License-Identifier: GPL-3.0-or-later */
/* images.h - images in JSON: {"images": [[784 values], ...]}, or rows of rows, or just the arrays.
 *
 * A reader of its own: a library that makes an object of every number takes 20 times as long, and
 * here nothing but numbers in arrays is wanted. */
#ifndef MP_IMAGES_H
#define MP_IMAGES_H
#include "core/stage.h"

struct mp_images {
    uint8_t *at;  /* n images; free() it */
    size_t n;
    size_t room;
};

/* Of `text`, n bytes and a 0: images of that shape, values 0..255.  A fraction is rounded.
 * Failures say where and what would be right: "images[2] has 783 values; expected 784". */
int mp_images_read(struct mp_ctx *c, const char *text, size_t n, struct mp_shape shape,
                   struct mp_images *images);
#endif
