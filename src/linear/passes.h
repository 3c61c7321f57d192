/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passes.h - the rows of a solver that reads them several times.
 *
 * They lie in memory, or a pass has them made again: the engine decides, and the values are
 * the same. Private to linear/, but for stages that make rows of their own. */
#ifndef MP_PASSES_H
#define MP_PASSES_H
#include "core/learner.h"

struct mp_passes {
    size_t n, d;      /* rows, values of a row */
    const int *y;     /* their classes */
    const float *x;   /* n x d, but for those at both ends; NULL: mp_pull() makes all of them */
    size_t before, behind; /* so many rows, which mp_pull() makes */
};

/* In done() of what learns MP_IN_PASSES: the rows that it learns from. */
struct mp_passes mp_passes_of(struct mp_ctx *c);

/* Where rows[0 .. n-1] are: in memory, or made in `room`, which has place for n. */
int mp_passes_take(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                   float *room, const float **at);

/* Fails where a value is no finite number: with these a solver would never come to an end. */
int mp_passes_check(struct mp_ctx *c, const struct mp_passes *p, const float *const *at, size_t n);

/* Whether all rows lie in memory: row i at x + i d. */
static inline bool mp_passes_kept(const struct mp_passes *p)
{
    return p->x != NULL && p->before == 0 && p->behind == 0;
}

/* Room for what mp_passes_take() may make of n rows, each another one; *room stays NULL where all
 * lie in memory. */
int mp_passes_room(struct mp_ctx *c, const struct mp_passes *p, size_t n, float **room);
#endif
