/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounding.h - whether rows may be kept in 16 bits.
 * Private to linear/. */
#ifndef MP_ROUNDING_H
#define MP_ROUNDING_H
#include "core/stage.h"
#include <stdbool.h>

/* By n of the rows, of d floats: *may.  weight: of a row's square in the objective's curvature, all
 * rows together; most: what rounding may cost of the objective, as a share. */
int mp_rounding_may(struct mp_ctx *c, const float *const *x, size_t n, size_t d, double weight,
                    double most, bool *may);
#endif
