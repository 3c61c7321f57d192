/* SPDX-License-Identifier: GPL-3.0-or-later */
/* beside.h - the file of labels that goes with one of images, by its name.
 * Private to formats/. */
#ifndef MP_BESIDE_H
#define MP_BESIDE_H
#include "formats/format.h"

/* "train-images.idx3-ubyte" -> "train-labels[-.]idx[12]*": the names, as fnmatch() takes them,
 * that labels of images of this format may have for a file of that name (without folders).
 * i = 0, 1 ... counts them; false after the last. */
bool mp_beside_pattern(const struct mp_format *f, const char *name, int i, char *pattern,
                       size_t size);

/* The labels file in the folder of `file`, or in a folder of its own, there or beside that of
 * `file`; *name is to be freed, NULL: there is none. */
int mp_beside_find(struct mp_ctx *c, const struct mp_format *f, const char *file, char **name);
#endif
