/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.h - a page's ink, a byte a pixel, and its connected parts.
 * Private to reading/. */
#ifndef MP_SHEET_H
#define MP_SHEET_H
#include "core/stage.h"

/* The level of the paper in squares of `side` px. */
struct mp_ground {
    int side, rows, columns;
    float *at;
    bool *table; /* squares beside the paper, where there is no ink; NULL: there are none */
};

struct mp_sheet {
    int h, w;
    int by;         /* a pixel is by x by of the page's */
    uint8_t *ink;   /* 0 paper, 255 the darkest strokes */
    uint8_t *room;  /* as many bytes, for whoever needs them */
    struct mp_ground paper;
    bool light;     /* strokes are lighter than what they are on */
    bool blank;     /* nothing stands out from the paper */
    int level;      /* above this is ink */
    double slope;   /* of rules that lie: by how many px they fall in one to the right */
    bool ruled;     /* there are any */
};

/* The ink of a page: uneven light taken out, polarity found, level chosen.  Negative:
 * mp_fail(). */
int mp_sheet_open(struct mp_ctx *c, struct mp_sheet *s, const uint8_t *grey, int h, int w);
void mp_sheet_close(struct mp_sheet *s);

/* How many times lighter the paper is where it is lightest within a box than where it is darkest;
 * right and bottom are the first pixels outside. */
double mp_sheet_uneven(const struct mp_sheet *s, int left, int top, int right, int bottom);

/* Takes printed lines out, those that lie and those that stand. */
int mp_sheet_unrule(struct mp_ctx *c, struct mp_sheet *s);

/* Chooses the level from what ink there is. */
void mp_sheet_level(struct mp_sheet *s);

/* Pixels of ink that hang together, and the box around them. */
struct mp_blob {
    int left, top, right, bottom; /* right and bottom are the first pixels outside */
    size_t first, n;              /* its spans */
    size_t area;                  /* px */
};

struct mp_stretch {
    int y, from, to;
};

struct mp_parts {
    struct mp_blob *at;
    size_t n;
    struct mp_stretch *run;           /* of all parts, one after another */
};

int mp_parts_find(struct mp_ctx *c, const struct mp_sheet *s, struct mp_parts *p);
void mp_parts_free(struct mp_parts *p);
#endif
