/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sign.h - what becomes of values below 0, where a filter gives differences. */
#ifndef MP_SIGN_H
#define MP_SIGN_H
#include <stddef.h>

enum mp_negative { MP_NEGATIVE_KEEP, MP_NEGATIVE_DROP, MP_NEGATIVE_FLIP };
#define MP_NEGATIVES "keep|drop|flip"
#define MP_NEGATIVE_DOC "values below 0 stay, become 0, or lose their sign"

static inline float mp_signed(float x, enum mp_negative negative)
{
    return x >= 0 || negative == MP_NEGATIVE_KEEP ? x : negative == MP_NEGATIVE_FLIP ? -x : 0;
}
#endif
