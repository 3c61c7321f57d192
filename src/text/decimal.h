/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decimal.h - numbers as text, fast. */
#ifndef MP_DECIMAL_H
#define MP_DECIMAL_H
#include <stdbool.h>
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

/* Reads the number at `text`, "-1", "13.0", ".5", "1.3e+01": *x is the float nearest to it.
 * `point` stands before a fraction.  Returns what follows, or NULL: there is none, it is no
 * float, or has more than 127 characters.  A byte that is no part of a number has to follow.
 * About 10 ns, 100 where the decimal lies next to the middle between two floats. */
const uint8_t *mp_float_read(const uint8_t *text, char point, float *x);

/* Whether the text is a whole number as one writes it ("7", "-1", but neither "+7", "07" nor
 * "-0") of at most 18 digits. */
bool mp_whole_text(const char *text, int64_t *value);

#endif
