/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.h - a bar on stderr: what, how far, how fast, how long still. */
#ifndef MP_PROGRESS_H
#define MP_PROGRESS_H
#include <stdbool.h>

/* Kinds of bar: redrawn in place on a terminal, a line every ten seconds
 * elsewhere, nothing with --quiet. */
struct mp_bar;
struct mp_bar *mp_bar_new(bool quiet);
void mp_bar_free(struct mp_bar *b);

/* A bar for work within one unit of another's: shows nothing itself, but keeps the other
 * going.  NULL if `outer` is. */
struct mp_bar *mp_bar_within(struct mp_bar *outer);

/* Begins a piece of work of `whole` units ("rows", "MB" ...); ends the one before.
 * All calls accept b == NULL and may come from any thread. */
void mp_bar_begin(struct mp_bar *b, const char *what, double whole, const char *unit);
void mp_bar_add(struct mp_bar *b, double units);
void mp_bar_set(struct mp_bar *b, double units);
/* So much was done before this work began: it is no part of the rate. */
void mp_bar_from(struct mp_bar *b, double units);
void mp_bar_label(struct mp_bar *b, const char *what); /* the same work, said otherwise */
void mp_bar_end(struct mp_bar *b);   /* clears the bar from the terminal */

#endif
