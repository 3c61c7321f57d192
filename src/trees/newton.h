/* SPDX-License-Identifier: GPL-3.0-or-later */
/* newton.h - a tree that makes a step down a loss: of each leaf its Newton step.
 *
 * Each row has the first and the second derivative of its loss by its score, g and h, as whole
 * numbers in one word of 64 bits, so that sums are exact in any order and what one side of a
 * question has is what the other has not.  The leaf whose question gains most is split next, as
 * long as there may be more leaves (Shi 2007, "Best-first decision tree learning"). */
#ifndef MP_NEWTON_H
#define MP_NEWTON_H
#include "trees/slots.h"
#include "trees/trees.h"

/* g above h, which is not negative and whose sums stay below 2^32. */
static inline int64_t mp_pair(int32_t g, uint32_t h)
{
    return (int64_t)g * ((int64_t)1 << 32) + (int64_t)h;
}

struct mp_newton_rules {
    const struct mp_slots *slots;
    const int64_t *pair;    /* of each row; 0: it is only taken along */
    size_t leaves, depth;   /* at most; depth 0: any */
    double least, l2;       /* sum of h on either side; added to it; in units of h */
    double rate;            /* of a step */
    double features;        /* share of the values that it asks about, drawn by the key */
    uint64_t key;
};

/* What a thread needs to grow trees. */
struct mp_newton;
struct mp_newton *mp_newton_open(struct mp_ctx *c, const struct mp_slots *s, size_t leaves);
void mp_newton_close(struct mp_newton *n);

/* Grows a tree, adds what its leaves have to the scores of all rows, and to gain[v] what its
 * questions for value v are worth. */
int mp_newton_grow(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r,
                   struct mp_tree *tree, float *score, double *gain);
#endif
