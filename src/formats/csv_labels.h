/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_labels.h - labels in a table of their own.
 * Private to formats/. */
#ifndef MP_CSV_LABELS_H
#define MP_CSV_LABELS_H
#include "data/data.h"

struct mp_input;

/* d->n labels: of a table of one column, of the column that is called label or the like, of the
 * one beside an id, or of columns one a class; of QMNIST's eight columns without names the
 * first.  A header is no label: there is one line more than rows then. */
int mp_csv_labels(struct mp_input *in, struct mp_data *d);
#endif
