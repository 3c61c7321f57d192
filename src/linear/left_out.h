/* SPDX-License-Identifier: GPL-3.0-or-later */
/* left_out.h - how wrong least squares is about each row if it has not seen it, exactly.
 *
 * No row has to be left out in fact: an error e of what all rows say becomes e / (1 - h), where h
 * is how much a row says about itself, w (1 / all + x' (G + a I)^-1 x) of a row x less the mean,
 * which counts w (Allen 1974, "The relationship between variable selection and data augmentation
 * and a method for prediction").  That takes the rows again, so they are kept: each rank (ranks.h)
 * has its own, and tells the others one sum for each part of them.
 *
 * Cost: for each penalty half as many multiply-adds as values of a row squared, for each row.
 * Memory: the rows, as floats. */
#ifndef MP_LEFT_OUT_H
#define MP_LEFT_OUT_H
#include "linear/gram.h"

struct mp_left_out { /* zeroed: of no rows */
    size_t n, d, room;
    float *x;
    int *y;
};

/* In fit() of what learns MP_IN_ORDER, by parts of mp_gram_part(): keeps the rows. */
int mp_left_out_add(struct mp_ctx *c, struct mp_left_out *l, const struct mp_chunk *in);
void mp_left_out_free(struct mp_left_out *l);

/* *error: the mean square of what is left of targets 1 and -1 of each of so many classes, by what
 * (G + shift I) x = X' y gives, side * MP_GRAM_TILE weights x a class.  Positive: that matrix has
 * no factor. */
int mp_left_out_error(struct mp_ctx *c, const struct mp_left_out *l, const struct mp_gram *g,
                      double shift, const double *x, size_t classes, double *error);
#endif
