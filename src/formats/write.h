/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write.h - rows and their labels into files, in the formats that other programs read. */
#ifndef MP_WRITE_H
#define MP_WRITE_H
#include "formats/table.h"

/* Word i of an option `format`, "csv" and "csv.gz" and so on; NULL after the last. */
const char *mp_table_format(int i);

/* Lines that say what each of them is: "    csv, csv.gz  a header with ..." */
void mp_table_list(FILE *f);

/* The caller keeps what `t` points to until the writer is closed.  Floats
 * survive: what is read back equals what was written, in every format.  Cost a
 * value: text 20 to 25 ns; .gz another 30 for pixels and 280 for features, shared
 * by the threads; NumPy and IDX 2 ns, which is the disk's. */
struct mp_table_writer;

/* Begins STEM + the format's suffix; `format` counts the words.  Files have temporary names
 * until they are committed.  NULL: mp_fail() said why, and nothing is left behind. */
struct mp_table_writer *mp_table_open(struct mp_ctx *c, int format, const char *stem,
                                      const struct mp_table *t);

/* The next in->n rows, as floats or bytes, in whatever blocks they come; `label`
 * has in->n class numbers below n_classes, or is NULL.  Pixels that are to be
 * bytes are rounded, and cut to 0..1 first.  Values that are not finite are
 * refused. */
int mp_table_rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_chunk *in,
                  const int *label);

/* Completes n tables and gives all their files their names, or none of them. */
int mp_table_commit(struct mp_ctx *c, struct mp_table_writer **w, size_t n);

/* Name of file i that the writer writes; NULL after the last. */
const char *mp_table_file(const struct mp_table_writer *w, int i);

/* Whether file i says which number is which class, and nothing of the rows. */
bool mp_table_names_classes(const struct mp_table_writer *w, int i);

/* Frees; removes what has not been committed.  NULL is fine. */
void mp_table_close(struct mp_table_writer *w);

#endif
