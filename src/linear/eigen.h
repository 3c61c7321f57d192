/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eigen.h - the largest eigenvalues of a symmetric matrix, and their vectors. */
#ifndef MP_EIGEN_H
#define MP_EIGEN_H
#include "core/stage.h"

/* Loads GSL and what it takes unless they are there.  Negative after an mp_fail(). */
int mp_eigen_load(struct mp_ctx *c);

/* The version of GSL that runs; false before it is loaded: then that of the build. */
bool mp_eigen_version(char *text, size_t size);

/* The k largest eigenpairs of `a`, n x n, row after row, symmetric without
 * negative eigenvalues (a covariance, a Gram matrix).  values: k, descending.
 * vectors: k rows of n, of length 1, of either sign.  Vectors of equal
 * eigenvalues are any that span their space.  The same input gives the same
 * output.  `a` is left as it was. */
int mp_eigen_top(struct mp_ctx *c, const double *a, size_t n, size_t k, double *values,
                 double *vectors);

#endif
