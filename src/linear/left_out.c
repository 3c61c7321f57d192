/* SPDX-License-Identifier: GPL-3.0-or-later */
/* left_out.c - how wrong least squares is about each row if it has not seen it, exactly. */
#include "linear/left_out.h"
#include "core/learner.h"
#include "core/ranks.h"
#include "linear/row_walk.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = MP_GRAM_TILE };

/* How many of so many rows, in parts, this rank gets. */
static size_t own_rows(const struct mp_ctx *c, size_t rows, size_t part)
{
    const size_t ranks = (size_t)mp_ranks(c);
    size_t n = 0;
    for (size_t at = (size_t)mp_rank(c) * part; at < rows; at += ranks * part)
        n += rows - at < part ? rows - at : part;
    return n;
}

int mp_left_out_add(struct mp_ctx *c, struct mp_left_out *l, const struct mp_chunk *in)
{
    const size_t d = mp_len(in->shape);
    if (l->x == NULL) {
        l->d = d;
        l->room = own_rows(c, mp_fit_rows(c), mp_gram_part(mp_fit_rows(c), d));
        l->x = mp_alloc(c, mp_product(l->room, d), sizeof *l->x);
        l->y = mp_alloc(c, l->room, sizeof *l->y);
        if (l->x == NULL || l->y == NULL)
            return -1;
    }
    if (d != l->d || in->n > l->room - l->n)
        return mp_fail(c, "%zu rows of %zu values where %zu of %zu were to come", in->n, d,
                       l->room - l->n, l->d);
    memcpy(l->x + l->n * d, in->x, in->n * d * sizeof *l->x);
    memcpy(l->y + l->n, in->y, in->n * sizeof *l->y);
    l->n += in->n;
    return MP_OK;
}

void mp_left_out_free(struct mp_left_out *l)
{
    free(l->x);
    free(l->y);
    *l = (struct mp_left_out){ 0 };
}

struct work {
    const struct mp_left_out *l;
    const struct mp_gram *g;
    const struct mp_gram_factor *factor;
    const double *x;
    size_t classes;
    double *mean;  /* of each value */
    double *error; /* of each TILE rows */
};

/* Squares of errors of a row that says h about itself. */
static double squares(const struct work *k, size_t row, const float *x, double h, double counts)
{
    const struct mp_gram *g = k->g;
    double sum = 0;
    for (size_t j = 0; j < k->classes; j++) {
        const double target = (size_t)k->l->y[row] == j ? 1 : -1;
        const double offset = g->centre ? 2 * g->count[j] / g->all - 1 : 0;
        const double left = target - offset - mp_row_dot(x, k->x + j * g->side * TILE, g->d);
        sum += left * left;
    }
    return counts * sum / (1 - h) / (1 - h);
}

static int look_at_tile(struct mp_ctx *c, void *arg, size_t i)
{
    const struct work *k = arg;
    const struct mp_gram *g = k->g;
    const size_t d = g->d, from = i * TILE, n = k->l->n - from < TILE ? k->l->n - from : TILE;
    float *x = mp_alloc(c, mp_product(TILE, d), sizeof *x);
    double *own = mp_alloc(c, TILE, sizeof *own);
    int rc = x != NULL && own != NULL ? MP_OK : -1;
    for (size_t r = 0; r < n && rc == MP_OK; r++)
        for (size_t j = 0; j < d; j++)
            x[r * d + j] = (float)((double)k->l->x[(from + r) * d + j] - k->mean[j]);
    if (rc == MP_OK)
        rc = mp_gram_own(c, k->factor, x, n, own);
    for (size_t r = 0; r < n && rc == MP_OK; r++) {
        const float *root = g->root != NULL ? &g->root[k->l->y[from + r]] : NULL;
        const double counts = root != NULL ? (double)*root * (double)*root : 1;
        const double h = counts * (own[r] + (g->centre ? 1 / g->all : 0));
        k->error[i] += squares(k, from + r, x + r * d, fmin(h, 1 - 1e-6), counts);
    }
    free(x);
    free(own);
    return rc;
}

/* Of the tiles of our parts the sums, part by part. */
static int sum_parts(struct mp_ctx *c, const struct work *k, size_t parts, double *sum)
{
    const size_t ranks = (size_t)mp_ranks(c), tiles = (k->l->n + TILE - 1) / TILE;
    double *all = mp_alloc(c, mp_product(ranks, parts), sizeof *all);
    if (all == NULL)
        return mp_ranks_agree(c, -1);
    for (size_t i = 0; i < tiles; i++)
        all[(size_t)mp_rank(c) * parts + i * TILE / k->g->part] += k->error[i];
    const int rc = mp_ranks_collect(c, MP_OK, all, parts * sizeof *all, ranks, ranks);
    *sum = 0;
    for (size_t p = 0; p < parts; p++)
        *sum += all[p % ranks * parts + p / ranks];
    free(all);
    return rc;
}

static int look(struct mp_ctx *c, struct work *k, double *error)
{
    const struct mp_gram *g = k->g;
    const size_t tiles = (k->l->n + TILE - 1) / TILE;
    k->mean = mp_alloc(c, g->d, sizeof *k->mean);
    k->error = mp_alloc(c, tiles, sizeof *k->error);
    if (k->mean == NULL || k->error == NULL)
        return -1;
    for (size_t j = 0; j < g->d && g->centre; j++)
        k->mean[j] = (double)g->shift[j] + mp_gram_sum(g, j) / g->all;
    if (mp_parallel_for(c, tiles, look_at_tile, k) < 0 ||
        sum_parts(c, k, (g->rows + g->part - 1) / g->part, error) < 0)
        return -1;
    *error /= g->all * (double)k->classes;
    return MP_OK;
}

int mp_left_out_error(struct mp_ctx *c, const struct mp_left_out *l, const struct mp_gram *g,
                      double shift, const double *x, size_t classes, double *error)
{
    struct mp_gram_factor *factor;
    int rc = mp_gram_factor_open(c, g, shift, &factor);
    if (rc == MP_OK) {
        struct work k = { .l = l, .g = g, .factor = factor, .x = x, .classes = classes };
        rc = look(c, &k, error);
        free(k.mean);
        free(k.error);
    }
    mp_gram_factor_close(factor);
    return rc;
}
