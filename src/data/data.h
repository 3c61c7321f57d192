/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.h - data sets: images as bytes, with or without labels. */
#ifndef MP_DATA_H
#define MP_DATA_H
#include "core/rows.h"
#include "core/stage.h"
#include "data/form.h"

struct mp_data {
    char *name;            /* the file, as the user gave it */
    size_t n;              /* rows */
    struct mp_shape shape; /* of one image; c is 1 */
    uint8_t *x;            /* n * mp_len(shape): 0 is paper, 255 is ink */
    struct mp_rows store;  /* where x lies; empty: x was allocated otherwise, free() does */
    uint8_t *label;        /* n labels as the file has them, or NULL */
    struct mp_range range; /* what paper and full ink were in the file; equal: 0 and 255 */
    uint64_t line0;        /* number of row 0 in the file: line 1 or 2 of a CSV, item 0 of IDX */
    uint64_t *number;      /* after mp_data_pick(): what row i is called; NULL: line0 + i */
    bool is_csv;           /* rows are lines; otherwise items */
    uint32_t crc;          /* CRC-32 of x, then of label if there is one: says which data it was */
    uint64_t file_bytes;   /* size of the file(s) on disk */
};

/* A copy for d->name, which mp_data_free() releases; NULL after an mp_fail(). */
char *mp_data_name(struct mp_ctx *c, const char *name);

void mp_data_free(struct mp_data *d);

/* Room in x for n images of `len` pixels; those that are there stay. */
int mp_data_room(struct mp_ctx *c, struct mp_data *d, size_t n, size_t len);

/* Works out d->crc: for rows that were made, not read. */
void mp_data_seal(struct mp_data *d);

/* "line 17" or "item 16": what row i is called in its file. */
void mp_data_row_name(const struct mp_data *d, size_t i, char *text, size_t size);

/* Copies the rows listed in `rows` (n of them) into *part; they keep their names. */
int mp_data_pick(struct mp_ctx *c, const struct mp_data *d, const size_t *rows, size_t n,
                 struct mp_data *part);

#endif
