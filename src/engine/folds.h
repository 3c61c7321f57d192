/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folds.h - training rows in k folds, and scores of rows that the model has not seen.
 *
 * In turn each fold is held out, and a fresh plan is built from the script and fitted
 * on the other folds alone: every stage that learns, not the model only. */
#ifndef MP_FOLDS_H
#define MP_FOLDS_H
#include "data/fold.h"
#include "engine/predictions.h"
#include "pipeline/pipeline.h"

/* Fits a fresh plan on part->train, and scores part->held.  *p is the caller's to free,
 * whether this fails or not; seconds of fitting are added to *fit_seconds. */
int mp_fold_score(struct mp_ctx *c, struct mp_plan *plan, const struct mp_fold *part,
                  struct mp_predictions *p, double *fit_seconds);

/* Gives each of n rows the fold that holds it out: one of k, or, where `holdout` is above 0, fold 0
 * for that share of every class and fold 1, which is not to be scored, for the others.  The same
 * seed gives the same ones.  Warns of classes that few folds can test. */
int mp_hold_out(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k, double holdout,
                int *fold);

struct mp_out_of_fold {
    int k;
    int *fold;                 /* of each row */
    struct mp_predictions p;   /* of all rows, in row order, each by a plan that has not seen it; of
                                  those in MP_NO_FOLD scores of 0 and their own class */
    double fit_seconds;        /* of all folds */
    /* Unless NULL: looks at a fold's plan, fitted, before it is freed, on the rank that has fitted
     * it.  Set by the caller. */
    int (*fitted)(struct mp_ctx *c, void *arg, int f, const struct mp_plan *p);
    void *arg;
};

/* Out-of-fold scores of all rows of d, whose class numbers are y, by the script's
 * pipeline; the run's n_classes and labels are set.  The same seed gives the same bits, for
 * any number of threads, and of ranks, which take folds in turn.  Cost: k times fitting
 * (k-1)/k of the rows, and a copy of the rows. */
int mp_out_of_fold(struct mp_ctx *c, const struct mp_script *s, const struct mp_data *d,
                   const int *y, int k, uint64_t seed, struct mp_out_of_fold *out);
void mp_out_of_fold_free(struct mp_out_of_fold *o);

/* How good the folds were, one by one. */
struct mp_cross_fold {
    uint64_t rows, errors;
    double accuracy, low, high; /* with its 95 % Wilson interval */
};

struct mp_cross {
    int k;
    struct mp_cross_fold *fold;
    double mean, deviation;     /* of the folds' accuracies; the deviation is the sample's */
    double fit_seconds;
};

int mp_cross_score(struct mp_ctx *c, const struct mp_out_of_fold *o, const int *y,
                   struct mp_cross *x);
void mp_cross_free(struct mp_cross *x);

/* Mean and sample standard deviation of n numbers; of one the deviation is NAN. */
void mp_spread(const double *v, int n, double *mean, double *deviation);
#endif
