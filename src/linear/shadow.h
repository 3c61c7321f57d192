/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadow.h - rows of few values that are no farther apart than the rows of many that cast them.
 *
 * With an orthonormal basis B of some directions and r the length of what it leaves of a row,
 * x.y <= B'x . B'y + r(x) r(y) by Cauchy and Schwarz.  The directions are about those in which
 * rows differ most, found by subspace iteration from a sample (Halko, Martinsson, Tropp 2011,
 * "Finding structure with randomness"); which they are is a matter of speed alone. */
#ifndef MP_SHADOW_H
#define MP_SHADOW_H
#include "core/stage.h"

struct mp_shadow {
    size_t d, width;  /* values of a row, and of its shadow: the last is r */
    float *centre;    /* what is subtracted of rows first: distances stay */
    float *basis;     /* d x (width - 1) */
    double share;     /* what a shadow is off at most, of the length of its row less `centre` */
    double far;       /* how long `centre` is */
};

/* How wide shadows of rows are; 0: they would save nothing. */
size_t mp_shadow_width(size_t n, size_t d);

/* From n rows, which are changed.  NULL, with no mp_fail(): no memory, or no such basis. */
struct mp_shadow *mp_shadow_open(float *sample, size_t n, size_t d);
void mp_shadow_close(struct mp_shadow *s);

/* What the shadow of a row is off at most that is so long without `centre`. */
double mp_shadow_off(const struct mp_shadow *s, double length);

/* Shadows w of n rows x, which lose `centre`, and the lengths of these then, squared.  Negative:
 * no memory. */
int mp_shadow_cast(const struct mp_shadow *s, float *x, size_t n, float *w, double *square)
    __attribute__((warn_unused_result));
#endif
