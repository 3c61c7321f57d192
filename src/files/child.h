/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.h - the program once more, in processes of their own: what each needs of memory can
 * be told, and what kills one harms nobody else. */
#ifndef MP_CHILD_H
#define MP_CHILD_H
#include "core/ctx.h"
#include <sys/types.h>

enum { MP_MOST_CHILDREN = 64 }; /* at a time */

struct mp_child {
    char said[128];     /* the last line of its standard error that says how far it is, or "" */
    char why[1024];     /* how it failed: its last message, or the signal that killed it */
    bool ended;         /* mp_child_end() will not wait long */
    /* The rest is child.c's. */
    char line[1024];    /* what is not yet whole */
    size_t n;
    pid_t pid;
    int fd;              /* its standard error */
    bool told;           /* to end */
    struct given *given; /* NULL: it cannot get more threads */
};

/* Starts `mnistpipe args[0] args[1] ...` (args ends with NULL).  Its standard output goes
 * nowhere.  The end of this process ends it, too.  `grows`: mp_child_threads() may give it more
 * threads than its arguments do.  Negative: mp_fail(), and there is nothing to end. */
int mp_child_start(struct mp_ctx *c, struct mp_child *k, char *const *args, bool grows);

/* From its next piece of work on; what it has already, it keeps. */
void mp_child_threads(struct mp_child *k, int threads);

/* Asks it to end. */
void mp_child_stop(struct mp_child *k);

/* Waits until one of the n says something or ends, but no longer than a tenth of a second.  A
 * stopped run asks all to end. */
void mp_children_hear(struct mp_ctx *c, struct mp_child *k, int n);

/* Waits for its end.  0: it succeeded; 1: it failed, and `why` says how; negative: the run was
 * stopped, mp_fail(). */
int mp_child_end(struct mp_ctx *c, struct mp_child *k);

/* In a child: the threads that it has been given, for run->more, or NULL. */
const atomic_int *mp_child_given(void);
#endif
