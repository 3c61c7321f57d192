/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h - a text in memory, written like a file: whole, or not there. */
#ifndef MP_TEXT_H
#define MP_TEXT_H
#include "core/stage.h"
#include <stdio.h>

struct mp_text {
    FILE *f;
    char *at; /* what has been written, once it is flushed or ended */
    size_t n;
};

int mp_text_open(struct mp_ctx *c, struct mp_text *t);

/* The text, to be freed, of t->n bytes and a 0; NULL after mp_fail(): memory for some of it was
 * refused. */
char *mp_text_end(struct mp_ctx *c, struct mp_text *t);

/* Bytes of the mark that some editors put in front of UTF-8: 3 or 0. */
size_t mp_text_mark(const char *text, size_t n);

/* Forgets it, ended or not. */
void mp_text_discard(struct mp_text *t);

#endif
