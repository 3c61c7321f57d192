/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.h - what the words of a page mean. */
#ifndef MP_WORDS_H
#define MP_WORDS_H
#include <stdio.h>

/* Of a page: what these words, "accuracy|macro F1", mean, folded away. */
void mp_words_html(FILE *f, const char *names);
#endif
