/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_rows.h - training rows of a linear model, kept once: floats, in blocks.
 *
 * As many as memory is for (rows.h) are there, the others in a file, in the same order.
 * Private to linear/. */
#ifndef MP_LINEAR_ROWS_H
#define MP_LINEAR_ROWS_H
#include "core/rows.h"
#include "core/stage.h"

struct mp_linear_block {
    struct mp_linear_block *next;
    size_t n, room;   /* rows here, and for how many there is room */
    size_t values;    /* how many of their values are not zero */
    size_t size;      /* bytes of that room, while it is in memory */
    float *x;         /* of a block in the file only after mp_linear_rows_find() */
    size_t at;        /* where in the file it begins, in bytes */
    bool filed;
    int *y;
};

struct mp_linear_rows {
    struct mp_linear_block *first, *last;
    size_t n, d, values;    /* rows, values of a row, how many of all are not zero */
    size_t memory, most;    /* bytes of rows in memory, and how many shall be; 0: not asked yet */
    struct mp_rows file;
};

/* Appends the chunk's rows. */
int mp_linear_rows_add(struct mp_ctx *c, struct mp_linear_rows *r, const struct mp_chunk *in);

/* Takes over the rows of `from`, a shard that has taken over none itself: they come last. */
int mp_linear_rows_merge(struct mp_ctx *c, struct mp_linear_rows *into,
                         struct mp_linear_rows *from);

/* Every block gets its x, until rows are added. */
void mp_linear_rows_find(struct mp_linear_rows *r);

/* Lets the first block go. */
void mp_linear_rows_drop(struct mp_linear_rows *r);
void mp_linear_rows_free(struct mp_linear_rows *r);
#endif
