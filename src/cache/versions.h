/* SPDX-License-Identifier: GPL-3.0-or-later */
/* versions.h - which libraries are at work. */
#ifndef MP_VERSIONS_H
#define MP_VERSIONS_H
#include <stdbool.h>
#include <stddef.h>

/* Name of library i = 0, 1 ... and its version: of one that is loaded what runs, and of one
 * that is not (library.h) that of the build; NULL at the end. */
const char *mp_library_name(int i, char *version, size_t size, bool *loaded);

/* The same of the n-th that is loaded. */
const char *mp_library_used(int n, char *version, size_t size);
#endif
