/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forms.h - one list of runs in several forms: a table for people, CSV, Markdown.
 *
 * Rows are JSON objects; a row whose "error" is no null has failed, and says why. */
#ifndef MP_FORMS_H
#define MP_FORMS_H
#include "core/stage.h"
#include <jansson.h>

/* The forms of a result, in order: the choices of an option `format`. */
#define MP_FORMATS "text|json|csv|markdown"

enum { MP_CELL = 160 };

/* One column of a table: its title, the key of its value, and how that is shown. */
struct mp_form_column {
    const char *title, *key;
    char kind; /* t text, % share, i interval of shares, n number, f fraction, s seconds,
                  b bytes, q large number, p probability, + change of a share in points,
                  I interval of such, S change of seconds */
    bool left;
};

/* What a row has there, at most MP_CELL bytes; "-" for nothing. */
void mp_form_cell(const json_t *row, const struct mp_form_column *k, char *cell);

/* Whether a row has an error to tell. */
bool mp_form_failed(const json_t *row);
/* Bytes of the text, at most so many, that are whole characters: for "%.*s". */
int mp_form_whole(const char *text, int most);

/* The table; a row that failed has its first `head` columns, then why.  Returns the width of
 * column `head` - 1. */
int mp_form_text(FILE *f, const json_t *rows, const struct mp_form_column *columns, int n,
                 int head);
void mp_form_markdown(FILE *f, const json_t *rows, const struct mp_form_column *columns, int n,
                      int head);

/* Full numbers, for programs; what there is not is empty. */
struct mp_csv_column {
    const char *title, *key;
    size_t item; /* which one, where the value is an array */
};
void mp_form_csv(FILE *f, const json_t *rows, const struct mp_csv_column *columns, int n);

/* Words in a row, broken where the line ends. */
struct mp_flow {
    FILE *f;
    int column, indent;
};
void mp_flow(struct mp_flow *w, const char *word);

/* A document in all its forms, in files of one name: text, JSON, CSV, Markdown, page. */
struct mp_forms {
    const char *stem;                                       /* "compare" */
    const json_t *document;
    void (*write)(FILE *f, const json_t *document, int form);
    int (*page)(struct mp_ctx *c, void *arg, FILE *f);
    void *arg;
};

/* Into the folder: compare.txt, .json, .csv, .md, together or not at all, and then the page. */
int mp_forms_write(struct mp_ctx *c, const char *folder, const struct mp_forms *forms);
/* The same; then prints that form, and below the text where the page is. */
int mp_forms_show(struct mp_ctx *c, const char *folder, const struct mp_forms *forms, int form);

void mp_form_json(FILE *f, const json_t *document);
#endif
