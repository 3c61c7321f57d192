/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arff_read.h - rows of an ARFF file.
 * Private to formats/. */
#ifndef MP_ARFF_READ_H
#define MP_ARFF_READ_H
#include "data/data.h"

struct mp_input;

/* Rows, dense or sparse.  The class is the attribute that is called so, or the last, if it is
 * nominal; where the first row has a ? there, rows are unlabelled. */
int mp_arff_read(struct mp_input *in, const struct mp_form *form, struct mp_data *d);
#endif
