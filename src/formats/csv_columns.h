/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_columns.h - what the columns of a table are: labels, pixels, a number of the row.
 * Private to formats/. */
#ifndef MP_CSV_COLUMNS_H
#define MP_CSV_COLUMNS_H
#include "formats/csv_table.h"

/* Finds the dialect, the header, the columns and the size of the images.  What is not certain
 * is decided by the rows that are in the input's buffer, and said. */
int mp_csv_open(struct mp_csv *h, struct mp_shape *shape);

/* The same of a table whose header has been read: fills to, label and hot. */
int mp_csv_find_columns(struct mp_csv *h, struct mp_shape *shape);
#endif
