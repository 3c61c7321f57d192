/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kmeans.h - k centres of rows that lie in memory, by Lloyd's method, on all threads. */
#ifndef MP_KMEANS_H
#define MP_KMEANS_H
#include "core/stage.h"

/* In done(): moves k centres of d values until no row changes its centre, or so many times.
 * Centres begin where they are given; one without rows stays where it is.  Sums depend on the rows
 * alone.  *error: the sum of squared distances to the nearest centre, before the last move.
 * Takes oneDNN. */
int mp_kmeans(struct mp_ctx *c, const float *x, size_t n, size_t d, float *centres, size_t k,
              int times, double *error);

/* size[i] = |row i|^2 of n rows of d values; and z, n x k products of rows and centres, become
 * squared distances, never below 0. */
void mp_squares(const float *x, size_t n, size_t d, float *size);
void mp_distances(float *z, const float *size, const float *centre, size_t n, size_t k);
#endif
