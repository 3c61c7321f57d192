/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glyph.h - ink that may be a digit, and the image that MNIST's makers would have made of it.
 * Private to reading/. */
#ifndef MP_GLYPH_H
#define MP_GLYPH_H
#include "reading/sheet.h"

struct mp_glyph {
    int left, top, w, h; /* the box around its ink, in pixels of the sheet */
    uint8_t *ink;        /* (h + 2) x (w + 2): how much of each pixel is ink, 255 all of it; with
                            a pixel of paper around */
    size_t area;         /* pixels of it that are more ink than paper */
    int kind;            /* enum mp_mark_kind */
    int line;
    double u, v;         /* its middle, along its line and across, px */
};

/* The ink of the parts whose numbers are given. */
int mp_glyph_of(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                const size_t *part, size_t n, struct mp_glyph *g);

/* A line from top to bottom of the box, through column `at` at half its height. */
struct mp_cut {
    int at;
    double lean; /* px to the left for each px down */
};

static inline int mp_cut_column(const struct mp_cut *cut, const struct mp_glyph *g, int y)
{
    const double x = cut->at - (y - g->h / 2) * cut->lean;
    return x < 0 ? 0 : x > g->w ? g->w : (int)x;
}

/* What lies left of the cut, or right of it. */
int mp_glyph_cut(struct mp_ctx *c, const struct mp_glyph *g, const struct mp_cut *cut, bool right,
                 struct mp_glyph *to);

/* How wide its strokes are, px. */
double mp_glyph_stroke(const struct mp_glyph *g);

/* Into the middle of an image: turned so that its line lies level (`slope`), its longer side 20 of
 * 28 px, its centre of mass in the middle. */
int mp_glyph_row(struct mp_ctx *c, const struct mp_glyph *g, double slope, struct mp_shape shape,
                 uint8_t *row);
#endif
