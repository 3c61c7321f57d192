/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - values of JSON documents, and whether these are whole: jansson leaves out what it gets
 * no memory for, and says so at each step, which nobody can ask at each step. */
#ifndef MP_JSON_H
#define MP_JSON_H
#include <jansson.h>
#include <stdbool.h>

/* From now on refused memory is remembered. */
void mp_json_watch(void);
bool mp_json_refused(void);

/* The text of `key`, "" for none; the number, 0 for none. */
const char *mp_string(const json_t *o, const char *key);
double mp_real(const json_t *o, const char *key);

#endif
