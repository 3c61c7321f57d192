/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.h - what linear models minimise besides |w|^2 / 2, for many rows at once.
 *
 * Arrays of rows have `lanes` values a row, one for each weight vector; lanes beyond the
 * last vector cost nothing and stay 0. Private to linear/. */
#ifndef MP_LOSS_H
#define MP_LOSS_H
#include <stdbool.h>
#include <stddef.h>

enum mp_loss_kind {
    MP_SQUARED_HINGE, /* max(0, 1 - m)^2, m = z for the vector's own class, -z for the rest */
    MP_LOGISTIC,      /* log(1 + exp(-m)) */
    MP_MULTINOMIAL    /* log(sum over k of exp(z_k)) - z_y: all vectors in one problem */
};

struct mp_loss {
    enum mp_loss_kind kind;
    size_t vectors, lanes;
    const float *own, *rest; /* of each lane: cost of a row of its class, and of another */
};

/* Loss, slope and curvature of n rows at scores z.  Losses are added to sum, by lane (of
 * the multinomial loss all to lane 0).  r: the slopes; h: what mp_loss_curve() needs.
 * Both may be NULL. */
void mp_loss_rows(const struct mp_loss *l, const float *z, const int *y, size_t n, double *sum,
                  float *r, float *h);

/* The losses alone, at scores in double; one row of `vectors` values. */
void mp_loss_exact(const struct mp_loss *l, const double *z, int y, double *sum);

/* v = curvature times v, of n rows. */
void mp_loss_curve(const struct mp_loss *l, const float *h, const int *y, size_t n, float *v);

/* How much a row's curvature weighs in all, over lanes where live is 1. */
float mp_loss_weight(const struct mp_loss *l, const float *h, int y, const float *live);

/* By how much a row at scores z is beyond the margins of all vectors, where it costs nothing: 0
 * where it is not, or where rows always cost something. */
float mp_loss_beyond(const struct mp_loss *l, const float *z, int y);
#endif
