/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_weights.h - how much rows of each class count in training: `weights` of models. */
#ifndef MP_CLASS_WEIGHTS_H
#define MP_CLASS_WEIGHTS_H
#include "core/stage.h"

#define MP_CLASS_WEIGHTS_UNIT "balanced|LABEL:WEIGHT,..."

/* weight: of each of the run's classes.  "7:2,1:0.5": those of labels, 1 for those that are not
 * named.  "balanced": n / (k m) for m of n rows in k classes, so that all classes count the
 * same, as in scikit-learn; a class without rows has 1. */
int mp_class_weights(struct mp_ctx *c, const char *text, const int *y, size_t n, double *weight);
#endif
