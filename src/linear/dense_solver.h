/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense_solver.h - linear classifiers from dense rows: all classes at once.
 *
 * Minimises, for all weight vectors together,
 *   sum over vectors of |w|^2 / 2 + C sum over rows of factor loss(row . w),
 * the objective of liblinear's -s 2 and -s 0, or that of multinomial regression.  The
 * constant feature counts in |w|, as in liblinear. Private to linear/. */
#ifndef MP_DENSE_SOLVER_H
#define MP_DENSE_SOLVER_H
#include "linear/loss.h"
#include "linear/passes.h"

struct mp_dense_problem {
    struct mp_passes rows;
    size_t drawn;          /* rows that curvature is taken from, about; 0: as many as are read
                              fast again and again */
    size_t vectors;        /* classes; 1: class 0 against class 1 */
    enum mp_loss_kind loss;
    double C, bias;        /* bias: the constant feature's value; 0: there is none */
    const double *factor;  /* on C, of each class */
    double tolerance;      /* a vector is done when the step just made was to lower its
                              objective by no more than this share */
};

/* What came out. */
struct mp_dense_result {
    double objective;      /* in double, at the weights given back */
    int steps, products;   /* of Newton; with the curvature, inside them */
    double doubt;          /* share of an objective that f32 could not tell */
    bool gave_up;          /* at the limit of steps */
};

/* w: vectors x (d + 1), each vector's weights, then that of the constant feature. */
int mp_dense_solve(struct mp_ctx *c, const struct mp_dense_problem *p, double *w,
                   struct mp_dense_result *r);
#endif
