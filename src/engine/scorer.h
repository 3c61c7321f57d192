/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scorer.h - a few rows through a fitted plan, now.
 *
 * For those who are asked again and again, as a server is: memory is taken once, the work is done
 * by the thread that calls, no other is started, and nothing of the plan changes.  So several
 * scorers of one plan may work at the same time, each on one thread.  The scores are, to the bit,
 * those that predictions.h has of the same rows. */
#ifndef MP_SCORER_H
#define MP_SCORER_H
#include "pipeline/pipeline.h"

struct mp_scorer;

/* Of the thread's own context, whose run tells of one thread; both must outlive it.  What comes
 * out is what node `last` gives, the last one its scores; -1: the image itself.  NULL after
 * mp_fail(). */
struct mp_scorer *mp_scorer_open(struct mp_ctx *c, struct mp_plan *p, int last);
void mp_scorer_close(struct mp_scorer *s);

/* n rows of bytes, as in struct mp_data, and as many times the node's values, which are finite.
 * Cost: that of the stages, and half a microsecond. */
int mp_scorer_apply(struct mp_ctx *c, struct mp_scorer *s, const uint8_t *rows, size_t n,
                    float *scores);
#endif
