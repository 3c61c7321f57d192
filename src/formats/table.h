/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h - writes rows and their labels in the forms that other programs read.
 *
 *   csv, csv.gz  a header, then a line a row; with whole numbers it is Kaggle's form
 *   libsvm       "LABEL 1:0.5 7:1": LIBSVM, liblinear, SVMlight, XGBoost
 *   npy          NumPy: STEM.npy and STEM.labels.npy
 *   npz          NumPy: x, y and the names of the columns in one file
 *   arff         Weka, R, SciPy
 *   idx          MNIST's own: STEM-images-idx3-ubyte, STEM-labels-idx1-ubyte
 */
#ifndef MP_TABLE_H
#define MP_TABLE_H
#include "core/stage.h"

/* The formats in order: the choices of an option `format`. */
#define MP_TABLE_FORMATS "csv|csv.gz|libsvm|npy|npz|arff|idx"

struct mp_table {
    uint64_t rows;             /* how many there will be */
    struct mp_shape shape;     /* of one row; 1 x d x 1 is a row of d features */
    bool labels;               /* rows have labels */
    bool bytes;                /* the rows are pixels, written as whole numbers 0..255 */
    const char *name;          /* of the whole, where the format keeps one (ARFF) */
    const int *classes;        /* every label that occurs, here or in sister tables */
    int n_classes;             /* (ARFF lists them); may be 0 without labels */
    void (*column)(const void *arg, size_t i, char *text, size_t size); /* name of value i */
    const void *arg;
};

/* The caller keeps what `t` points to until the writer is closed.  Floats
 * survive: what is read back equals what was written, in every format.  Cost a
 * value: text 20 to 25 ns; .gz another 30 for pixels and 280 for features, shared
 * by the threads; NumPy and IDX 2 ns, which is the disk's. */
struct mp_table_writer;

/* Begins STEM + the format's suffix.  Files have temporary names until they
 * are committed.  NULL: mp_fail() said why, and nothing is left behind. */
struct mp_table_writer *mp_table_open(struct mp_ctx *c, int format, const char *stem,
                                      const struct mp_table *t);

/* The next in->n rows, as floats or bytes, in whatever blocks they come; `label`
 * has in->n labels as the data have them, or is NULL.  Pixels that are to be
 * bytes are rounded, and cut to 0..1 first.  Values that are not finite are
 * refused. */
int mp_table_rows(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_chunk *in,
                  const uint8_t *label);

/* Completes n tables and gives all their files their names, or none of them. */
int mp_table_commit(struct mp_ctx *c, struct mp_table_writer **w, size_t n);

/* Name of file i that the writer writes; NULL after the last. */
const char *mp_table_file(const struct mp_table_writer *w, int i);

/* Frees; removes what has not been committed.  NULL is fine. */
void mp_table_close(struct mp_table_writer *w);

#endif
