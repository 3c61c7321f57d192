/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.h - runs a plan over rows: chunks, threads, shards, learning.
 *
 * Rows are cut into chunks of MP_CHUNK_ROWS, or fewer where the stages' rows are
 * so long that a chunk would have more than MP_CHUNK_VALUES values; a thread takes
 * a chunk through all stages before the next, so that it stays in the cache.
 * For learning, rows are cut into shards of MP_SHARD_ROWS, or twice as many and so on, so
 * that there are no more than MP_SHARDS; each is learned by one
 * thread from a zeroed state, and shards are merged in row order.  A stage that learns
 * MP_IN_ORDER is given MP_ORDER_ROWS at a time, gathered by all threads, or fewer of long
 * rows.  None of these numbers (work.h) depends on how many threads there are, so neither do the
 * results.
 *
 * Behind a stage that makes copies the training rows pass several times: first all
 * rows as they are, then all rows as the first copy, and so on.  Stages before it run
 * again each time, unless their output is kept; they learn from one pass alone. */
#ifndef MP_ENGINE_H
#define MP_ENGINE_H
#include "data/data.h"
#include "pipeline/pipeline.h"

/* Fits every stage that learns up to and including node `last`.  y: n class
 * numbers, or NULL. */
int mp_engine_fit(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                  int last);

/* Fits the nodes of `which` alone, n_nodes flags, anew; the others that they read have
 * learned before.  training: stages that change training rows only do so. */
int mp_engine_fit_nodes(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                        const bool *which, bool training);

/* Fits node f anew from `rows`, in place of what its input gives: one for each row of d. */
int mp_engine_fit_from(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                       int f, float *rows);

/* What stages have cost on all ranks together, in the plan of each. */
int mp_engine_add_costs(struct mp_ctx *c, struct mp_plan *p);

/* Runs rows through to node `last` (-1: the data themselves as floats or bytes)
 * and hands the results to `take` chunk by chunk, in row order, on one thread. */
int mp_engine_apply(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                    const char *what,
                    int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                    void *arg);

/* The same, and what node `on_the_way` gives, into which no later one writes, goes to `see` before
 * the results of the same rows go to `take`. */
struct mp_sight {
    int on_the_way;
    int (*see)(struct mp_ctx *c, void *arg, const struct mp_chunk *out);
    void *arg;
};
int mp_engine_apply_seen(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                         const char *what,
                         int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                         void *arg, const struct mp_sight *sight);

/* The same with training rows, as a model that learns in one pass sees them: changed by
 * the stages that change these only and, where copies are made, mp_plan_passes() times;
 * row0 begins again each time. */
int mp_engine_apply_training(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                             const char *what,
                             int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                             void *arg);

/* Rows rows[0 .. n-1] of d after node `last` (-1: the data themselves), as floats, in that
 * order: n rows in x.  training: d are the training rows, and stages that change only those
 * do so; draw 0, 1 ... is an epoch or, where copies are made, a copy. */
int mp_engine_rows(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                   const size_t *rows, size_t n, int last, bool training, size_t draw, float *x);
#endif
