/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - whether JSON documents are whole: jansson leaves out what it gets no memory for, and
 * says so at each step, which nobody can ask at each step. */
#ifndef MP_JSON_H
#define MP_JSON_H
#include <stdbool.h>

/* From now on refused memory is remembered. */
void mp_json_watch(void);
bool mp_json_refused(void);

#endif
