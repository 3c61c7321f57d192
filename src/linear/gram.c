/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gram.c - sums of products of rows, on all threads.
 *
 * Method: a batch lies tile by tile of columns, so that the product of two of them, one
 * call of mp_gemm() or mp_matmul_run(), reads two stretches of memory and adds to one.
 * Threads share the tiles, and so do ranks (ranks.h), which send them once, at the end: a tile
 * is always the work of one thread and gets the batches in order.  Columns that the last tile
 * has too many are 0.
 *
 * Cost: d^2 multiply-adds a row, half of those of the whole matrix; 2.9 s for 60000 rows
 * of 4096 on two cores with AVX-512, 1.7 s in bf16.  Memory: 2 d^2 bytes, and 4 KiB times d
 * for the batch (half as much again with bf16). */
#include "linear/gram.h"
#include "core/learner.h"
#include "core/ranks.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "linear/dnn.h"
#include "linear/matmul.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = MP_GRAM_TILE, ROWS = MP_GRAM_ROWS };

/* One chunk's part of a batch, for the threads. */
struct part {
    struct mp_gram *g;
    const struct mp_chunk *in; /* NULL: nothing more comes */
    size_t from, n;            /* its rows that go into the batch */
    bool full;                 /* then the batch is complete */
    size_t first;              /* the tiles that are ours begin with this one */
};

void mp_gram_close(struct mp_gram *g)
{
    free(g->tiles);
    free(g->shift);
    free(g->sums);
    free(g->count);
    free(g->root);
    free(g->batch);
    free(g->rounded);
    free(g->y);
    mp_matmul_close(g->product);
    memset(g, 0, sizeof *g);
}

int mp_gram_open(struct mp_ctx *c, struct mp_gram *g, size_t d, size_t classes, bool centre,
                 enum mp_precision precision, const double *weight)
{
    const size_t side = (d + TILE - 1) / TILE, wide = side * TILE;
    *g = (struct mp_gram){ .d = d, .side = side, .classes = classes, .centre = centre };
    g->tiles = mp_alloc(c, mp_tiles(side) * TILE * TILE, sizeof *g->tiles);
    g->shift = mp_alloc(c, wide, sizeof *g->shift);
    g->sums = mp_alloc(c, classes * wide, sizeof *g->sums);
    g->count = mp_alloc(c, classes, sizeof *g->count);
    g->batch = mp_alloc(c, ROWS * wide, sizeof *g->batch);
    g->y = mp_alloc(c, ROWS, sizeof *g->y);
    g->root = weight != NULL ? mp_alloc(c, classes, sizeof *g->root) : NULL;
    if (g->tiles == NULL || g->shift == NULL || g->sums == NULL || g->count == NULL ||
        g->batch == NULL || g->y == NULL || (weight != NULL && g->root == NULL))
        return -1;
    for (size_t k = 0; k < classes && weight != NULL; k++)
        g->root[k] = sqrtf((float)weight[k]);
    if (precision == MP_F32)
        return MP_OK;
    g->rounded = mp_alloc(c, ROWS * wide, sizeof *g->rounded);
    g->product = g->rounded == NULL ? NULL : mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = TILE, .n = TILE, .k = ROWS, .lda = TILE, .ldb = TILE, .ldc = TILE, .ta = true,
        .add = true, .precision = MP_BF16 });
    return g->product != NULL ? MP_OK : -1;
}

int mp_gram_check(struct mp_ctx *c, size_t d)
{
    const double size = (double)d, most = MP_GRAM_MAX;
    if (size <= most)
        return MP_OK;
    return mp_fail(c, "rows of %.0f values would need %.1f GB for their products; takes at most "
                   "%.0f (%.1f GB): give it fewer", size, 4e-9 * size * size, most,
                   4e-9 * most * most);
}

/* Of all rows' classes, before the first row is taken. */
static int open_weighed(struct mp_ctx *c, struct mp_gram *g, size_t d, bool centre,
                        enum mp_precision precision, const char *weights)
{
    const size_t classes = (size_t)mp_classes(c, NULL);
    double *weight = NULL;
    int rc = MP_OK;
    if (weights[0] != '\0') {
        const int *y;
        const size_t n = mp_pull_rows(c, &y);
        weight = mp_alloc(c, classes, sizeof *weight);
        rc = weight != NULL ? mp_class_weights(c, weights, y, n, weight) : -1;
    }
    if (rc == MP_OK)
        rc = mp_gram_open(c, g, d, classes, centre, precision, weight);
    free(weight);
    return rc;
}

int mp_gram_begin(struct mp_ctx *c, struct mp_gram *g, const struct mp_chunk *in, bool centre,
                  enum mp_precision precision, const char *weights)
{
    const size_t d = mp_len(in->shape);
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (g->tiles == NULL && open_weighed(c, g, d, centre, precision, weights) < 0)
        return -1;
    return g->d == d ? MP_OK : mp_fail(c, "rows of %zu values after rows of %zu", d, g->d);
}

/* ---------------------------------------------------------------- a batch */

/* How many columns of tile p are worked on: those that have values, and what fills a register. */
static size_t width(const struct mp_gram *g, size_t p)
{
    const size_t left = (g->d - p * TILE + MP_LANES - 1) / MP_LANES * MP_LANES;
    return left < TILE ? left : TILE;
}

MP_CLONES static void find_mean(const float *restrict x, size_t n, size_t wide,
                                float *restrict mean)
{
    double sum[TILE] = { 0 };
    for (size_t r = 0; r < n; r++)
        for (size_t j = 0; j < wide; j++)
            sum[j] += (double)x[r * TILE + j];
    for (size_t j = 0; j < wide; j++)
        mean[j] = (float)(sum[j] / (double)n);
}

MP_CLONES static void take_off(float *restrict x, size_t n, size_t wide,
                               const float *restrict shift)
{
    for (size_t r = 0; r < n; r++)
        for (size_t j = 0; j < wide; j++)
            x[r * TILE + j] -= shift[j];
}

/* A row that counts w times is as good as one of sqrt(w) times the values. */
MP_CLONES static void weigh(float *restrict x, size_t n, size_t wide, const int *restrict y,
                            const float *restrict root)
{
    for (size_t r = 0; r < n; r++)
        for (size_t j = 0; j < wide; j++)
            x[r * TILE + j] *= root[y[r]];
}

MP_CLONES static void add_sums(const float *restrict x, size_t n, size_t wide,
                               const int *restrict y, double *restrict sums, size_t apart)
{
    for (size_t r = 0; r < n; r++) {
        double *to = sums + (size_t)y[r] * apart;
        for (size_t j = 0; j < wide; j++)
            to[j] += (double)x[r * TILE + j];
    }
}

/* One tile of columns of a complete batch: less the mean, weighed, rounded, and summed.  What is
 * summed is what products read, so that both are of the same rows. */
static void settle(struct mp_gram *g, size_t p)
{
    const size_t n = g->held, wide = width(g, p);
    float *x = g->batch + p * ROWS * TILE;
    if (g->centre && g->rows == n)
        find_mean(x, n, wide, g->shift + p * TILE);
    if (g->centre)
        take_off(x, n, wide, g->shift + p * TILE);
    if (g->root != NULL)
        weigh(x, n, wide, g->y, g->root);
    if (g->rounded != NULL) {
        mp_bf16 *to = g->rounded + p * ROWS * TILE;
        mp_to_bf16(x, to, n * TILE);
        memset(to + n * TILE, 0, (ROWS - n) * TILE * sizeof *to);
        mp_from_bf16(to, x, n * TILE);
    }
    add_sums(x, n, wide, g->y, g->sums + p * TILE, g->side * TILE);
}

static int take_columns(struct mp_ctx *c, void *arg, size_t p)
{
    const struct part *part = arg;
    struct mp_gram *g = part->g;
    const size_t first = p * TILE, n = g->d - first < TILE ? g->d - first : TILE;
    float *to = g->batch + p * ROWS * TILE + (g->held - part->n) * TILE;
    (void)c;
    for (size_t r = 0; r < part->n; r++, to += TILE)
        memcpy(to, part->in->x + (part->from + r) * g->d + first, n * sizeof *to);
    if (part->full)
        settle(g, p);
    return MP_OK;
}

/* Number q of the tiles. */
static void find_tile(size_t side, size_t q, size_t *i, size_t *j)
{
    *i = 0;
    while (q >= side - *i)
        q -= side - (*i)++;
    *j = *i + q;
}

/* Tile k of ours. */
static int add_tile(struct mp_ctx *c, void *arg, size_t k)
{
    const struct part *part = arg;
    const struct mp_gram *g = part->g;
    const size_t panel = (size_t)ROWS * TILE, q = part->first + k;
    float *to = g->tiles + q * TILE * TILE;
    size_t i, j;
    find_tile(g->side, q, &i, &j);
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (g->product != NULL)
        return mp_matmul_run(c, g->product, g->rounded + i * panel, g->rounded + j * panel, to);
    if (mp_gemm(true, false, width(g, i), width(g, j), g->held, 1, g->batch + i * panel, TILE,
                g->batch + j * panel, TILE, 1, to, TILE) < 0)
        return mp_fail(c, "no memory for products of %zu rows", g->held);
    return MP_OK;
}

static int flush(struct mp_ctx *c, struct part *part)
{
    struct mp_gram *g = part->g;
    const size_t all = mp_tiles(g->side), end = mp_share(c, all, mp_rank(c) + 1);
    part->first = mp_share(c, all, mp_rank(c));
    if (mp_parallel_for(c, end - part->first, add_tile, part) < 0)
        return -1;
    g->held = 0;
    return MP_OK;
}

int mp_gram_add(struct mp_ctx *c, struct mp_gram *g, const struct mp_chunk *in)
{
    for (size_t at = 0; at < in->n;) {
        const size_t room = ROWS - g->held, n = in->n - at < room ? in->n - at : room;
        struct part part = { .g = g, .in = in, .from = at, .n = n, .full = n == room };
        memcpy(g->y + g->held, in->y + at, n * sizeof *g->y);
        for (size_t r = 0; r < n; r++)
            g->count[in->y[at + r]]++;
        g->held += n;
        g->rows += n;
        if (mp_parallel_for(c, g->side, take_columns, &part) < 0 ||
            (part.full && flush(c, &part) < 0))
            return -1;
        at += n;
    }
    return MP_OK;
}

/* ---------------------------------------------------------------- the end */

double mp_gram_sum(const struct mp_gram *g, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < g->classes; k++)
        sum += g->sums[k * g->side * TILE + j];
    return sum;
}

/* Products about `shift` become products about the mean. */
static int centre_tile(struct mp_ctx *c, void *arg, size_t q)
{
    const struct mp_gram *g = ((const struct part *)arg)->g;
    float *at = g->tiles + q * TILE * TILE;
    double sum[TILE];
    size_t i, j;
    (void)c;
    find_tile(g->side, q, &i, &j);
    for (size_t k = 0; k < TILE; k++)
        sum[k] = mp_gram_sum(g, j * TILE + k);
    for (size_t r = 0; r < TILE; r++) {
        const double mean = mp_gram_sum(g, i * TILE + r) / g->all;
        for (size_t k = 0; k < TILE; k++)
            at[r * TILE + k] = (float)((double)at[r * TILE + k] - mean * sum[k]);
    }
    return MP_OK;
}

/* The same about the mean of each class. */
static int centre_within(struct mp_ctx *c, void *arg, size_t q)
{
    const struct mp_gram *g = ((const struct part *)arg)->g;
    float *at = g->tiles + q * TILE * TILE;
    size_t i, j;
    (void)c;
    find_tile(g->side, q, &i, &j);
    for (size_t r = 0; r < TILE; r++, at += TILE) {
        double row[TILE];
        for (size_t l = 0; l < TILE; l++)
            row[l] = (double)at[l];
        for (size_t k = 0; k < g->classes; k++) {
            const double *sums = g->sums + k * g->side * TILE;
            const double mean = g->count[k] > 0 ? sums[i * TILE + r] / g->count[k] : 0;
            for (size_t l = 0; l < TILE && mean != 0; l++)
                row[l] -= mean * sums[j * TILE + l];
        }
        for (size_t l = 0; l < TILE; l++)
            at[l] = (float)row[l];
    }
    return MP_OK;
}

/* What was summed are rows times the root of what they count, and how many they are. */
static void count_weights(struct mp_gram *g)
{
    const size_t wide = g->side * TILE;
    g->all = 0;
    for (size_t k = 0; k < g->classes; k++) {
        const double root = g->root != NULL ? (double)g->root[k] : 1;
        for (size_t j = 0; j < wide && root != 1; j++)
            g->sums[k * wide + j] *= root;
        g->all += g->count[k] *= root * root;
    }
}

int mp_gram_finish(struct mp_ctx *c, struct mp_gram *g)
{
    struct part part = { .g = g, .full = true };
    if (g->held > 0 &&
        (mp_parallel_for(c, g->side, take_columns, &part) < 0 || flush(c, &part) < 0))
        return -1;
    const size_t tiles = mp_tiles(g->side);
    if (mp_ranks_collect(c, MP_OK, g->tiles, TILE * TILE * sizeof *g->tiles, tiles, tiles) < 0)
        return -1;
    count_weights(g);
    free(g->batch);
    free(g->rounded);
    g->batch = NULL;
    g->rounded = NULL;
    return g->centre ? mp_parallel_for(c, tiles, g->within ? centre_within : centre_tile, &part)
                     : MP_OK;
}

double mp_gram_diagonal(const struct mp_gram *g)
{
    double sum = 0;
    for (size_t j = 0; j < g->d; j++) {
        const size_t p = j / TILE, r = j % TILE;
        sum += (double)g->tiles[mp_tile_at(g->side, p, p) + r * TILE + r];
    }
    return sum / (double)g->d;
}

/* Tiles off the diagonal stand for two. */
double mp_gram_square(const struct mp_gram *g)
{
    double sum = 0;
    for (size_t i = 0; i < g->side; i++)
        for (size_t j = i; j < g->side; j++) {
            const float *at = g->tiles + mp_tile_at(g->side, i, j);
            double tile = 0;
            for (size_t l = 0; l < (size_t)TILE * TILE; l++)
                tile += (double)at[l] * (double)at[l];
            sum += i == j ? tile : 2 * tile;
        }
    return sum / (double)g->d / (double)g->d;
}
