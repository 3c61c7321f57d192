/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.h - rows of whole numbers 0..255 separated by commas. */
#ifndef MP_CSV_H
#define MP_CSV_H
#include "data/data.h"
#include "formats/input.h"

/* Fills x, label, n, shape, line0 and is_csv of *d.  On failure *d may hold a part. */
int mp_csv_read(struct mp_input *in, const struct mp_form *form, struct mp_data *d);

#endif
