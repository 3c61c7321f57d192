/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion.h - what is taken for what, as text that fits where it is read. Private to report/. */
#ifndef MP_CONFUSION_H
#define MP_CONFUSION_H
#include "engine/metrics.h"
#include "text/layout.h"

/* The matrix, with precision, recall and F1 of the classes beside it, or below where that is
 * too wide; where the matrix itself is, the most frequent mistakes in its place.  whole: all
 * mistakes and classes, however many. */
void mp_confusion_text(FILE *f, const struct mp_metrics *m, const char *const *names,
                       const struct mp_paint *p, bool whole);
#endif
