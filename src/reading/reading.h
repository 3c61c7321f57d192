/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.h - from a page with handwritten digits to lines of digits.
 *
 *   page -> ink (uneven light, rules and squares taken out) -> parts of ink -> digits in reading
 *   order -> each as MNIST's makers would have it -> the bundle -> classes and how sure it is
 *
 *     struct mp_reading r;
 *     if (mp_reading_file(c, "page.jpg", &bundle, NULL, &r) == MP_OK) ... r.at[i] ...
 *     mp_reading_free(&r); */
#ifndef MP_READING_H
#define MP_READING_H
#include "engine/bundle.h"
#include "engine/predictions.h"
#include "pictures/page.h"
#include "reading/mark.h"

/* Digits that are less sure than this are `unsure`, where nobody says otherwise. */
#define MP_READING_THRESHOLD "0.7"

/* What was found, in px of the upright page. */
struct mp_mark {
    enum mp_mark_kind kind;
    int line, place;           /* from 0: its line, and which of its line's marks it is */
    int left, top, w, h;
    /* Of digits: the row in `rows` and `scores`, classes, and how sure the bundle is: a
     * probability, or where its model gives margins, by how much the first leads the second, as
     * a part of what it leads by in training rows (where that is not known, as it is). */
    size_t row;
    int class, second;
    double sure;
};

struct mp_reading {
    int h, w;                  /* of the upright page */
    bool light;                /* strokes are lighter than what they are on */
    double angle;              /* degrees by which lines fall to the right */
    double size;               /* px, of a digit's height; 0: there is no ink */
    int lines;
    size_t n, digits, specks;  /* marks; those that are digits; what was too small to be one */
    struct mp_mark *at;        /* line by line, from left to right */
    struct mp_data rows;       /* digits as the bundle sees them */
    struct mp_predictions scores;
    bool margins;              /* `sure` is no probability */
    double usual;              /* the lead's mean, as part of that over training rows; 0: unknown */
};

/* Whether the bundle reads digits of one channel; otherwise an mp_fail() that says what it does. */
int mp_reading_check(struct mp_ctx *c, const char *name, const struct mp_bundle *b);

/* Reads a page of grey levels; of a page without ink r->n is 0.  The same page gives the same
 * bytes.  Cost: some 100 ns a pixel, and what the bundle takes.  Negative: mp_fail(). */
int mp_reading_page(struct mp_ctx *c, const char *name, const uint8_t *grey, int h, int w,
                    struct mp_bundle *b, struct mp_reading *r);

/* The same from a picture's bytes, and from its file.  page, unless NULL, gets the picture. */
int mp_reading_memory(struct mp_ctx *c, const char *name, const uint8_t *p, size_t n,
                      struct mp_bundle *b, struct mp_page *page, struct mp_reading *r);
int mp_reading_file(struct mp_ctx *c, const char *file, struct mp_bundle *b, struct mp_page *page,
                    struct mp_reading *r);
void mp_reading_free(struct mp_reading *r);

/* "dash" and the like; "digit". */
const char *mp_mark_name(enum mp_mark_kind kind);

/* Whether it is a digit of which the bundle is less sure than that. */
bool mp_mark_unsure(const struct mp_mark *m, double threshold);

/* The digits of line k as a text, with a blank where there is room for one; free() it.  NULL:
 * mp_fail(). */
char *mp_reading_line(struct mp_ctx *c, const struct mp_reading *r, const struct mp_bundle *b,
                      int k);

/* Whether the bundle is so much less sure of the digits than of its training rows that they are
 * likely to be of another make. */
bool mp_reading_unusual(const struct mp_reading *r);

/* Warns of what speaks against what was read: no digits, digits that are unlike those that the
 * bundle was trained on. */
int mp_reading_warn(struct mp_ctx *c, const char *name, struct mp_bundle *b,
                    const struct mp_reading *r);
#endif
