/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.h - data sets: images as bytes, with or without labels.
 *
 * A label is a class number; classes have names.  A whole number's name is its plain decimal,
 * however the file writes it ("7" for 7, 07, 7.0 and 7e+00).  Once rows are read their classes
 * stand in order, whole numbers ascending, then texts byte by byte, and each has a row. */
#ifndef MP_DATA_H
#define MP_DATA_H
#include "core/rows.h"
#include "core/stage.h"
#include "data/form.h"
#include "data/names.h"

/* A file of several that rows were joined from (join.h). */
struct mp_origin {
    char *name; /* as the user gave it */
    bool is_csv, pictures;
};

struct mp_data {
    char *name;            /* the file, as the user gave it */
    size_t n;              /* rows */
    struct mp_shape shape; /* of one image; c is 1, or 3: red, green, blue */
    uint8_t *x;            /* n * mp_len(shape): 0 is paper, 255 is ink; colours as they are */
    struct mp_rows store;  /* where x lies; empty: x was allocated otherwise, free() does */
    uint16_t *label;       /* n class numbers, or NULL */
    struct mp_names classes; /* at most MP_MOST_CLASSES */
    char **id;             /* what rows are called besides their numbers (an `id` column, the
                              names of files): n texts, or NULL */
    size_t ids;            /* of them, while they are read */
    struct mp_range range; /* what paper and full ink were in the file; equal: 0 and 255 */
    bool label_last;       /* the rows of a table told that its last column has the labels */
    uint64_t line0;        /* number of row 0 in the file: line 1 or 2 of a CSV, item 0 of IDX */
    uint64_t *number;      /* after mp_data_pick(): what row i is called; NULL: line0 + i */
    bool is_csv;           /* rows are lines; otherwise items */
    struct mp_origin *origin; /* of rows that were joined: their files, n_origins; else NULL */
    size_t n_origins;
    uint32_t *from;        /* which of these row i is from */
    uint32_t crc;          /* CRC-32 of x, then of the labels: says which data it was */
    uint64_t file_bytes;   /* size of the file(s) on disk */
};

/* A copy for d->name, which mp_data_free() releases; NULL after an mp_fail(). */
char *mp_data_name(struct mp_ctx *c, const char *name);

void mp_data_free(struct mp_data *d);

/* Room in x for n images of `len` pixels; those that are there stay. */
int mp_data_room(struct mp_ctx *c, struct mp_data *d, size_t n, size_t len);

/* For those who read rows, in their order from 0 on: the label of row `row`, as a text of n
 * bytes or a number, and its id.  What is no name is an mp_fail() with the row in it: nothing,
 * more than MP_NAME_SIZE - 1 bytes, control characters.  Blanks around a label are no part of
 * it; bytes that are not UTF-8 are taken for Latin-1. */
int mp_data_label_text(struct mp_ctx *c, struct mp_data *d, size_t row, const char *text, size_t n);
int mp_data_label_number(struct mp_ctx *c, struct mp_data *d, size_t row, int64_t label);
int mp_data_id_text(struct mp_ctx *c, struct mp_data *d, size_t row, const char *text, size_t n);

/* The same for the first d->n rows at once, which are labelled 0..255. */
int mp_data_label_bytes(struct mp_ctx *c, struct mp_data *d, const uint8_t *label);

/* Puts d->classes in order and leaves those out that no row has. */
int mp_data_order_classes(struct mp_ctx *c, struct mp_data *d);

/* The name of row i's class; NULL without labels. */
const char *mp_data_class(const struct mp_data *d, size_t i);

/* Works out d->crc: for rows that were made, not read. */
int mp_data_seal(struct mp_ctx *c, struct mp_data *d);

/* The same of rows that all ranks (ranks.h) have read: each looks at its share.  Fails where they
 * have not read the same. */
int mp_data_seal_shared(struct mp_ctx *c, struct mp_data *d);

/* The number of row i in its file. */
uint64_t mp_data_number(const struct mp_data *d, size_t i);

/* "line 17" or "item 16": what row i is called in its file, "line 17 of more.csv" where rows are
 * of several; of a picture its name.  A long name has its end here.  UTF-8, without control
 * characters. */
void mp_data_row_name(const struct mp_data *d, size_t i, char *text, size_t size);

/* "28 x 28", "32 x 32 x 3"; gives `text`. */
enum { MP_SHAPE_TEXT = 48 };
const char *mp_shape_text(struct mp_shape s, char text[MP_SHAPE_TEXT]);

/* Copies the rows listed in `rows` (n of them) into *part; they keep their names and class
 * numbers. */
int mp_data_pick(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                 struct mp_data *part);

/* The files of d, or d itself under this name, behind those of *to. */
int mp_data_origins(struct mp_ctx *c, const struct mp_data *d, const char *name,
                    struct mp_data *to);

#endif
