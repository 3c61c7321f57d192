/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf16.h - text of two bytes a character, as Excel saves it, as UTF-8.
 * Private to formats/. */
#ifndef MP_UTF16_H
#define MP_UTF16_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mp_utf16 { MP_UTF16_NONE, MP_UTF16_LE, MP_UTF16_BE };

/* Whether n bytes begin such a text: with a byte order mark, or characters of ASCII. */
enum mp_utf16 mp_utf16_is(const uint8_t *p, size_t n);

enum { MP_UTF16_MOST = 3 }; /* bytes that a unit becomes at most */

/* `units` of two bytes at p as UTF-8, without byte order marks; returns the bytes.  *lead keeps
 * the first half of a pair for the call after this one, and is 0 at first.  A half alone
 * becomes U+FFFD. */
size_t mp_utf16_text(enum mp_utf16 order, const uint8_t *p, size_t units, uint16_t *lead,
                     uint8_t *to);
#endif
