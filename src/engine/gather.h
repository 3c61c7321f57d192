/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gather.h - rows by number, which stages that train in epochs or in passes ask for.
 * Private to engine/. */
#ifndef MP_GATHER_H
#define MP_GATHER_H
#include "engine/work.h"

/* Rows by number as node `last` gives them, side by side on all threads. */
int mp_gather(struct mp_ctx *c, struct mp_work *e, int last, const size_t *rows, size_t n,
              size_t epoch, size_t pass, float *x);

/* What node f can ask of its training rows: mp_pull_rows() and so on. */
struct mp_puller mp_gather_puller(struct mp_work *e, int f);
#endif
