/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_header.h - the first line of a table, and what names of columns tell.
 * Private to formats/. */
#ifndef MP_CSV_HEADER_H
#define MP_CSV_HEADER_H
#include "formats/csv_table.h"

/* Takes the first line, and finds whether it is a header: fills line, kind, columns, name, and
 * moves the input behind a header.  `comment`: names may stand in the line above, too. */
int mp_csv_header(struct mp_csv *h, const struct mp_csv_top *top);

/* Whether a column of that name holds labels: label, class, target and the like. */
bool mp_csv_names_label(const struct mp_cell *name);

/* The rows at hand; the first call looks at them. */
int mp_csv_evidence(struct mp_csv *h);
#endif
