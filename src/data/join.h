/* SPDX-License-Identifier: GPL-3.0-or-later */
/* join.h - rows of several files as one data set. */
#ifndef MP_JOIN_H
#define MP_JOIN_H
#include "data/data.h"

/* Puts copies of the rows of `more`, which are of the same shape and labelled, behind those of *d;
 * both keep their numbers, their classes' names and the names of their files.  Ids stay if both
 * have them; where one has the names of pictures, rows of the other get theirs, "line 17".  Cost: a
 * copy of all rows.  name[] is what their users call both files. */
int mp_data_join(struct mp_ctx *c, struct mp_data *d, const struct mp_data *more,
                 const char *const name[2]);
#endif
