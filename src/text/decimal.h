/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decimal.h - numbers as text, fast. */
#ifndef MP_DECIMAL_H
#define MP_DECIMAL_H
#include <stddef.h>
#include <stdint.h>

enum { MP_FLOAT_TEXT = 16, MP_BYTE_TEXT = 3 }; /* the longest texts, without a closing zero */

/* Writes x, which must be finite, so that reading it as a float gives x again:
 * 7 to 9 digits, fewer where fewer do ("0.1", "3", "1.5e-12"); zero of either
 * sign is "0".  Returns the length; no closing zero.  About 20 ns, where
 * printf("%.9g") takes 130. */
size_t mp_float_text(char *out, float x);

/* The same for 0..255. */
size_t mp_byte_text(char *out, uint8_t v);

#endif
