/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html.h - pages that people open: one file, nothing loaded from elsewhere.
 *
 * A page has a header (what it is about, and the figures that matter), a list of its
 * sections, and the sections.  What is written is well-formed as XML too.  It adapts to
 * light and dark, to paper, and to narrow screens; html.c has the style, and plot.h draws.
 *
 *   mp_html_open(c, &h);
 *   mp_html_printf(h.head, "...");                     the header
 *   mp_html_section(&h, "mistakes", "Mistakes");       closes the section before
 *   fputs("<p>...</p>", h.f);                          markup as it is
 *   mp_html_write(c, &h, "mnistpipe run", "hog_svm", out);
 */
#ifndef MP_HTML_H
#define MP_HTML_H
#include "core/text.h"
#include "image/picture.h"

struct mp_html {
    FILE *head, *f;      /* markup of the header, and of the section in hand */
    FILE *list;          /* of the sections */
    struct mp_text text[3]; /* what the three have got so far */
    int sections;
};

/* Negative after an mp_fail(). */
int mp_html_open(struct mp_ctx *c, struct mp_html *h);
void mp_html_close(struct mp_html *h);

/* The whole page.  `kind` says what sort of page it is, `name` what it is about. */
int mp_html_write(struct mp_ctx *c, struct mp_html *h, const char *kind, const char *name,
                  FILE *to);

/* A section, with its title as a link in the list; `id` is its #fragment. */
void mp_html_section(struct mp_html *h, const char *id, const char *title);

/* Text that may have any character: < & " become entities, what is no UTF-8 and
 * what XML cannot hold becomes U+FFFD. */
void mp_html_text(FILE *f, const char *text);
void mp_html_printf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* <p>text</p>, and the same in small print. */
void mp_html_p(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mp_html_note(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One figure of the header, within <dl class="facts">: what it is, and its value. */
void mp_html_fact(FILE *f, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A link to a file; `path` is relative to the page, and may have any character. */
void mp_html_link(FILE *f, const char *path, const char *text);

/* A figure: between the two calls, what is to be seen. */
void mp_html_figure(FILE *f);
void mp_html_caption(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What is folded away under its summary, until mp_html_unfold(). */
void mp_html_fold(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mp_html_unfold(FILE *f);

/* Text to copy, such as a pipeline or a command. */
void mp_html_code(FILE *f, const char *text);

/* A table; it scrolls in its own box where it is wider than the page.  Cells come one
 * after another, row by row; the first of a row is its heading. */
struct mp_column {
    const char *title;
    bool number;         /* set to the right */
};
struct mp_html_table {
    FILE *f;
    const struct mp_column *column;
    int n, at;
};
void mp_html_table(struct mp_html_table *t, FILE *f, const char *caption,
                   const struct mp_column *column, int n);
void mp_html_cell(struct mp_html_table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A cell of markup: `attributes` go into its tag, "" for none; then write, then end it. */
void mp_html_cell_begin(struct mp_html_table *t, const char *attributes);
void mp_html_cell_end(struct mp_html_table *t);
/* A cell as wide as the rest of its row. */
void mp_html_cell_rest(struct mp_html_table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void mp_html_table_end(struct mp_html_table *t);

/* The picture as PNG within the page.  `kind` is "ink" for grey pictures (they turn to
 * light on dark with the page) or "photo" for what keeps its colours; `alt` says what is
 * to be seen, for those who do not see it.  A picture that cannot be made is a warning, and
 * the page has those words in its place. */
int mp_html_picture(struct mp_ctx *c, FILE *f, const struct mp_picture *p, const char *kind,
                    const char *alt);
#endif
