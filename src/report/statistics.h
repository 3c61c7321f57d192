/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics.h - how sure one may be: of a difference between two models, and of
 * the probabilities that one gives. */
#ifndef MP_STATISTICS_H
#define MP_STATISTICS_H
#include "engine/metrics.h"

/* ------------------------------------------------- two models, same rows */

/* How often which of two models was right.  They saw the same rows, so only the rows
 * on which one was right and the other wrong, the discordant ones, tell them apart. */
struct mp_pair {
    uint64_t both, only_a, only_b, neither;
};

struct mp_comparison {
    double difference; /* accuracy of a minus accuracy of b; NAN without rows */
    double low, high;  /* its 95 % interval */
    double p;          /* McNemar's exact test that it is 0 */
};

struct mp_pair mp_pair_count(size_t n, const int *truth, const int *a, const int *b);
struct mp_comparison mp_compare(struct mp_pair q);

/* McNemar's test, exact and two-sided (1947): the probability, if both models are
 * equally good, of discordant rows shared out as unevenly as these or more. */
double mp_mcnemar(uint64_t only_a, uint64_t only_b);

/* n probabilities corrected for their number by Holm's step-down method (1979): among
 * those below 5 % after it one is there by chance in at most 1 of 20 such families. */
int mp_holm(struct mp_ctx *c, const double *p, size_t n, double *corrected);

/* ---------------------------------------------------------- probabilities */

/* Equal widths: bin i has the rows whose confidence is in (i, i + 1] / MP_BINS. */
enum { MP_BINS = 15 };

struct mp_bin {
    uint64_t rows;
    double confidence, accuracy; /* means; NAN without rows */
};

/* Of probabilities that are no numbers come NANs; rows of such are in no bin. */
struct mp_calibration {
    double nll;                  /* mean -log of the true class's probability */
    double brier;                /* mean of the squared errors, summed over classes: 0..2 */
    double ece;                  /* mean |accuracy - confidence| of the bins, by rows */
    struct mp_bin bins[MP_BINS]; /* the reliability curve */
};

/* scores: n x k; truth: class numbers.  false: margins. */
bool mp_calibration(enum mp_scores kind, size_t n, int k, const float *scores, const int *truth,
                    struct mp_calibration *out);

/* ------------------------------------------------------------ reject curve */

/* What accuracy a model has on the rows that it is surest of, when the others are
 * left to a person. */
struct mp_reject {
    uint64_t kept;    /* rows */
    double accuracy;  /* on them; rows of equal confidence count in equal parts */
    double threshold; /* the lowest confidence kept */
};

/* n_points points: the surest 1/n_points of the rows, 2/n_points ... all (rounded
 * up).  confidence: what is no number counts as the lowest. */
int mp_reject_curve(struct mp_ctx *c, size_t n, const double *confidence, const bool *right,
                    int n_points, struct mp_reject *points);
#endif
