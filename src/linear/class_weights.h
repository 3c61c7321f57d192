/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_weights.h - how much rows of each class count in training: `weights` of models. */
#ifndef MP_CLASS_WEIGHTS_H
#define MP_CLASS_WEIGHTS_H
#include "core/stage.h"

/* The row of the table for `weights` of a model: factors on `what` it says. */
#define MP_CLASS_WEIGHTS(type, what)                                                          \
    MP_PARAM_OF(type, weights, .def = "", .unit = "balanced|LABEL:WEIGHT,...",                \
                .doc = "factors on " what " of some classes, such as 7:2,1:0.5; balanced: so " \
                       "that each class counts the same however many rows it has")

/* For shape(): whether the text is of that form; which labels there are is not known yet. */
int mp_class_weights_check(struct mp_ctx *c, const char *text);

/* weight: of each of the run's classes.  "7:2,1:0.5": those of labels, 1 for those that are not
 * named.  "balanced": n / (k m) for m of n rows in k classes, so that all classes count the
 * same, as in scikit-learn; a class without rows has 1. */
int mp_class_weights(struct mp_ctx *c, const char *text, const int *y, size_t n, double *weight);

/* The same, where it is known how many rows each of the classes has. */
int mp_class_weights_counted(struct mp_ctx *c, const char *text, const uint64_t *rows,
                             double *weight);
#endif
