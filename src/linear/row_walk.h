/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_walk.h - learning from one row after another, epoch by epoch. */
#ifndef MP_ROW_WALK_H
#define MP_ROW_WALK_H
#include "linear/linear_model.h"

struct mp_row_walk {
    size_t n, d;      /* rows, values of each */
    const int *y;
    double *weight;   /* of each class */
    size_t epochs;
    bool shuffle;     /* another order in each epoch, drawn by the seed */
    size_t *order;
    float *rows;      /* some of them */
};

/* In done() of what learns MP_IN_EPOCHS: begins, with the text of a parameter `weights`, and makes
 * room for a model with a column for each class, all 0.  Close it in any case. */
int mp_row_walk_open(struct mp_ctx *c, struct mp_row_walk *k, const char *weights,
                     struct mp_linear *m);
void mp_row_walk_close(struct mp_row_walk *k);

/* Calls take(arg, row, class) for each row, once in an epoch. */
int mp_row_walk_epoch(struct mp_ctx *c, struct mp_row_walk *k, size_t epoch,
                      void (*take)(void *arg, const float *x, size_t class), void *arg);

/* The sum of x[j] w[j], the same on every call. */
double mp_row_dot(const float *x, const double *w, size_t d);

/* w += by x, and moment += by before x: so the sum of w after each row is known in the end without
 * adding up all weights every time. */
void mp_row_step(const float *x, size_t d, double by, double before, double *w, double *moment);
#endif
