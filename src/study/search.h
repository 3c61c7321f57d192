/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.h - which of the combinations of a pipeline's sets of values is best.
 *
 * Each is scored on training rows that it has not learned from, by k folds or on a
 * holdout; the test rows are not read.  Every combination gets the same folds.  What
 * several have in common comes from run->cache, once for each fold.
 *
 * Successive halving (Jamieson, Talwalkar 2016; here by thirds): all combinations begin
 * with a small budget of rows or epochs; the better third goes on with three times as
 * much, until those that are left, three at most, get all of it. */
#ifndef MP_SEARCH_H
#define MP_SEARCH_H
#include "core/kept.h"
#include "engine/folds.h"
#include "pipeline/grid.h"
#include "study/job.h"

#define MP_SEARCH_HALVING "no|rows|epochs"
enum mp_halving { MP_ALL_AT_ONCE, MP_BY_ROWS, MP_BY_EPOCHS };
enum { MP_SEARCH_MOST = 10000 };

struct mp_search_ask {
    const char *file;
    int folds;       /* 0: those of the data line, or else 5 */
    double holdout;  /* share of the training rows; 0: folds */
    int trials;      /* so many combinations at random; 0: all */
    enum mp_halving halving;
};

/* One combination. */
struct mp_trial {
    uint64_t index;       /* in the grid */
    char *error;          /* why it has no score; NULL: it has, or it is to be tried */
    int rung;             /* the last one that it was tried on, from 0; -1: none yet */
    size_t budget;        /* training rows of a fold, or epochs, there */
    struct mp_cross_fold *fold;
    uint64_t rows, errors;
    double mean;          /* of the folds' accuracies */
    double *means;        /* the same on each rung so far */
    double deviation;     /* the sample's; NAN of a holdout */
    double standard_error; /* of the mean; of a holdout that of a share */
    double low, high;     /* of the accuracy on all rows scored, 95 %, Wilson */
    uint64_t values;      /* numbers that the fitted pipeline keeps, of the first fold */
    double seconds;       /* of all fits, by the clock; what the cache gave as it once took */
    struct mp_kept warnings;
};

struct mp_search {
    struct mp_search_ask ask;
    struct mp_experiment x;   /* test rows: none read */
    bool has_test;            /* the pipeline names test rows */
    struct mp_grid grid;
    struct mp_trial *trials;
    int n;
    int k;                    /* folds that are scored; 1: a holdout */
    int *fold;                /* of each row; of a holdout 0 is held out */
    int rungs;
    int *order;               /* best first, those that failed last */
    int simplest;             /* by the one-standard-error rule; may be the best itself */
    struct mp_job final;      /* the best, fitted on all training rows */
    double seconds;           /* of the whole search, by the clock */
};

/* Finds the combinations, checks each of them, reads the training rows. */
int mp_search_open(struct mp_ctx *c, const struct mp_search_ask *ask, struct mp_search *s);

/* Scores them; several ranks share them, and then all have the scores.  One that fails gets an
 * error, and the others go on.  Negative: all have failed, the user has asked to stop, or there
 * is no memory. */
int mp_search_run(struct mp_ctx *c, struct mp_search *s);

/* Writes best.txt into the folder and runs it: on the test rows, if there are any, or else once
 * more by folds, so that no training row is lost to a holdout.  By one rank, alone. */
int mp_search_final(struct mp_ctx *c, struct mp_search *s, const char *folder);
void mp_search_free(struct mp_search *s);

/* The whole of it; the other forms are made from that, so they cannot disagree.
 * docs/report.md lists its keys.  NULL: mp_fail() said why. */
json_t *mp_search_json(struct mp_ctx *c, const struct mp_search *s, const char *folder);

#define MP_SEARCH_FORMATS "text|json|csv|markdown"
void mp_search_write(FILE *f, const json_t *search, int format);
int mp_search_html(struct mp_ctx *c, const struct mp_search *s, const json_t *search, FILE *to);
#endif
