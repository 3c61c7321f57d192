/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glossary.h - the words that reports and pages use, in plain sentences: one table for
 * `mnistpipe help WORD`, for the pages and for docs/glossary.md. */
#ifndef MP_GLOSSARY_H
#define MP_GLOSSARY_H
#include <stdbool.h>
#include <stdio.h>

struct mp_word {
    const char *name; /* as the report writes it: "macro F1" */
    const char *also; /* other ways to write it, "F1|F1 score"; "" for none */
    const char *text; /* sentences; `this` is code */
};
extern const struct mp_word mp_glossary[]; /* by name; ends with a NULL name */

/* The word of that name or of another spelling: capitals, and which of blank, - and _
 * stands between its parts, do not matter.  NULL: there is none. */
const struct mp_word *mp_word_find(const char *name);

/* Whether `name` is one of "a|b|c", as mp_word_find() compares. */
bool mp_word_is(const char *names, const char *name);

/* What is here for a word that other programs and courses use, "knn" or "softmax"; NULL: none
 * is known. */
const char *mp_known_elsewhere(const char *name);
#endif
