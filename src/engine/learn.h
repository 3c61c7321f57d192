/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learn.h - how a stage learns (enum mp_learns in learner.h); each passes node f its rows.
 * Private to engine/. */
#ifndef MP_LEARN_H
#define MP_LEARN_H
#include "engine/work.h"

/* Shards side by side, merged in row order.  keep: what the node reads is kept for all rows, in the
 * spare last slot. */
int mp_learn_shards(struct mp_ctx *c, struct mp_work *e, int f, bool keep);

/* The shards are shared among ranks, some at a time, and merged by each. */
int mp_learn_shared(struct mp_ctx *c, struct mp_work *e, int f);

/* MP_IN_ORDER: many rows at a time, and the stage's own work on all threads. */
int mp_learn_in_order(struct mp_ctx *c, struct mp_work *e, int f, bool keep);

/* done() on the leading thread, which may pull rows. */
int mp_learn_done(struct mp_ctx *c, struct mp_work *e, int f);
#endif
