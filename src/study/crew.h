/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crew.h - the jobs that run side by side on this machine, and share the threads of this process.
 * Private to study/.
 *
 * Small runs do not keep many threads busy, so several share them: at first as many runs as
 * there are threads, each with one, or all runs with a part of the threads each.  When none
 * waits any more, those that are still at work share what the others leave, so that the last
 * one has all, be it short or long: nothing needs to be known of how long a run will take. */
#ifndef MP_CREW_H
#define MP_CREW_H
#include "files/child.h"
#include "study/parts.h"

struct mp_crew {
    struct mp_child child[MP_MOST_CHILDREN]; /* what began first stands first */
    int job[MP_MOST_CHILDREN];               /* which one it does */
    size_t need[MP_MOST_CHILDREN];           /* bytes */
    int running, width; /* so many may run; falls, but never rises */
    size_t taken;       /* bytes of all that run */
};

/* A crew of nobody, for as many as there are threads. */
void mp_crew_open(struct mp_ctx *c, struct mp_crew *w);

/* No more than `width` will run side by side. */
void mp_crew_narrow(struct mp_ctx *c, struct mp_crew *w, int width);

/* Starts `mnistpipe run args...` for a job that takes `need` bytes.  1: not now, but perhaps when
 * others have ended: there is no memory, or the system refuses one more; negative: failed. */
int mp_crew_start(struct mp_ctx *c, struct mp_crew *w, int job, const struct mp_args *args,
                  size_t need);

/* Who runs at place i has ended, and leaves: 0: it succeeded; else mp_fail() says how not. */
int mp_crew_end(struct mp_ctx *c, struct mp_crew *w, int i);

/* Ends all, and waits for that. */
void mp_crew_stop(struct mp_ctx *c, struct mp_crew *w);
#endif
