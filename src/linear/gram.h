/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gram.h - sums of products of rows: what least squares needs of them.
 *
 * Rows come in order, in chunks of any size; every MP_GRAM_ROWS of them are a batch, whose
 * products are added on all threads of the run.  Some batches are a part, and ranks (ranks.h) have
 * parts of their own.  The sums depend on the rows alone, not on chunks, threads or ranks.  A
 * matrix is cut into square tiles, of which those on the diagonal and above are kept, row after
 * row: half the memory, and tiles are what threads share.
 *
 * Products are f32.  Rows are taken less the mean of the first batch, so that a large mean
 * does not swallow what distinguishes them; sums of rows are double. */
#ifndef MP_GRAM_H
#define MP_GRAM_H
#include "core/bfloat.h"
#include "core/stage.h"

enum { MP_GRAM_TILE = 256, MP_GRAM_ROWS = 1024, MP_GRAM_MAX = 32768 };

struct mp_matmul;

struct mp_gram {
    size_t d, side;            /* values in a row; tiles in a row of them */
    size_t classes, rows;      /* rows: of all ranks */
    size_t part, taken;        /* rows of a part; of the one in hand, those that came */
    size_t rounds;             /* parts done, one on each rank */
    double all;                /* what the rows count together: so many, without weights */
    bool centre;               /* take the mean off */
    bool shifted;              /* `shift` is known */
    bool within;               /* in the end that of each class, not of all: set once open */
    float *tiles;              /* sums of products of rows less `shift` */
    float *own;                /* of the part in hand; the same, if there is no other */
    float *shift;              /* side * MP_GRAM_TILE; 0 without `centre` */
    double *sums;              /* of rows less `shift`, for each class side * MP_GRAM_TILE */
    double *count;             /* behind them: what the rows of each class count */
    double *own_sums;          /* of the part in hand both, on each rank */
    float *root;               /* of what one row of each class counts; NULL: 1 */
    float *batch;              /* rows not added yet, tile by tile of columns */
    mp_bf16 *rounded;          /* the same as bf16, if products read that */
    int *y;                    /* classes of these rows */
    size_t held;               /* how many there are */
    struct mp_matmul *product; /* of bf16 */
};

/* How many tiles a matrix of so many a side has, and which place tile (i, j) has, i <= j. */
static inline size_t mp_tiles(size_t side)
{
    return side * (side + 1) / 2;
}

static inline size_t mp_tile_at(size_t side, size_t i, size_t j)
{
    return (i * (2 * side - i + 1) / 2 + (j - i)) * MP_GRAM_TILE * MP_GRAM_TILE;
}

/* For .part of what learns MP_IN_ORDER: how many rows of d values are a part. */
size_t mp_gram_part(size_t rows, size_t d);

void mp_gram_close(struct mp_gram *g);

/* For shape(): whether there can be room for rows of d values. */
int mp_gram_check(struct mp_ctx *c, size_t d);

/* In fit() of what learns MP_IN_ORDER, by parts, before each chunk: opens it for the first, with
 * the text of a parameter `weights`; refuses rows that have no labels or do not fit those before.
 * Without `centre` nothing is taken off. */
int mp_gram_begin(struct mp_ctx *c, struct mp_gram *g, const struct mp_chunk *in, bool centre,
                  enum mp_precision precision, const char *weights);

/* In fit() of what learns MP_IN_ORDER: takes the chunk's rows. */
int mp_gram_add(struct mp_ctx *c, struct mp_gram *g, const struct mp_chunk *in);

/* In done(): adds what is held and what other ranks have, lets the batch go and, with `centre`,
 * takes the mean off the products: they are about the mean then, that of rows as they count.  With
 * `within` each row's are about the mean of its class. */
int mp_gram_finish(struct mp_ctx *c, struct mp_gram *g);

/* After that: the mean of the diagonal, the mean of the squares of all products, and the sum over
 * all classes of the sums of column j. */
double mp_gram_diagonal(const struct mp_gram *g);
double mp_gram_square(const struct mp_gram *g);
double mp_gram_sum(const struct mp_gram *g, size_t j);

/* Solves (G + shift I) x = b for n right sides of side * MP_GRAM_TILE doubles each, which x
 * takes the place of.  Cholesky's factor is f32; residuals in double correct x until they
 * are 1e-9 of b.  Positive: not so, as G + shift I is not positive definite in f32 or too
 * close to that; b is as it was.  G stays. */
int mp_gram_solve(struct mp_ctx *c, const struct mp_gram *g, double shift, double *b, size_t n);

/* Cholesky's factor of G + shift I by itself; positive as above.  mp_gram_own: of n rows of d
 * values, MP_GRAM_TILE at most, x' (G + shift I)^-1 x of each, in f32; on any thread. */
struct mp_gram_factor;
int mp_gram_factor_open(struct mp_ctx *c, const struct mp_gram *g, double shift,
                        struct mp_gram_factor **factor);
int mp_gram_own(struct mp_ctx *c, const struct mp_gram_factor *factor, const float *x, size_t n,
                double *own);
void mp_gram_factor_close(struct mp_gram_factor *factor);
#endif
