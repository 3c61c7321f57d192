/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy_head.h - how an array of NumPy begins, in a file of its own or in an archive.
 * Private to formats/. */
#ifndef MP_NPY_HEAD_H
#define MP_NPY_HEAD_H
#include "formats/array.h"
#include "formats/format.h"

/* The head of a .npy array; a multiple of 64 bytes.  `type` is "f4", "u1" ... */
enum { MP_NPY_HEAD = 192 };
size_t mp_npy_head(unsigned char head[MP_NPY_HEAD], const char *type, const uint64_t *dims,
                   int n_dims);

/* A text in UTF-8 as n letters of NumPy's type U, with zeros behind it. */
void mp_npy_text(const char *text, uint32_t *to, size_t n);

/* The labels of a table as an array: int64, or texts where some class has no whole number for
 * its name.  Writes the type and returns the bytes of one. */
size_t mp_npy_label_type(const struct mp_table_writer *w, char type[16]);

/* One of them as those bytes. */
enum { MP_NPY_LABEL = MP_NAME_SIZE };
void mp_npy_label(const struct mp_table_writer *w, int label, uint32_t item[MP_NPY_LABEL]);

enum { MP_NPY_MAGIC = 6 };
bool mp_npy_looks(const uint8_t *p, size_t n);

/* The head of an array, versions 1 to 3; leaves the input at the first value.  What NumPy keeps
 * as Python objects fails, with what to write instead. */
int mp_npy_read_head(struct mp_input *in, struct mp_array *a);

#endif
