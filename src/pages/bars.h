/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.h - vectors whose values lie in no places, as bars side by side. */
#ifndef MP_BARS_H
#define MP_BARS_H
#include "pages/contact.h"

/* How the bars of a column are drawn: of n rows the first d of `len` values, all but where there
 * are too many. */
struct mp_bars {
    const float *x;
    size_t n, d, len;
    bool each;          /* each from its own least to its own most, as some are much larger */
    float *low, *high;  /* of each value; where not `each`, all the same, and 0 is among them */
    int h, w;           /* px of one row's picture */
};

/* Of the rows of a column.  mp_bars_close() it. */
int mp_bars_open(struct mp_ctx *c, const struct mp_contact *k, const struct mp_contact_column *col,
                 struct mp_bars *b);
void mp_bars_close(struct mp_bars *b);

/* Row i, b->h x b->w pixels with the corner at (top, left). */
void mp_bars_draw(const struct mp_bars *b, size_t i, struct mp_picture *p, int top, int left);
#endif
