/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gram.c - sums of products of rows, on all threads.
 *
 * Method: a batch lies tile by tile of columns, so that the product of two of them, one
 * call of mp_gemm() or mp_matmul_run(), reads two stretches of memory and adds to one.
 * Threads share the tiles: one is always the work of one thread and gets the batches in order.
 * Columns that the last tile has too many are 0.
 *
 * Rows are summed in parts, and these are added in their order.  Ranks (ranks.h) share the parts
 * in rounds, one for each, so that rows stay where they are made: after a round each rank gets its
 * share of the tiles of all parts, adds them, and in the end has all tiles from the others.
 *
 * Cost: d^2 multiply-adds a row, half of those of the whole matrix; 2.9 s for 60000 rows
 * of 4096 on two cores with AVX-512, 1.7 s in bf16.  Memory: 2 d^2 bytes, twice that of several
 * parts, three times with ranks, and 4 KiB times d for the batch (half as much again with bf16).
 * A rank sends 2 d^2 bytes for each of its parts, and its share of the tiles. */
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
struct take {
    struct mp_gram *g;
    const struct mp_chunk *in; /* NULL: nothing more comes */
    size_t from, n;            /* its rows that go into the batch */
    bool settles;              /* then the batch is complete */
    bool adds;                 /* and so is its part, which this process alone has */
};

void mp_gram_close(struct mp_gram *g)
{
    if (g->own != g->tiles)
        free(g->own);
    free(g->tiles);
    free(g->shift);
    free(g->sums);
    free(g->own_sums);
    free(g->root);
    free(g->batch);
    free(g->rounded);
    free(g->y);
    mp_matmul_close(g->product);
    memset(g, 0, sizeof *g);
}

/* What a sum of rows is: of the rows of each class the values, and how many these are. */
static size_t sum_size(const struct mp_gram *g)
{
    return g->classes * (g->side * TILE + 1);
}

static int open_sums(struct mp_ctx *c, struct mp_gram *g)
{
    const size_t floats = mp_tiles(g->side) * TILE * TILE, ranks = (size_t)mp_ranks(c);
    g->tiles = mp_alloc(c, floats, sizeof *g->tiles);
    g->own = g->part < g->rows || ranks > 1 ? mp_alloc(c, floats, sizeof *g->own) : g->tiles;
    g->sums = mp_alloc(c, sum_size(g), sizeof *g->sums);
    g->own_sums = mp_alloc(c, mp_product(ranks, sum_size(g)), sizeof *g->own_sums);
    if (g->tiles == NULL || g->own == NULL || g->sums == NULL || g->own_sums == NULL)
        return -1;
    g->count = g->sums + g->classes * g->side * TILE;
    return MP_OK;
}

/* weight: what a row of each class counts in all sums, above 0; NULL: 1. */
static int open_gram(struct mp_ctx *c, struct mp_gram *g, size_t d, bool centre,
                     enum mp_precision precision, const double *weight)
{
    const size_t side = (d + TILE - 1) / TILE, wide = side * TILE, rows = mp_fit_rows(c);
    const size_t classes = (size_t)mp_classes(c, NULL);
    *g = (struct mp_gram){ .d = d, .side = side, .classes = classes, .centre = centre,
                           .rows = rows, .part = mp_gram_part(rows, d) };
    g->shift = mp_alloc(c, wide, sizeof *g->shift);
    g->batch = mp_alloc(c, ROWS * wide, sizeof *g->batch);
    g->y = mp_alloc(c, ROWS, sizeof *g->y);
    g->root = weight != NULL ? mp_alloc(c, classes, sizeof *g->root) : NULL;
    if (open_sums(c, g) < 0 || g->shift == NULL || g->batch == NULL || g->y == NULL ||
        (weight != NULL && g->root == NULL))
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

/* Some thousand rows, so that adding up parts costs little beside them, and at least so many that
 * the sums are no more than the rows; then 64 parts at most.  Whole batches, if it is no fewer. */
size_t mp_gram_part(size_t rows, size_t d)
{
    const size_t few = rows / 16 < 4096 ? rows / 16 : 4096;
    size_t part = (rows + 63) / 64;
    part = part > few ? part : few;
    part = part > d / 2 ? part : d / 2;
    const size_t unit = part > ROWS ? ROWS : TILE;
    return part > 0 ? (part + unit - 1) / unit * unit : unit;
}

/* With weights of all rows' classes, before the first row is taken. */
static int open_weighed(struct mp_ctx *c, struct mp_gram *g, size_t d, bool centre,
                        enum mp_precision precision, const char *weights)
{
    double *weight = NULL;
    int rc = MP_OK;
    if (weights[0] != '\0') {
        const int *y;
        const size_t n = mp_pull_rows(c, &y);
        weight = mp_alloc(c, (size_t)mp_classes(c, NULL), sizeof *weight);
        rc = weight != NULL ? mp_class_weights(c, weights, y, n, weight) : -1;
    }
    if (rc == MP_OK)
        rc = open_gram(c, g, d, centre, precision, weight);
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

/* Of this rank's part. */
static double *own_sums(const struct mp_ctx *c, const struct mp_gram *g)
{
    return g->own_sums + (size_t)mp_rank(c) * sum_size(g);
}

/* One tile of columns of a complete batch: less the mean, weighed, rounded, and summed.  What is
 * summed is what products read, so that both are of the same rows. */
static void settle(struct mp_ctx *c, struct mp_gram *g, size_t p)
{
    const size_t n = g->held, wide = width(g, p);
    float *x = g->batch + p * ROWS * TILE;
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
    add_sums(x, n, wide, g->y, own_sums(c, g) + p * TILE, g->side * TILE);
}

static int take_columns(struct mp_ctx *c, void *arg, size_t p)
{
    const struct take *t = arg;
    struct mp_gram *g = t->g;
    const size_t first = p * TILE, n = g->d - first < TILE ? g->d - first : TILE;
    float *to = g->batch + p * ROWS * TILE + (g->held - t->n) * TILE;
    for (size_t r = 0; r < t->n; r++, to += TILE)
        memcpy(to, t->in->x + (t->from + r) * g->d + first, n * sizeof *to);
    if (t->settles)
        settle(c, g, p);
    return MP_OK;
}

static int find_shift(struct mp_ctx *c, void *arg, size_t p)
{
    struct mp_gram *g = ((const struct take *)arg)->g;
    (void)c;
    find_mean(g->batch + p * ROWS * TILE, g->held, width(g, p), g->shift + p * TILE);
    return MP_OK;
}

/* The mean of the first batch, which rank 0 has, is all ranks'. */
static int agree_shift(struct mp_ctx *c, struct take *t)
{
    struct mp_gram *g = t->g;
    if (!g->centre || g->shifted)
        return MP_OK;
    const int rc = mp_rank(c) == 0 ? mp_parallel_for(c, g->side, find_shift, t) : MP_OK;
    g->shifted = true;
    return mp_ranks_tell(c, rc, g->shift, g->side * TILE * sizeof *g->shift);
}

/* Rows into the batch; the first one is settled once its mean is known. */
static int take(struct mp_ctx *c, struct take *t)
{
    struct mp_gram *g = t->g;
    const bool settles = t->settles, first = settles && g->centre && !g->shifted;
    t->settles = settles && !first;
    if (mp_parallel_for(c, g->side, take_columns, t) < 0)
        return -1;
    t->settles = settles;
    t->n = 0;
    return !first ? MP_OK : agree_shift(c, t) < 0 ? -1
                          : mp_parallel_for(c, g->side, take_columns, t);
}

/* ---------------------------------------------------------------- products */

/* Number q of the tiles. */
static void find_tile(size_t side, size_t q, size_t *i, size_t *j)
{
    *i = 0;
    while (q >= side - *i)
        q -= side - (*i)++;
    *j = *i + q;
}

MP_CLONES static void add_up(const float *restrict from, float *restrict to)
{
    for (size_t k = 0; k < (size_t)TILE * TILE; k++)
        to[k] += from[k];
}

/* Adds the batch's products of tiles i and j of the columns. */
static int multiply(struct mp_ctx *c, const struct mp_gram *g, size_t i, size_t j, float *to)
{
    const size_t panel = (size_t)ROWS * TILE;
    if (g->product != NULL)
        return mp_matmul_run(c, g->product, g->rounded + i * panel, g->rounded + j * panel, to);
    if (mp_gemm(true, false, width(g, i), width(g, j), g->held, 1, g->batch + i * panel, TILE,
                g->batch + j * panel, TILE, 1, to, TILE) < 0)
        return mp_fail(c, "no memory for products of %zu rows", g->held);
    return MP_OK;
}

static int add_tile(struct mp_ctx *c, void *arg, size_t q)
{
    const struct take *t = arg;
    const size_t floats = (size_t)TILE * TILE;
    float *own = t->g->own + q * floats;
    size_t i, j;
    find_tile(t->g->side, q, &i, &j);
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (multiply(c, t->g, i, j, own) < 0)
        return -1;
    if (t->adds) {
        add_up(own, t->g->tiles + q * floats);
        memset(own, 0, floats * sizeof *own);
    }
    return MP_OK;
}

/* ------------------------------------------------------------------- parts */

/* What ranks have sent each other after a round. */
struct round {
    struct mp_gram *g;
    struct mp_letter *give, *get;
    size_t first, end; /* the tiles that this rank adds up */
};

/* Parts' tiles are added in the order of the parts, which is that of the ranks that have them. */
static int join_tile(struct mp_ctx *c, void *arg, size_t q)
{
    const struct round *r = arg;
    const size_t floats = (size_t)TILE * TILE, mine = (size_t)mp_rank(c);
    float *own = r->g->own + q * floats;
    for (size_t k = 0; k < (size_t)mp_ranks(c) && q >= r->first && q < r->end; k++)
        if (k == mine)
            add_up(own, r->g->tiles + q * floats);
        else if (r->get[k].size > 0)
            add_up((const float *)(const void *)r->get[k].bytes + (q - r->first) * floats,
                   r->g->tiles + q * floats);
    memset(own, 0, floats * sizeof *own);
    return MP_OK;
}

/* Each rank sends what it has of each share of the tiles; without a part in this round, none. */
static int send_tiles(struct mp_ctx *c, struct round *r, bool has)
{
    const size_t tiles = mp_tiles(r->g->side), floats = (size_t)TILE * TILE;
    for (int k = 0; k < mp_ranks(c) && has; k++) {
        const size_t first = mp_share(c, tiles, k), end = mp_share(c, tiles, k + 1);
        r->give[k].bytes = (unsigned char *)(r->g->own + first * floats);
        r->give[k].size = (end - first) * floats * sizeof *r->g->own;
    }
    const int rc = mp_ranks_mail(c, MP_OK, r->give, r->get);
    return rc < 0 ? -1 : mp_parallel_for(c, tiles, join_tile, r);
}

static int share_round(struct mp_ctx *c, struct mp_gram *g, bool has)
{
    const size_t n = (size_t)mp_ranks(c), tiles = mp_tiles(g->side);
    struct round r = { .g = g, .first = mp_share(c, tiles, mp_rank(c)),
                       .end = mp_share(c, tiles, mp_rank(c) + 1),
                       .give = mp_alloc(c, n, sizeof *r.give),
                       .get = mp_alloc(c, n, sizeof *r.get) };
    int rc = r.give != NULL && r.get != NULL ? MP_OK : -1;
    rc = mp_ranks_collect(c, rc, g->own_sums, sum_size(g) * sizeof *g->own_sums, n, n);
    if (rc == MP_OK)
        rc = send_tiles(c, &r, has);
    mp_letters_free(c, r.get);
    free(r.give);
    free(r.get);
    return rc;
}

/* A part is complete, on each rank that has one in this round. */
static int end_part(struct mp_ctx *c, struct mp_gram *g, bool has)
{
    const size_t n = (size_t)mp_ranks(c), size = sum_size(g);
    if (n > 1 && share_round(c, g, has) < 0)
        return -1;
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < size; j++)
            g->sums[j] += g->own_sums[k * size + j];
    memset(g->own_sums, 0, n * size * sizeof *g->own_sums);
    g->taken = 0;
    g->rounds++;
    return MP_OK;
}

/* The batch is complete, or nothing more of its part comes: `last`. */
static int flush(struct mp_ctx *c, struct take *t, bool last)
{
    struct mp_gram *g = t->g;
    t->adds = last && g->own != g->tiles && mp_ranks(c) == 1;
    if (mp_parallel_for(c, mp_tiles(g->side), add_tile, t) < 0)
        return -1;
    g->held = 0;
    return last ? end_part(c, g, true) : MP_OK;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

int mp_gram_add(struct mp_ctx *c, struct mp_gram *g, const struct mp_chunk *in)
{
    double *count = own_sums(c, g) + g->classes * g->side * TILE;
    for (size_t at = 0; at < in->n;) {
        const size_t room = lesser(ROWS - g->held, g->part - g->taken);
        const size_t n = lesser(in->n - at, room);
        struct take t = { .g = g, .in = in, .from = at, .n = n, .settles = n == room };
        memcpy(g->y + g->held, in->y + at, n * sizeof *g->y);
        for (size_t r = 0; r < n; r++)
            count[in->y[at + r]]++;
        g->held += n;
        g->taken += n;
        if (take(c, &t) < 0 || (n == room && flush(c, &t, g->taken == g->part) < 0))
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
    const struct mp_gram *g = ((const struct take *)arg)->g;
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
    const struct mp_gram *g = ((const struct take *)arg)->g;
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

/* What is held, and the rounds in which this rank has no part. */
static int end_rows(struct mp_ctx *c, struct take *t)
{
    struct mp_gram *g = t->g;
    const size_t n = (size_t)mp_ranks(c), parts = (g->rows + g->part - 1) / g->part;
    if (g->held > 0 && take(c, t) < 0)
        return -1;
    if (g->taken > 0 && flush(c, t, true) < 0)
        return -1;
    if (agree_shift(c, t) < 0)
        return -1;
    while (g->rounds < (parts + n - 1) / n)
        if (end_part(c, g, false) < 0)
            return -1;
    return MP_OK;
}

int mp_gram_finish(struct mp_ctx *c, struct mp_gram *g)
{
    struct take t = { .g = g, .settles = true };
    const size_t tiles = mp_tiles(g->side);
    const int rc = end_rows(c, &t);
    if (mp_ranks_collect(c, rc, g->tiles, TILE * TILE * sizeof *g->tiles, tiles, tiles) < 0)
        return -1;
    count_weights(g);
    free(g->batch);
    free(g->rounded);
    free(g->own_sums);
    if (g->own != g->tiles)
        free(g->own);
    g->batch = g->own = NULL;
    g->own_sums = NULL;
    g->rounded = NULL;
    return g->centre ? mp_parallel_for(c, tiles, g->within ? centre_within : centre_tile, &t)
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
