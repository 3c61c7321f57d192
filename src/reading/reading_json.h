/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading_json.h - what was read of a page, as JSON. */
#ifndef MP_READING_JSON_H
#define MP_READING_JSON_H
#include "reading/reading.h"
#include <jansson.h>

/* NULL after an mp_fail(): no memory.  Digits that are less sure than the threshold are marked. */
json_t *mp_reading_json(struct mp_ctx *c, const char *name, const struct mp_reading *r,
                        const struct mp_bundle *b, double threshold);
#endif
