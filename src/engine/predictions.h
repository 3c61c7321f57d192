/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predictions.h - a model's scores for a data set, and the files made of them. */
#ifndef MP_PREDICTIONS_H
#define MP_PREDICTIONS_H
#include "data/data.h"
#include "files/output.h"
#include "pipeline/pipeline.h"

struct mp_predictions {
    size_t n;
    int k;
    float *scores;     /* n x k */
    enum mp_scores kind; /* what they mean */
    int *predicted;    /* class numbers */
    double seconds;    /* by the clock on the wall */
};

/* Runs all rows of d through the fitted plan. */
int mp_predict(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
               struct mp_predictions *out);
void mp_predictions_free(struct mp_predictions *p);

/* Both writers leave failures to the output's commit.
 * "row,predicted,score_0,...": row counts from 1; scores read back exactly.
 * Probabilities are called probability_0 and so on. */
void mp_predictions_write(const struct mp_predictions *p, const struct mp_names *classes,
                          struct mp_output *o);

/* Kaggle's submission: "ImageId,Label", counting from 1. */
void mp_submission_write(const struct mp_predictions *p, const struct mp_names *classes,
                         struct mp_output *o);
/* "margins", "logits" or "probabilities". */
const char *mp_scores_name(enum mp_scores kind);
#endif
