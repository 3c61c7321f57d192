/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.h - rows from a file, whatever its format. */
#ifndef MP_READ_H
#define MP_READ_H
#include "data/data.h"

/* Reads FILE, in any of the formats that the build has found, plain or packed; which it is, is
 * found from the content.  `labels_file` names the labels where these are a file of their own,
 * of any format; NULL: that beside the images is used if it is there ("images-idx3" ->
 * "labels-idx1").  Cost: 0.03 s for 110 MB of CSV on two cores.  Negative: mp_fail() said why;
 * *d is empty. */
int mp_data_read(struct mp_ctx *c, const char *file, const char *labels_file,
                 const struct mp_form *form, struct mp_data *d);

/* The same for bytes in memory, without labels beside them: for tests. */
int mp_data_read_memory(struct mp_ctx *c, const char *name, const void *bytes, size_t n,
                        const struct mp_form *form, struct mp_data *d);

/* What labels beside FILE would be called: "train-labels[-.]idx[12]*"; "": nothing. */
void mp_data_labels_name(struct mp_ctx *c, const char *file, char *text, size_t size);

/* "mnist.npz:train" -> how many bytes of it name the file, where that is there; 0: there is no
 * such file, or nothing behind it.  What stands behind it is a part (train, test, val) or a
 * member of an archive; mp_data_read() and mp_data_shape() take such names. */
size_t mp_data_part(const char *name);

/* Whether FILE, an archive (zip, tar, npz) or a folder of pictures, has training rows and test
 * rows. */
bool mp_data_both(struct mp_ctx *c, const char *file);

/* The image size alone, from the beginning of the file. */
int mp_data_shape(struct mp_ctx *c, const char *file, const struct mp_form *form,
                  struct mp_shape *shape);
#endif
