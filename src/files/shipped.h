/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shipped.h - files that ship with the program. */
#ifndef MP_SHIPPED_H
#define MP_SHIPPED_H
#include <stdbool.h>
#include <stddef.h>

/* Finds a file that ships, "data/test.csv.gz" or "pipelines/hog_svm.txt": in the
 * folder of the program (its build tree), or where it was installed. */
bool mp_shipped(const char *name, char *path, size_t size);
#endif
