/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smo.h - the support vector machine of two classes: sequential minimal optimisation. */
#ifndef MP_SMO_H
#define MP_SMO_H
#include "linear/kernel_rows.h"

/* Minimises 1/2 sum a_i a_j y_i y_j K_ij - sum a_i with 0 <= a_i <= C and sum a_i y_i = 0, for n
 * rows of one class, y = 1, and then m of the other, y = -1. */
struct mp_smo {
    struct mp_kernel_rules kernel;
    double C[2];      /* of each class */
    double tolerance; /* by how much rows may lie on the wrong side of each other */
    double cache;     /* MiB of kernel values that are kept */
    uint64_t steps;   /* pairs of rows that are improved at most */
};

/* a[i] of each of n + m `rows`, with its sign; *rho: the border; *early: whether `steps` ended it
 * before the tolerance was reached. */
int mp_smo_solve(struct mp_ctx *c, const struct mp_smo *s, const struct mp_kernel_rows *r,
                 const uint32_t *rows, size_t n, size_t m, double *a, double *rho, bool *early);
#endif
