/* SPDX-License-Identifier: GPL-3.0-or-later */
/* staged.h - values that the library is given in another form than the caller has them in.
 * Private to linear/. */
#ifndef MP_STAGED_H
#define MP_STAGED_H
#include "core/bfloat.h"
#include "core/stage.h"

/* n rows of d values, `step` values from one to the next.  [0]: the caller's form; [1]: the
 * library's. */
struct mp_staged {
    size_t n, d[2], step[2];
    enum mp_precision precision[2];
};

/* n rows, each right behind the one before. */
struct mp_staged mp_staged_rows(size_t n, size_t asked, size_t done, enum mp_precision was,
                                enum mp_precision is);

/* From the first value to the last, in the library's form. */
size_t mp_staged_bytes(const struct mp_staged *s);

/* What the library reads: x, or the same in its form, in scratch memory; values that the
 * caller does not have are 0.  NULL after an mp_fail(). */
const void *mp_staged_give(struct mp_ctx *c, const struct mp_staged *s, const void *x);

/* Where it writes: y, or scratch memory.  NULL after an mp_fail(). */
void *mp_staged_room(struct mp_ctx *c, const struct mp_staged *s, void *y);

/* What it has written there, for the caller. */
void mp_staged_take(const struct mp_staged *s, const void *made, void *y);
#endif
