/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.h - one picture, upright, as the grey levels and the colours of its pixels. */
#ifndef MP_PAGE_H
#define MP_PAGE_H
#include "core/stage.h"

struct mp_page {
    int h, w;      /* as it stands upright */
    uint8_t *grey; /* h * w: 0 is black, 255 white; transparent pixels lie over white */
    uint8_t *rgb;  /* h * w * 3; NULL: it has no colours */
    bool more;     /* the file has more pages or frames; this is the first */
};

/* The n bytes of a file, of which errors say `name`; or the file.  Negative: mp_fail() said what is
 * wrong with it.  Cost: that of the decoder, and 5 ns a pixel. */
int mp_page_decode(struct mp_ctx *c, const char *name, const uint8_t *p, size_t n,
                   struct mp_page *page);
int mp_page_read(struct mp_ctx *c, const char *file, struct mp_page *page);
void mp_page_free(struct mp_page *page);
#endif
