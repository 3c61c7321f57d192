/* SPDX-License-Identifier: GPL-3.0-or-later */
/* levels.h - numbers of any kind as grey levels 0..255.
 *
 * The range of the values, what paper and what full ink are, is the form's, or it is found:
 *
 *     whole numbers 0..255                            as they are
 *     0..1, written as reals (0.5, 1.0)               0..1
 *     -1..1, some below 0                             -1..1
 *     0..255, not all whole                           0..255, rounded
 *     whole numbers above 32 767, none above 65 535   0..65535: 16 bits
 *
 * What is none of these is refused, with what to write.  Every guess but the first is said. */
#ifndef MP_LEVELS_H
#define MP_LEVELS_H
#include "data/data.h"

/* Makes d->x of the d->n rows of mp_len(d->shape) values at `x`, and d->range.  `real`: the
 * file writes them as reals, so that 1 is full ink rather than one of 255.  d->name, line0 and
 * is_csv tell what rows are called.  Values that are not finite or beyond the range fail.
 * level = round(255 (v - LOW) / (HIGH - LOW)), halves up.  Cost: two passes on all threads. */
int mp_levels_bytes(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d,
                    const float *x, bool real);

/* The same for d->x as it was read, bytes, where the form has a range that is not theirs. */
bool mp_levels_scales(const struct mp_form *form);
int mp_levels_scale(struct mp_ctx *c, const struct mp_form *form, struct mp_data *d);
#endif
