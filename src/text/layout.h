/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.h - text for people: paragraphs and tables that fit where they are read. */
#ifndef MP_LAYOUT_H
#define MP_LAYOUT_H
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* What begins and ends a kind of text on a terminal; in a file nothing does. */
struct mp_paint {
    const char *bold, *dim, *good, *off;
};
extern const struct mp_paint mp_plain, mp_vivid;

/* The paint of stdout: vivid if it is a terminal and NO_COLOR is not set. */
const struct mp_paint *mp_stdout_paint(void);

/* Columns of where f leads.  stdout and stderr: those of the terminal, else $COLUMNS, else
 * 80.  Anything else is a file, as wide as its widest table: 0. */
int mp_columns(FILE *f);

/* Columns of a paragraph there: 80, or as many as there are. */
int mp_measure(FILE *f);

/* Columns of a text in UTF-8. */
int mp_text_columns(const char *text);

/* Words, from column `at` on, that begin new lines at column `indent`; no end of line.
 * Blanks become one.  Returns the column where it ends. */
int mp_fill(FILE *f, int at, int indent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "label    text", the text filled beside its label; later lines begin at `indent`. */
void mp_say(FILE *f, const char *label, int indent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A table.  Cells come one after another, row by row.  What is wider than the line is
 * broken: first within the cells of columns that may be, then into tables below one another,
 * of which each begins with the `head` first columns. */
struct mp_tabular_column {
    const char *title; /* blanks make a column as wide; only such titles: no line of titles */
    char place; /* r right, l left, w left and may be broken at blanks */
};
struct mp_tabular {
    const struct mp_tabular_column *column;
    int n, head;
    GPtrArray *rows; /* of rows: arrays of cells, the last of a short row is its rest */
    GPtrArray *row;  /* the one in hand */
};
void mp_tabular_open(struct mp_tabular *g, const struct mp_tabular_column *column, int n, int head);
void mp_tabular_cell(struct mp_tabular *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A text in place of the rest of the row: after its `head` first cells. */
void mp_tabular_rest(struct mp_tabular *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints and frees; without rows nothing is printed. */
void mp_tabular_print(struct mp_tabular *g, FILE *f, const struct mp_paint *p);
#endif
