/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.h - a whole pipeline learns from training rows.
 *
 * Where a stage takes a model's scores (MP_HELD, learner.h), a share of the rows is
 * held back: the stages before learn from the others, that stage from the scores of
 * the rows held back, which nothing before has seen; and then, unless refit=no, the
 * stages before learn once more, from all rows.
 *
 * Where a stage stacks models (MP_STACKED), all that is before it is fitted on each fold's
 * training rows first, and the stage learns from what the fold's own rows then get. */
#ifndef MP_FIT_H
#define MP_FIT_H
#include "data/data.h"
#include "pipeline/pipeline.h"

/* y: d->n class numbers, or NULL.  A plan that has learned learns anew. */
int mp_fit(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y);

/* Marks the rows that mp_fit() holds back: a share of every class, the same for the same
 * seed and rows; none where no stage takes scores. */
int mp_fit_held(struct mp_ctx *c, const struct mp_plan *p, const struct mp_data *d, const int *y,
                bool *marks);
#endif
