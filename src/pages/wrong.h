/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrong.h - the rows that were taken for another class, each as a picture. */
#ifndef MP_WRONG_H
#define MP_WRONG_H
#include "engine/predictions.h"

/* Writes FOLDER/TRUTH_as_PREDICTION_line_17.png and the like for all of them, with the rows'
 * own values, so that they read back the same.  In names what is no letter, digit, dot or - is _.
 * *written: how many.  Cost: 0.4 ms each. */
int mp_wrong_pictures(struct mp_ctx *c, const char *folder, const struct mp_predicted *in,
                      size_t n, const struct mp_names *classes, size_t *written);

/* Row i alone, to a file of its own. */
int mp_row_picture(struct mp_ctx *c, const char *path, const struct mp_data *d, size_t i);
#endif
