/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.h - what predictions are worth. */
#ifndef MP_METRICS_H
#define MP_METRICS_H
#include "core/learner.h"

struct mp_class_metrics {
    uint64_t rows, predicted, hits; /* of this class; predicted as it; both */
    double precision, recall, f1;   /* NAN where nothing is divided */
};

/* "0.9876", or "-" of a share of nothing. */
void mp_share_text(char text[16], double share);

/* How many rows of a class were taken for a class, which may be their own. */
struct mp_confused {
    int truth, predicted;
    uint64_t rows;
};

struct mp_metrics {
    int k;
    uint64_t rows, errors;
    double accuracy, low, high;      /* with its 95 % Wilson interval */
    struct mp_confused *confused;    /* those that occur, by truth, then by prediction */
    size_t n_confused;
    struct mp_class_metrics *class;
    int tested;            /* classes that the rows are of */
    double macro_f1;                 /* mean over the classes that occur or are predicted */
    double balanced;                 /* mean recall of the classes that occur */
};

/* truth and predicted: n class numbers below k. */
int mp_metrics_compute(struct mp_ctx *c, int k, size_t n, const int *truth, const int *predicted,
                       struct mp_metrics *m);
void mp_metrics_free(struct mp_metrics *m);

/* A cell of the confusion matrix.  Cost: log of n_confused. */
uint64_t mp_confusion(const struct mp_metrics *m, int truth, int predicted);

/* Of the standard normal distribution: 95 % lie within so much of 0. */
#define MP_NORMAL_95 1.9599639845400536

/* Wilson's score interval (1927) for `hits` of n at confidence 95 %: unlike
 * p +- 1.96 s it stays in 0..1 and holds for shares near 0 and 1. */
void mp_wilson(uint64_t hits, uint64_t n, double *low, double *high);

/* The probabilities of one row, from its k scores; false: they are margins, which tell
 * of none. */
bool mp_probabilities(enum mp_scores kind, const float *scores, int k, double *p);

/* How sure a model is of the class that it gives a row: the highest probability;
 * for margins the lead of the highest over the second. */
double mp_confidence(enum mp_scores kind, const float *scores, int k);

/* The class with the highest score; the first of equals. */
int mp_argmax(const float *scores, int k);

/* How many of n rows, of k scores each, have their class among so many of the highest. */
uint64_t mp_among_first(size_t n, int k, const float *scores, const int *truth, int first);

/* For how many the report tells that: the i-th, 0: no more, of so many classes. */
int mp_first(int i, int classes);
#endif
