/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scores.h - what models that compare classes one by one give as scores. */
#ifndef MP_SCORES_H
#define MP_SCORES_H
#include "core/learner.h"

/* A row's scores as floats: s[j] is how well class j fits, 0 at most; -INFINITY: the class had no
 * rows to learn from, and gets less than twice the least of the others, so that it is never
 * chosen.  Finite whatever the values were. */
void mp_class_scores(const double *s, size_t classes, float *out);

/* The same of classes whose s[j] are logarithms of the joint density of class and row: out are the
 * logarithms of the probabilities.  Writes to s. */
void mp_log_probabilities(double *s, size_t classes, float *out);

/* For pictures(): d values of each class, as images if they are of that size. */
int mp_class_pictures(struct mp_ctx *c, const double *values, size_t classes, size_t d,
                      struct mp_shape image, const struct mp_viewer *v);
#endif
