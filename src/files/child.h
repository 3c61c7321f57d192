/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.h - the program once more, in a process of its own: what it needs of memory can
 * be told, and what kills it harms nobody else. */
#ifndef MP_CHILD_H
#define MP_CHILD_H
#include "core/ctx.h"

/* Runs `mnistpipe args[0] args[1] ...` (args ends with NULL).  Its standard output goes
 * nowhere; each line on its standard error goes to `line`, and about ten times a second
 * `tick` is called.  A stopped run stops the child, and so does the end of this process.
 * 0: the child succeeded; 1: it failed, and `why` says how: its last message, or the
 * signal that killed it; negative: mp_fail(). */
int mp_child_run(struct mp_ctx *c, char *const *args, void (*line)(void *arg, const char *text),
                 void (*tick)(void *arg), void *arg, char *why, size_t size);
#endif
