/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.h - which parts of ink make a digit together, and the lines that digits stand in.
 * Private to reading/. */
#ifndef MP_READING_LAYOUT_H
#define MP_READING_LAYOUT_H
#include "reading/glyph.h"

struct mp_glyphs {
    struct mp_glyph *at;
    size_t n, room;
    double size;       /* how high a digit is, px of the sheet; 0: nothing is as high as one */
    size_t specks;     /* parts that were too small for anything */
};

/* Makes glyphs of the parts: strokes that lie close are joined, specks dropped, and what is no
 * digit by its size and shape gets its kind. */
int mp_glyphs_find(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                   struct mp_glyphs *g);
int mp_glyphs_add(struct mp_ctx *c, struct mp_glyphs *g, const struct mp_glyph *one);
void mp_glyphs_free(struct mp_glyphs *g);

/* The slope of the lines that they stand in; `start` where they are too few to tell. */
double mp_lines_slope(const struct mp_glyphs *g, double start);

/* Numbers the lines, and sorts: line by line, from left to right.  How many lines. */
int mp_lines_sort(struct mp_glyphs *g, double slope);
#endif
