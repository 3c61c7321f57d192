/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_order.h - which pixel a column is.
 * Private to formats/. */
#ifndef MP_CSV_ORDER_H
#define MP_CSV_ORDER_H
#include "formats/csv_table.h"

/* Whether two names differ in nothing but their numbers. */
bool mp_csv_same_words(const struct mp_cell *a, const struct mp_cell *b);

/* Gives every column that is a pixel (0 or more in h->to) its number: by its place, or where
 * names have numbers that tell another order, by these. */
int mp_csv_order(struct mp_csv *h, size_t pixels);
#endif
