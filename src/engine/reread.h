/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reread.h - rows that are read again and again: taken from the cache, kept in memory or in files,
 * or made anew in each pass, as room.h says.
 * Private to engine/. */
#ifndef MP_REREAD_H
#define MP_REREAD_H
#include "engine/work.h"

/* Takes what the cache has of the rows that node k's output is made of, or that output. */
void mp_reread_borrow(struct mp_work *e, int k);

/* The rows that a fit is about to read: into the cache, if that is worth it. */
void mp_reread_begin(struct mp_work *e, int k);
void mp_reread_end(struct mp_work *e, int k, bool good, double seconds);

/* Before node f pulls rows.  Keeps what one that learns in epochs will read again and again: each
 * row once, without its copies, which change. */
int mp_reread_prepare(struct mp_ctx *c, struct mp_work *e, int f);

/* For one that learns in passes, when it asks: mp_pull_keep(), of a struct mp_work. */
int mp_reread_keep(struct mp_ctx *c, void *arg, bool rounded, struct mp_kept_rows *kept);

/* Rows that were kept in part are of no use for another stage. */
void mp_reread_drop(struct mp_work *e);
#endif
