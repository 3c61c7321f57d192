/* SPDX-License-Identifier: GPL-3.0-or-later */
/* away.h - jobs that other ranks (ranks.h) do, each in processes of its own on its machine.
 * Private to study/.
 *
 * Rank 0 has the jobs and gives them out; the others do what they get, and send the files of the
 * run's folder back.  They meet in rounds, each of which carries what rank 0 has for them and
 * they for it. */
#ifndef MP_AWAY_H
#define MP_AWAY_H
#include "study/parts.h"

struct mp_away;

/* How the job has ended that rank `by` was given. */
struct mp_outcome {
    int by;
    uint64_t job, back; /* back: it was not begun, there is no place for it now */
    char *why;          /* it failed; "": it did not */
    unsigned char *files; /* mp_job_unpack() */
    size_t size;
};

/* Rank 0, with `left` jobs; NULL: mp_fail().  Without other ranks there are no places. */
struct mp_away *mp_away_open(struct mp_ctx *c, int left);
void mp_away_close(struct mp_away *a);

/* Rank r runs so many now, and may run so many. */
int mp_away_running(const struct mp_away *a, int r);
int mp_away_width(const struct mp_away *a, int r);
int mp_away_all(const struct mp_away *a); /* jobs at work */

/* No more than it runs and `waiting` others will run side by side. */
void mp_away_narrow(struct mp_away *a, int waiting);

/* Rank r gets it in the next round. */
int mp_away_give(struct mp_ctx *c, struct mp_away *a, int r, int job, const struct mp_job *j,
                 size_t need);

/* A round.  `take` is called with each job that has ended.  over: it is the last one. */
int mp_away_round(struct mp_ctx *c, struct mp_away *a, bool over,
                  int (*take)(struct mp_ctx *c, void *arg, const struct mp_outcome *o), void *arg);
#endif
