/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cells.h - values in the tables that commands write. */
#ifndef MP_CELLS_H
#define MP_CELLS_H
#include <jansson.h>
#include <stdio.h>

/* Text of a CSV, quoted where it has to be. */
void mp_csv_text(FILE *f, const char *s);

/* The same of a JSON value: numbers in full, nothing for null. */
void mp_csv_value(FILE *f, const json_t *v);

/* "| text ", with | and \ escaped and no line breaks. */
void mp_markdown_cell(FILE *f, const char *s);
#endif
