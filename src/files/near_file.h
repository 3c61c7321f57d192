/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near_file.h - the file that a person may have meant. */
#ifndef MP_NEAR_FILE_H
#define MP_NEAR_FILE_H
#include <stdbool.h>
#include <stddef.h>

/* "; did you mean pipelines/hog_svm.txt?", of `file`, which is not there, or "": the one of the
 * nearest name in its folder, with the same ending.  `pipeline`: .txt may be missing, and the
 * pipelines that ship are looked at, too. */
void mp_near_file(const char *file, bool pipeline, char *text, size_t size);
#endif
