/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passes.h - the rows of a solver that reads them several times.
 *
 * They lie in memory, or a pass has them made again: the engine decides, and the values are
 * the same: floats, or all of them rounded to 16 bits (short_row.h), wherever they lie.
 * Private to linear/, but for stages that make rows of their own. */
#ifndef MP_PASSES_H
#define MP_PASSES_H
#include "core/learner.h"

struct mp_passes {
    size_t n, d;      /* rows, values of a row */
    const int *y;     /* their classes */
    const void *x;    /* n rows, but for those at both ends; NULL: mp_pull() makes all of them */
    size_t before, behind; /* so many rows, which mp_pull() makes */
    bool rounded;     /* each is what mp_short_from() makes of it, or d floats */
};

/* In done() of what learns MP_IN_PASSES: the rows that it learns from, of which none are kept. */
struct mp_passes mp_passes_of(struct mp_ctx *c);

/* Has rows kept as far as there is room, unless they lie in memory as it is; rounded: in 16 bits,
 * if they are no bytes. */
int mp_passes_keep(struct mp_ctx *c, struct mp_passes *p, bool rounded);

/* Where rows[0 .. n-1] are: in memory, or made in `room`, which has place for n. */
int mp_passes_take(struct mp_ctx *c, const struct mp_passes *p, const size_t *rows, size_t n,
                   void *room, const void **at);

/* x: n such rows as floats, of which rounded ones are put into `room`, n d floats. */
void mp_passes_see(const struct mp_passes *p, const void *const *at, size_t n, float *room,
                   const float **x);

/* Fails where a value is no finite number: with these a solver would never come to an end. */
int mp_passes_check(struct mp_ctx *c, const float *const *x, size_t n, size_t d);

/* Whether all rows lie in memory: row i at mp_passes_row(p, i). */
static inline bool mp_passes_kept(const struct mp_passes *p)
{
    return p->x != NULL && p->before == 0 && p->behind == 0;
}

/* Where a row lies in memory; NULL: it does not. */
static inline const void *mp_passes_row(const struct mp_passes *p, size_t row)
{
    return p->x != NULL && row >= p->before && row < p->n - p->behind
               ? (const char *)p->x + (row - p->before) * mp_pass_row(p->d, p->rounded) : NULL;
}

/* Room for what mp_passes_take() may make of n rows, each another one; *room stays NULL where all
 * lie in memory. */
int mp_passes_room(struct mp_ctx *c, const struct mp_passes *p, size_t n, void **room);
#endif
