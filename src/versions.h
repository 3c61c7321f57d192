/* SPDX-License-Identifier: GPL-3.0-or-later */
/* versions.h - which libraries are at work. */
#ifndef MP_VERSIONS_H
#define MP_VERSIONS_H
#include <stddef.h>

/* Name of library i = 0, 1 ... and the version that runs, or, of libvips, which is loaded
 * only for pictures, the version of the build; NULL at the end. */
const char *mp_library(int i, char *version, size_t size);
#endif
