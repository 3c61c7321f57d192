/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reuse.h - what a fit can take from the cache, and what it leaves there: the states of
 * stages that learn, with all that they said while learning, and rows where a stage
 * takes longer to make them than the disk to give them.
 *
 * Everything is found by a chain of digests: the program, the training rows and their
 * classes, the seed, and of every stage up to there its name, its place and each of its
 * parameters, defaults included.  How the pipeline's text is laid out does not matter. */
#ifndef MP_REUSE_H
#define MP_REUSE_H
#include "cache/cache.h"
#include "data/data.h"
#include "pipeline/pipeline.h"

/* One for each mp_engine_fit(); NULL where run->cache is NULL, and then the calls below
 * do nothing.  Stages that are fitted already count as given, with their states.
 * training: stages that change training rows only do so. */
struct mp_reuse;
struct mp_reuse *mp_reuse_open(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                               const int *y, bool training);
void mp_reuse_close(struct mp_reuse *r);

/* 1: node f has its state, as if it had learned; 0: it is to learn, and mp_reuse_learned()
 * follows, whether it could or not; negative: failed. */
int mp_reuse_state(struct mp_ctx *c, struct mp_reuse *r, int f);
void mp_reuse_learned(struct mp_ctx *c, struct mp_reuse *r, int f, bool good);

/* What node k gives for all training rows, in its own type, until mp_reuse_close();
 * NULL: not there. */
void *mp_reuse_rows(struct mp_reuse *r, int k);

/* Whether rows of node k that cost so many seconds each (by the clock) are worth keeping:
 * reading them back is a good deal faster. */
bool mp_reuse_worth(const struct mp_reuse *r, int k, double seconds_per_row);

/* Where rows of node k may be written as they come, or NULL; mp_reuse_keep() ends it. */
struct mp_cache_writer *mp_reuse_begin(struct mp_reuse *r, int k);
void mp_reuse_keep(struct mp_reuse *r, int k, struct mp_cache_writer *w, double seconds);

/* The chain's digests, for whoever keeps results of a whole plan. */
void mp_digest_data(struct mp_digest *d, const struct mp_data *data);
int mp_digest_plan(struct mp_ctx *c, struct mp_digest *d, const struct mp_plan *p);
#endif
