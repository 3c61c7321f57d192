/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spans.h - the connected parts of a plane, row by row.
 *
 * A span is as many pixels of one kind as lie side by side in a row.  Parts are spans that touch
 * those of the rows above and below.  Cost: a look at each pixel, and a few steps for each span
 * (union-find; R. E. Tarjan, J. ACM 22, 1975, 215-225). */
#ifndef MP_SPANS_H
#define MP_SPANS_H
#include "core/stage.h"

struct mp_span {
    int y, from, to; /* pixels from .. to - 1 of row y */
    int part;        /* the number of the first span of its part, in reading order */
};

struct mp_spans {
    int h, w, n;
    struct mp_span *at;
};

/* Room for the spans of an image of h x w pixels; in scratch. */
int mp_spans_new(struct mp_ctx *c, struct mp_spans *s, int h, int w);

/* Finds the parts of the pixels that are above the level (`above`), or of those that are not.
 * Pixels of a part touch at their sides, with `corners` at their corners, too. */
void mp_spans_find(struct mp_spans *s, const float *plane, float level, bool above, bool corners);
#endif
