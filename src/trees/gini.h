/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gini.h - where to cut rows in two so that their classes come apart.
 *
 * By Gini's impurity (Breiman and others 1984, "Classification and regression trees"): of all
 * cuts that one is best whose two sides have the largest sum of |counts of classes|^2 / count, as
 * rows weigh. */
#ifndef MP_GINI_H
#define MP_GINI_H
#include "trees/bins.h"

struct mp_gini {            /* a thread's */
    const struct mp_bins *bins;
    const double *weight;   /* of a row of each class */
    size_t classes, least;  /* rows that a side must have */
    /* of the rows at hand, which mp_gini_rows() gave */
    const uint32_t *rows;
    size_t n, count;        /* how many; how often in all */
    size_t kinds, kind;     /* how many classes occur, and one that does */
    double mass, square;    /* what they weigh; sum of squares of what the classes do */
    double *all;            /* what each class weighs */
    /* room */
    uint32_t *who;          /* of each row: class << 16 | how often */
    uint64_t *key;          /* of those that are not in the common bin: bin << 32 | who */
    uint32_t *histogram;
    double *moved, *common; /* of each class: what has changed sides; what the common bin has */
};

struct mp_cut {
    double score;     /* the larger the better; 0: there is none yet */
    size_t value;
    uint8_t low, high; /* the bins on both sides of it, between which no rows are */
};

int mp_gini_open(struct mp_ctx *c, struct mp_gini *g);
void mp_gini_close(struct mp_gini *g);

/* Rows to cut, which stay where they are; times: how often each row of all counts, NULL: once. */
void mp_gini_rows(struct mp_gini *g, const uint32_t *rows, size_t n, const uint16_t *times);

/* The best cut by one value, if better than *best.  False: all rows have the same bin. */
bool mp_gini_best(struct mp_gini *g, size_t value, struct mp_cut *best);

/* The same of a cut anywhere between least and largest value, by random bits. */
bool mp_gini_random(struct mp_gini *g, size_t value, uint64_t bits, struct mp_cut *best);

/* The last bin below the cut: the cut is in the middle between the values on both sides. */
uint8_t mp_gini_bin(const struct mp_gini *g, const struct mp_cut *cut);
#endif
