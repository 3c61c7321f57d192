/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_table.h - what is known of a table in text: its dialect, its header, its columns.
 * Private to formats/. */
#ifndef MP_CSV_TABLE_H
#define MP_CSV_TABLE_H
#include "formats/csv_evidence.h"

/* What the first line is. */
enum mp_csv_header {
    MP_CSV_NONE,    /* a row of values */
    MP_CSV_NAMES,   /* names of columns */
    MP_CSV_NUMBERS, /* a table's numbers of its columns: 0, 1, 2 ..., as pandas writes them */
    MP_CSV_LOST     /* a row of values that a program took for names: 5, 0, 0.1, 0.2 ... */
};

/* What a column is: the number of a pixel, or one of these. */
enum {
    MP_COLUMN_LABEL = -1,
    MP_COLUMN_ID = -2,    /* names the row */
    MP_COLUMN_COUNT = -3, /* counts the rows */
    MP_COLUMN_LEFT = -4,  /* nothing that is wanted */
    MP_COLUMN_HOT = -5    /* and below: 1 where the row is of class 0 (1, 2 ...), else 0 */
};

struct mp_csv {
    struct mp_input *in;        /* stands behind the header */
    const struct mp_form *form; /* what the user says of the columns */
    struct mp_dialect s;
    enum mp_csv_header kind;
    uint8_t *line;              /* the first line, `len` bytes without its end */
    size_t len;
    uint64_t number;            /* of it */
    uint64_t first;             /* number of the first line of values */
    size_t columns;
    struct mp_cell *name;       /* of each column; NULL: there are none */
    int32_t *to;                /* what each column is */
    size_t label;               /* the column of labels; `columns`: none */
    bool label_last;            /* the rows told that it is the last */
    struct mp_cell *hot;        /* labels of one-hot columns; NULL: there are none */
    size_t n_hot, hot_at;       /* they begin at that column */
    struct mp_evidence e;       /* of what is not certain without */
};

void mp_csv_close(struct mp_csv *h);

/* Remarks on the table, once: when rows are read, not when only the shape is asked. */
void mp_csv_say(const struct mp_csv *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The name of column i, or "label", "pixel12" where there is none. */
void mp_csv_column_name(const struct mp_csv *h, size_t i, char text[MP_CELL_TEXT]);

/* Says that pixel `pixel` of the line at hand is none of 0..255, as all but `others` more are. */
int mp_csv_strange(const struct mp_lines *l, const struct mp_csv *h, size_t pixel, float v,
                   size_t others);
#endif
