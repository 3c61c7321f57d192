/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predicted.h - what was predicted for rows, as JSON. */
#ifndef MP_PREDICTED_H
#define MP_PREDICTED_H
#include "engine/metrics.h"
#include "engine/predictions.h"
#include <jansson.h>

/* Inputs, classes, every row, and how good it all is unless `m` is NULL; docs/report.md has the
 * keys.  NULL for want of memory. */
json_t *mp_predicted_json(const struct mp_predicted *in, size_t n,
                          const struct mp_prediction_form *form, const struct mp_metrics *m);
#endif
