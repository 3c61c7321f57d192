/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preconditioner.c - Cholesky's factor of a sampled Gram matrix, inverted.
 *
 * Method: sample rows in pieces, tiles of the lower triangle by mp_gemm(); the factor by
 * columns of blocks, left-looking; its inverse by rows of blocks, in place.  All is f32:
 * where the matrix is not positive definite in it, its diagonal grows until it is.
 * Cost: n^2 (rows + n) multiply-adds, and n^2 for each vector that it is applied to. */
#include "linear/preconditioner.h"
#include "linear/dnn.h"
#include "linear/panel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 64,      /* of the factor */
    TILE = 192,      /* of the Gram matrix */
    PIECE = 1024,    /* rows at a time */
    LARGEST = 8192,  /* values of a vector: beyond, the matrix takes too much */
    PARTS = 16       /* of the sums that threads make */
};

/* ----------------------------------------------------------- Gram matrix */

struct gram {
    float *at, *piece;
    size_t n, pad, rows, side; /* of the piece in hand */
    float weight;
};

/* Tile q of the lower triangle, row by row. */
static int add_tile(struct mp_ctx *c, void *arg, size_t q)
{
    const struct gram *g = arg;
    size_t i = 0;
    for (; q > i; i++)
        q -= i + 1;
    const size_t row = i * TILE, col = q * TILE;
    const size_t m = g->n - row < TILE ? g->n - row : TILE;
    const size_t k = g->n - col < TILE ? g->n - col : TILE;
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (mp_gemm(true, false, m, k, g->rows, g->weight, g->piece + row, g->pad, g->piece + col,
                g->pad, 1, g->at + row * g->pad + col, g->pad) < 0)
        return mp_fail(c, "no memory for products of %d rows", PIECE);
    return MP_OK;
}

static int gram_of(struct mp_ctx *c, struct mp_preconditioner *p, const struct mp_sample *s,
                   double weight)
{
    const size_t side = (p->n + TILE - 1) / TILE;
    struct gram g = { .at = p->factor, .n = p->n, .pad = p->pad, .weight = (float)weight };
    int rc = MP_OK;
    g.piece = mp_alloc(c, mp_product(PIECE, p->pad), sizeof *g.piece);
    if (g.piece == NULL)
        return -1;
    for (size_t from = 0; from < s->n && rc == MP_OK; from += PIECE) {
        g.rows = s->n - from < PIECE ? s->n - from : PIECE;
        for (size_t i = 0; i < g.rows; i++) {
            memcpy(g.piece + i * p->pad, s->x[from + i], s->d * sizeof *g.piece);
            g.piece[i * p->pad + s->d] = s->bias;
        }
        rc = mp_parallel_for(c, side * (side + 1) / 2, add_tile, &g);
    }
    free(g.piece);
    return rc;
}

/* ---------------------------------------------------------------- factor */

/* The lower factor of the block at `a`, and its inverse in t. */
static bool factor_block(float *a, size_t pad, size_t n, float *t)
{
    memset(t, 0, BLOCK * BLOCK * sizeof *t);
    for (size_t j = 0; j < n; j++) {
        double s = (double)a[j * pad + j];
        for (size_t k = 0; k < j; k++)
            s -= (double)a[j * pad + k] * (double)a[j * pad + k];
        if (!(s > 0) || !isfinite(s))
            return false;
        const float root = (float)sqrt(s);
        a[j * pad + j] = root;
        for (size_t i = j + 1; i < n; i++) {
            float v = a[i * pad + j];
            for (size_t k = 0; k < j; k++)
                v -= a[i * pad + k] * a[j * pad + k];
            a[i * pad + j] = v / root;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            for (size_t j = 0; j <= k; j++)
                t[i * BLOCK + j] -= a[i * pad + k] * t[k * BLOCK + j];
        for (size_t j = 0; j < i; j++)
            t[i * BLOCK + j] /= a[i * pad + i];
        t[i * BLOCK + i] = 1 / a[i * pad + i];
    }
    return true;
}

struct work {
    const struct mp_preconditioner *p;
    size_t k, size;   /* the block in hand */
    float *inverse;   /* of each block on the diagonal */
};

/* Rows of L in the block's columns: those before are taken off, then L = A T'. */
static int rows_below(struct mp_ctx *c, void *arg, size_t q)
{
    const struct work *w = arg;
    const struct mp_preconditioner *p = w->p;
    const size_t row = w->k + w->size + q * TILE, m = p->n - row < TILE ? p->n - row : TILE;
    float *a = p->factor + row * p->pad, *was = mp_scratch(c, TILE * BLOCK);
    if (was == NULL)
        return -1;
    int rc = w->k == 0 ? 0 : mp_gemm(false, true, m, w->size, w->k, -1, a, p->pad,
                                     p->factor + w->k * p->pad, p->pad, 1, a + w->k, p->pad);
    for (size_t i = 0; i < m; i++)
        memcpy(was + i * BLOCK, a + i * p->pad + w->k, w->size * sizeof *was);
    if (rc == 0)
        rc = mp_gemm(false, true, m, w->size, w->size, 1, was, BLOCK,
                     w->inverse + w->k * BLOCK, BLOCK, 0, a + w->k, p->pad);
    return rc == 0 ? MP_OK : mp_fail(c, "no memory for products of %d rows", TILE);
}

/* 1: the matrix has no factor in f32. */
static int factor(struct mp_ctx *c, const struct mp_preconditioner *p, float *inverse)
{
    struct work w = { .p = p, .inverse = inverse };
    for (w.k = 0; w.k < p->n; w.k += BLOCK) {
        float *a = p->factor + w.k * p->pad;
        w.size = p->n - w.k < BLOCK ? p->n - w.k : BLOCK;
        if (w.k > 0 && mp_gemm(false, true, w.size, w.size, w.k, -1, a, p->pad, a, p->pad, 1,
                               a + w.k, p->pad) < 0)
            return mp_fail(c, "no memory for products of %d rows", BLOCK);
        if (!factor_block(a + w.k, p->pad, w.size, inverse + w.k * BLOCK))
            return 1;
        if (mp_parallel_for(c, (p->n - w.k - w.size + TILE - 1) / TILE, rows_below, &w) < 0)
            return -1;
    }
    return MP_OK;
}

/* Columns of the inverse in the block's rows: -T L (what is above). */
static int invert_columns(struct mp_ctx *c, void *arg, size_t q)
{
    const struct work *w = arg;
    const struct mp_preconditioner *p = w->p;
    const size_t col = q * TILE, n = w->k - col < TILE ? w->k - col : TILE;
    float *a = p->factor + w->k * p->pad, *made = mp_scratch(c, BLOCK * TILE);
    if (made == NULL)
        return -1;
    /* Above, the inverse is 0 right of the diagonal: lines before `col` add nothing. */
    if (mp_gemm(false, false, w->size, n, w->k - col, 1, w->inverse + p->pad * BLOCK + col,
                p->pad, p->factor + col * p->pad + col, p->pad, 0, made, TILE) < 0 ||
        mp_gemm(false, false, w->size, n, w->size, -1, w->inverse + w->k * BLOCK, BLOCK, made,
                TILE, 0, a + col, p->pad) < 0)
        return mp_fail(c, "no memory for products of %d rows", BLOCK);
    return MP_OK;
}

/* The factor's place takes its inverse.  After the blocks' inverses there is room in
 * `inverse` for the rows of a block, as they were. */
static int invert(struct mp_ctx *c, const struct mp_preconditioner *p, float *inverse)
{
    struct work w = { .p = p, .inverse = inverse };
    for (size_t i = 0; i < p->n; i++)
        memset(p->factor + i * p->pad + i + 1, 0, (p->pad - i - 1) * sizeof *p->factor);
    for (w.k = 0; w.k < p->n; w.k += BLOCK) {
        float *a = p->factor + w.k * p->pad;
        w.size = p->n - w.k < BLOCK ? p->n - w.k : BLOCK;
        memcpy(inverse + p->pad * BLOCK, a, w.size * p->pad * sizeof *a);
        if (mp_parallel_for(c, (w.k + TILE - 1) / TILE, invert_columns, &w) < 0)
            return -1;
        for (size_t i = 0; i < w.size; i++)
            memcpy(a + i * p->pad + w.k, inverse + (w.k + i) * BLOCK, (i + 1) * sizeof *a);
    }
    return MP_OK;
}

/* The Gram matrix has its diagonal raised by `ridge` beside the 1 of the penalty. */
static int try_factor(struct mp_ctx *c, struct mp_preconditioner *p, const struct mp_sample *s,
                      double weight, double ridge)
{
    float *inverse = mp_alloc(c, mp_product(2 * BLOCK, p->pad), sizeof *inverse);
    memset(p->factor, 0, p->n * p->pad * sizeof *p->factor);
    int rc = inverse != NULL ? gram_of(c, p, s, weight) : -1;
    for (size_t i = 0; i < p->n && rc == MP_OK; i++)
        p->factor[i * p->pad + i] += (float)(1 + ridge);
    if (rc == MP_OK)
        rc = factor(c, p, inverse);
    if (rc == MP_OK)
        rc = invert(c, p, inverse);
    free(inverse);
    return rc;
}

static int make_factor(struct mp_ctx *c, struct mp_preconditioner *p, const struct mp_sample *s,
                       double weight)
{
    double mean = 0;
    p->factor = mp_alloc(c, mp_product(p->n, p->pad), sizeof *p->factor);
    p->rows = mp_alloc(c, p->n, sizeof *p->rows);
    p->parts = mp_alloc(c, mp_product(PARTS * p->blocks, p->n * MP_PANEL), sizeof *p->parts);
    if (p->factor == NULL || p->rows == NULL || p->parts == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        p->rows[i] = p->factor + i * p->pad;
        mean += 1 / (double)p->diagonal[i] / (double)p->n;
    }
    /* f32 carries 7 digits: smaller eigenvalues than 1e-6 of the mean are noise. */
    for (double ridge = 1e-6 * mean; ; ridge *= 30) {
        const int rc = try_factor(c, p, s, weight, ridge);
        if (rc <= 0)
            return rc;
        if (!(ridge < mean))
            break;
    }
    free(p->factor);
    p->factor = NULL;
    return MP_OK;
}

int mp_preconditioner_open(struct mp_ctx *c, struct mp_preconditioner *p,
                           const struct mp_sample *s, double weight, size_t blocks)
{
    const size_t d = s->d;
    *p = (struct mp_preconditioner){ .n = d + 1, .blocks = blocks,
                                     .pad = (d + BLOCK) / BLOCK * BLOCK };
    p->diagonal = mp_alloc(c, p->n, sizeof *p->diagonal);
    double *sum = mp_alloc(c, p->n, sizeof *sum);
    int rc = p->diagonal != NULL && sum != NULL ? MP_OK : -1;
    for (size_t i = 0; i < s->n && rc == MP_OK; i++)
        for (size_t j = 0; j < d; j++)
            sum[j] += (double)s->x[i][j] * (double)s->x[i][j];
    for (size_t j = 0; j <= d && rc == MP_OK; j++) {
        const double squares = j < d ? sum[j] : (double)s->n * (double)s->bias * (double)s->bias;
        p->diagonal[j] = (float)(1 / (1 + weight * squares));
    }
    free(sum);
    if (rc == MP_OK && p->n <= LARGEST && s->n >= p->n)
        rc = make_factor(c, p, s, weight);
    return rc;
}

void mp_preconditioner_close(struct mp_preconditioner *p)
{
    free(p->factor);
    free(p->diagonal);
    free(p->rows);
    free(p->parts);
}

/* -------------------------------------------------------------- applying */

struct application {
    const struct mp_preconditioner *p;
    const float *v;
    float *y;
};

/* Part i of L^-T (L^-1 v): the rows whose area is a PARTS-th of the triangle. */
static int apply_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct application *a = arg;
    const struct mp_preconditioner *p = a->p;
    const size_t size = p->n * MP_PANEL;
    const size_t from = (size_t)((double)p->n * sqrt((double)i / PARTS));
    const size_t to = (size_t)((double)p->n * sqrt((double)(i + 1) / PARTS));
    float *z = mp_scratch(c, BLOCK * MP_PANEL);
    if (z == NULL)
        return -1;
    memset(p->parts + i * p->blocks * size, 0, p->blocks * size * sizeof *p->parts);
    for (size_t b = 0; b < p->blocks; b++)
        for (size_t row = from; row < to; row += BLOCK) {
            const size_t m = to - row < BLOCK ? to - row : BLOCK;
            const float *const *rows = (const float *const *)p->rows + row;
            /* Values up to the last row's diagonal; the panel's line after them times 0. */
            mp_panel_scores(rows, m, row + m, 0, a->v + b * size, z, MP_PANEL);
            mp_panel_add(rows, m, row + m, 0, z, MP_PANEL, p->parts + (i * p->blocks + b) * size);
        }
    return MP_OK;
}

/* The parts' sums in order: a share of the values. */
static int join_parts(struct mp_ctx *c, void *arg, size_t i)
{
    const struct application *a = arg;
    const size_t size = a->p->blocks * a->p->n * MP_PANEL;
    (void)c;
    mp_panel_join(NULL, a->p->parts, PARTS, size, size * i / PARTS, size * (i + 1) / PARTS, a->y);
    return MP_OK;
}

int mp_preconditioner_apply(struct mp_ctx *c, const struct mp_preconditioner *p, const float *v,
                            float *y)
{
    struct application a = { p, v, y };
    if (p->factor == NULL) {
        for (size_t i = 0; i < p->blocks * p->n; i++)
            for (size_t k = 0; k < MP_PANEL; k++)
                y[i * MP_PANEL + k] = p->diagonal[i % p->n] * v[i * MP_PANEL + k];
        return MP_OK;
    }
    if (mp_parallel_for(c, PARTS, apply_part, &a) < 0 ||
        mp_parallel_for(c, PARTS, join_parts, &a) < 0)
        return -1;
    return MP_OK;
}
