/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.h - texts, each once, numbered in the order in which they were added. */
#ifndef MP_NAMES_H
#define MP_NAMES_H
#include "core/stage.h"

enum { MP_NAME_SIZE = 256 }; /* bytes of a class's name at most, its closing zero included */

struct mp_names {
    size_t n;
    char **at;         /* n texts, and room for more */
    uint32_t *slot;    /* where a text is found: 1 + its number; 0: free */
    size_t slots;      /* a power of two, at least twice n */
};

/* The number of these n bytes as a text; a new one is n of those before.  Negative: an
 * mp_fail() for want of memory.  Cost: 30 ns for a text that is there. */
int mp_names_add(struct mp_ctx *c, struct mp_names *s, const char *text, size_t n);

/* The number of the text, or -1. */
int mp_names_find(const struct mp_names *s, const char *text);

const char *mp_names_at(const struct mp_names *s, size_t i);

/* All of them, until the next is added. */
const char *const *mp_names_all(const struct mp_names *s);

/* The texts of `from`, with the same numbers; *to is to be freed in any case. */
int mp_names_copy(struct mp_ctx *c, const struct mp_names *from, struct mp_names *to);

/* Adds those of `from` and puts all in the order of classes; numbers change. */
int mp_names_merge(struct mp_ctx *c, struct mp_names *s, const struct mp_names *from);

void mp_names_free(struct mp_names *s);

/* The order of classes, as for qsort(): whole numbers ascending, then texts byte by byte. */
int mp_names_compare(const char *a, const char *b);

#endif
