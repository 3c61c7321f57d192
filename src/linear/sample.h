/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.h - rows drawn at random from all training rows, in one pass.
 *
 * Every row has a random number that its place in the data gives it; those with the smallest are
 * the sample.  So it does not depend on chunks or threads, and needs no memory but its own: the
 * largest number kept is on top of a heap, and the next smaller one takes its place (bottom-k
 * sampling: Cohen and Kaplan 2007).  For what learns MP_IN_ORDER. */
#ifndef MP_SAMPLE_H
#define MP_SAMPLE_H
#include "core/stage.h"

struct mp_sample {      /* zeroed: of no rows */
    size_t most, d, n;  /* rows wanted, values of each, rows there are */
    size_t room;        /* rows that there is memory for */
    size_t seen;        /* rows that went by */
    struct mp_sampled { /* a heap by key, then row */
        uint64_t key, row;
        size_t at;      /* which of `rows` */
    } *heap;
    float *rows;        /* n x d */
};

/* For fit(): of rows of d values `most` are kept; of another length than before they fail, and so
 * do values that are no finite numbers. */
int mp_sample_add(struct mp_ctx *c, struct mp_sample *s, size_t most, const struct mp_chunk *in);

/* For done(): the rows, n x d of them, which the sample owns until it is freed; in the order of
 * their random numbers, or with `as_seen` in which they came.  NULL after an mp_fail(): there are
 * none. */
const float *mp_sample_end(struct mp_ctx *c, struct mp_sample *s, bool as_seen);

/* n x d values of others: the mean of each of d, and what sum the variances of all have. */
double mp_sample_spread(const float *x, size_t n, size_t d, double *mean);

void mp_sample_free(struct mp_sample *s);
#endif
