/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foreign.h - files that are not read, and how to make of them one that is.
 * Private to formats/. */
#ifndef MP_FOREIGN_H
#define MP_FOREIGN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether these bytes begin a file of a kind that is known, but not read; `text`: "is a pickle of
 * Python, which is not read; in Python: ..." for the file of that name. */
bool mp_foreign(const uint8_t *p, size_t n, const char *name, char *text, size_t size);
#endif
