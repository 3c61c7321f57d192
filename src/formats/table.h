/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h - what is written: rows, and what is known of them before the first. */
#ifndef MP_TABLE_H
#define MP_TABLE_H
#include "core/stage.h"

struct mp_table {
    uint64_t rows;             /* how many there will be */
    struct mp_shape shape;     /* of one row; 1 x d x 1 is a row of d features */
    bool labels;               /* rows have labels */
    bool bytes;                /* the rows are pixels, written as whole numbers 0..255 */
    const char *name;          /* of the whole, where the format keeps one (ARFF) */
    const char *const *classes; /* names of all that occur, here or in sister tables */
    int n_classes;             /* (ARFF lists them); may be 0 without labels */
    void (*column)(const void *arg, size_t i, char *text, size_t size); /* name of value i */
    const void *arg;
};

#endif
