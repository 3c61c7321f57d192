/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.h - parameters: from text to the fields of a struct, and back. */
#ifndef MP_PARAM_H
#define MP_PARAM_H
#include "core/stage.h"

/* Sets every field to its default.  Negative: a default is wrong (a fault of
 * the stage).  Fields without a default stay zero. */
int mp_params_default(struct mp_ctx *c, const struct mp_param *table, void *params, size_t size);

/* Sets one field from text; unknown names and bad values fail with what would
 * be right. */
int mp_params_set(struct mp_ctx *c, const struct mp_param *table, void *params,
                  const char *name, const char *value);

/* Writes a field's value as the user would type it; what it gives, set() reads. */
void mp_param_text(const struct mp_param *p, const void *params, char *text, size_t size);

/* "whole number 1..5 px", "clamp|zero", "yes|no": for help and for errors. */
void mp_param_range(const struct mp_param *p, char *text, size_t size);

/* Word i of a parameter that takes one of some words, *n letters; NULL: it has no more, or
 * takes none. */
const char *mp_param_choice(const struct mp_param *p, int i, size_t *n);
bool mp_param_takes_word(const struct mp_param *p);

const struct mp_param *mp_param_find(const struct mp_param *table, const char *name);
void mp_params_free(const struct mp_param *table, void *params);

/* The name nearest to `wrong` that a person may have meant, or NULL.  `next`
 * gives candidate i, NULL at the end. */
const char *mp_nearest(const char *wrong, const char *(*next)(const void *arg, int i),
                       const void *arg);
#endif
