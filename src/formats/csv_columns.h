/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_columns.h - what the columns of a CSV file are: labels, pixels, a number of the row.
 * Private to formats/. */
#ifndef MP_CSV_COLUMNS_H
#define MP_CSV_COLUMNS_H
#include "formats/csv_rows.h"

/* What the first line is. */
enum mp_csv_header {
    MP_CSV_NONE,    /* a row of values */
    MP_CSV_NAMES,   /* names of columns */
    MP_CSV_NUMBERS  /* a table's numbers of its columns: 0, 1, 2 ..., as pandas writes them */
};

/* A CSV file, as far as it has been looked at. */
struct mp_csv_head {
    struct mp_input *in;        /* stands behind the header */
    const uint8_t *line;        /* the first line, `len` bytes without its end */
    size_t len;
    enum mp_csv_header kind;
    const struct mp_form *form; /* what the user says of the columns */
};

/* What the line is. */
enum mp_csv_header mp_csv_header_kind(const uint8_t *line, size_t len);

/* Finds the columns and the size of the images.  What is not certain is decided by the rows
 * that are in the input's buffer, and said.  q->pixel is the caller's to free. */
int mp_csv_columns(const struct mp_csv_head *h, struct mp_columns *q, struct mp_shape *shape);

/* Column i of a line, or NULL; *n is its length without quotes. */
const uint8_t *mp_csv_cell(const uint8_t *line, size_t len, size_t i, size_t *n);

/* Text of a file in an error: a few characters, what is not printable as \xNN. */
enum { MP_CSV_SHOWN = 20, MP_CSV_SHOWN_SIZE = 4 * MP_CSV_SHOWN + 4 };
void mp_csv_show(char to[MP_CSV_SHOWN_SIZE], const uint8_t *text, size_t len);

#endif
