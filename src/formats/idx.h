/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx.h - the IDX files that MNIST and its relatives come in. */
#ifndef MP_IDX_H
#define MP_IDX_H
#include "data/data.h"
#include "formats/input.h"

/* Fills x, n, shape, line0 and is_csv of *d.  On failure *d may hold a part. */
int mp_idx_read_images(struct mp_input *in, struct mp_shape size, struct mp_data *d);

/* Fills d->label with exactly d->n labels. */
int mp_idx_read_labels(struct mp_input *in, struct mp_data *d);

#endif
