/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lying.h - whether rows lie on their side, beside those that a model has learned from. */
#ifndef MP_LYING_H
#define MP_LYING_H
#include "data/data.h"
#include "engine/predictions.h"
#include "pipeline/pipeline.h"

/* How sure the plan's model is of the rows that it has learned from: the mean, over some hundred
 * of them, of by how much the best score leads the second. */
int mp_lying_learn(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, double *usual);

/* By how much the best score of a row leads the second; of probabilities, their logarithms. */
double mp_lead(const struct mp_predictions *p, size_t row);

/* What there is to say where the model takes rows for those it knows once they are transposed,
 * flipped or turned, and clearly not as they are; otherwise "".  y: their class numbers, or
 * NULL; usual: what mp_lying_learn() gave, 0: not known.  Few rows say nothing.  Cost: that of
 * predicting one row in 25, and 3200 more where the first look is suspicious. */
enum { MP_LYING_TEXT = 512 };
int mp_lying(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
             double usual, const char *name, char text[MP_LYING_TEXT]);

/* The same as a warning. */
int mp_lying_warn(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                  double usual, const char *name);
#endif
