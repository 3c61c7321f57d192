/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bins.h - training rows in few levels, column by column, which is what trees learn from.
 *
 * Each value of a row becomes the number of a bin, of which there are 256 at most: as many as
 * there are different ones, or bins of about as many rows each.  A border between bins is an edge,
 * so what is learned of bins holds for values: bin > b where value > edge b. */
#ifndef MP_BINS_H
#define MP_BINS_H
#include "core/stage.h"

enum { MP_MOST_BINS = 256 };

struct mp_bins {     /* zeroed: empty */
    size_t n, d;     /* rows, values of each */
    uint16_t *class; /* of each row */
    uint8_t *at;     /* once finished, d columns of n bins */
    uint8_t *row;    /* the same as n rows of d */
    uint16_t *count; /* of bins, of each column: 1 or more */
    uint8_t *common; /* the bin that most rows have, of each column */
    float *edge;     /* d x MP_MOST_BINS: edge b lies above bin b, and the last bin has none */
    float *least;    /* d x MP_MOST_BINS: the least value in bin b */
    /* until then */
    size_t room;     /* rows that there will be */
    uint8_t *b;      /* levels, row by row, as long as all values are such */
    float *x;        /* floats otherwise */
};

/* In fit() of what learns MP_IN_ORDER: keeps the rows. */
int mp_bins_add(struct mp_ctx *c, struct mp_bins *b, const struct mp_chunk *in);

/* In done(): makes columns of them, of at most so many bins. */
int mp_bins_finish(struct mp_ctx *c, struct mp_bins *b, size_t most);

void mp_bins_free(struct mp_bins *b);

/* Parts a list of rows by a column: those of a bin up to `bin` first, in their order, then the
 * others in theirs.  How many come first.  spare: room for n. */
size_t mp_bins_part(const uint8_t *column, uint8_t bin, uint32_t *rows, size_t n, uint32_t *spare);
#endif
