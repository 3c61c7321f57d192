/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.h - rows from a file, whatever its format. */
#ifndef MP_READ_H
#define MP_READ_H
#include "data/data.h"

/* Reads FILE: Kaggle's CSV (with or without header and labels, LF or CRLF), IDX images, or
 * what else the build has found that can be read, plain or gzip; which it is, is found from the
 * content.  `labels_file` names the labels where these are a file of their own; NULL: the one
 * beside the images is used if it is there ("images-idx3" -> "labels-idx1").  Cost: 0.03 s for
 * 110 MB on two cores.  Negative: mp_fail() said why; *d is empty. */
int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d);

/* The same for bytes in memory, without labels beside them: for tests. */
int mp_data_read_memory(struct mp_ctx *c, const char *name, const void *bytes, size_t n,
                        const struct mp_form *form, struct mp_data *d);

/* The image size alone, from the beginning of the file. */
int mp_data_shape(struct mp_ctx *c, const char *file, const struct mp_form *form,
                  struct mp_shape *shape);
#endif
