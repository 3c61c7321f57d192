/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read_html.h - pictures with the digits that were read of them, as a page. */
#ifndef MP_READ_HTML_H
#define MP_READ_HTML_H
#include "reading/reading.h"

/* A picture and what was read of it. */
struct mp_read_picture {
    const char *file;
    const struct mp_page *page;
    const struct mp_reading *r;
};

/* Each picture with boxes and digits over it, then all digits, the least sure first, cut out of
 * the picture and as the bundle saw them. */
int mp_read_html(struct mp_ctx *c, const struct mp_read_picture *in, size_t n,
                 const struct mp_bundle *b, double threshold, FILE *to);
#endif
