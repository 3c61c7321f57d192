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

/* The same, and shows what rows are on the way. */
struct mp_sight;
int mp_predict_seen(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                    const struct mp_sight *sight, struct mp_predictions *out);
void mp_predictions_free(struct mp_predictions *p);

/* The rows of one input with what was predicted for them. */
struct mp_predicted {
    const char *input; /* as the user named it */
    const struct mp_data *d;
    const struct mp_predictions *p;
};

struct mp_prediction_form {
    const struct mp_names *classes;
    double threshold;   /* where the model is less sure, the prediction is "unsure" */
    const char *header; /* of a submission: "id,label"; "": as the rows have it */
};

/* Whether the model is less sure of row i than that: mp_confidence(). */
bool mp_unsure(const struct mp_predictions *p, size_t i, double threshold);

/* What rows are called: "line", "item" or "file", and "row" where inputs differ in that. */
const char *mp_predicted_by(const struct mp_predicted *in, size_t n);

/* Both writers leave failures to the output's commit.
 *
 *     line,id,label,predicted,score_0,...
 *
 * A row's number in its file, or its picture's name; its id and its label, if rows have them;
 * scores, which read back exactly, or probability_0 and so on.  Of several inputs their names
 * come first. */
void mp_predictions_write(const struct mp_predicted *in, size_t n,
                          const struct mp_prediction_form *form, struct mp_output *o);

/* A submission: the ids of the rows, or numbers from 1 on, and the classes; "ImageId,Label" as in
 * Kaggle's, or "id,label" where rows have ids, unless the header is given. */
void mp_submission_write(const struct mp_predicted *in, size_t n,
                         const struct mp_prediction_form *form, struct mp_output *o);

/* "margins", "logits" or "probabilities". */
const char *mp_scores_name(enum mp_scores kind);
#endif
