/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_format.h - what one format of table.h implements. */
#ifndef MP_TABLE_FORMAT_H
#define MP_TABLE_FORMAT_H
#include "files/sink.h"
#include "formats/table.h"
#include "text/decimal.h"

enum {
    MP_TABLE_FILES = 2,
    MP_TABLE_NAME = 256, /* of a column */
    MP_TABLE_RUN = 256,  /* values formatted between two looks at the buffer */
};

/* Rows as a format gets them: checked, in x or in b as table.bytes says. */
struct mp_table_rows {
    size_t n;
    const float *x;
    const uint8_t *b;
    const uint8_t *label; /* NULL: the table has no labels */
};

struct mp_table_format {
    const char *name;
    size_t state_size;
    int (*begin)(struct mp_ctx *c, struct mp_table_writer *w); /* opens the files */
    int (*rows)(struct mp_ctx *c, struct mp_table_writer *w, const struct mp_table_rows *r);
    int (*end)(struct mp_ctx *c, struct mp_table_writer *w);   /* NULL: nothing to add */
    void (*clear)(void *state);                                /* NULL: owns nothing */
};

struct mp_table_writer {
    const struct mp_table_format *format;
    struct mp_table t;
    char *stem;
    size_t d;                              /* values in a row */
    uint64_t row;                          /* rows so far */
    struct mp_sink sink[MP_TABLE_FILES];
    char *path[MP_TABLE_FILES];
    int n_files;
    void *state;                           /* state_size bytes, zeroed */
    void *converted;                       /* a block of rows in the other type */
    size_t converted_size;
};

extern const struct mp_table_format mp_table_csv, mp_table_csv_gz, mp_table_libsvm, mp_table_npy,
    mp_table_npz, mp_table_arff, mp_table_idx;

/* Opens the writer's next file: STEM + suffix. */
int mp_table_sink(struct mp_ctx *c, struct mp_table_writer *w, const char *suffix, bool gzip);

/* Dimensions of the values: rows x d for features, rows x h x w for images and
 * rows x h x w x c where there are channels.  Returns how many. */
int mp_table_dims(const struct mp_table_writer *w, uint64_t dims[4]);

/* Value k of a block as text. */
static inline size_t mp_table_value(char *out, const struct mp_table_rows *r, size_t k)
{
    return r->x != NULL ? mp_float_text(out, r->x[k]) : mp_byte_text(out, r->b[k]);
}

/* Values i .. i+d-1 of a block, separated by commas, and an end of line. */
int mp_table_line(struct mp_ctx *c, struct mp_sink *s, const struct mp_table_rows *r, size_t i,
                  size_t d, const char *end);

/* The head of a .npy array; a multiple of 64 bytes.  `type` is "f4", "u1" ... */
enum { MP_NPY_HEAD = 192 };
size_t mp_npy_head(unsigned char head[MP_NPY_HEAD], const char *type, const uint64_t *dims,
                   int n_dims);
#endif
