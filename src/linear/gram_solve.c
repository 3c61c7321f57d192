/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gram_solve.c - linear equations with the matrix of gram.h.
 *
 * Method: Cholesky's factor U, U'U = G + shift I, tile by tile: the tile on the diagonal,
 * its row by elimination, and then the tiles below and to the right by mp_gemm(), which
 * threads share.  It is f32, and so is only nearly the factor: the solution is corrected by
 * what it leaves of b, in double (iterative refinement: Higham 2002, "Accuracy and
 * stability of numerical algorithms", chapter 12).
 *
 * Cost: d^3 / 6 multiply-adds, and two sweeps over the matrix for each right side and
 * correction; 0.2 s for 4096 and ten right sides on two cores with AVX-512.
 * Memory: another 2 d^2 bytes. */
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/gram.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = MP_GRAM_TILE, MAX_ROUNDS = 60 };

static const double enough = 1e-9; /* of b may be left */

struct solution {
    const struct mp_gram *g;
    double shift;
    float *u;         /* the factor's tiles */
    size_t k;         /* the row of tiles in hand */
    double *b, *x;    /* right sides and what solves them */
    int *slow;        /* of each right side: did not converge */
};

static float *tile(const struct solution *s, size_t i, size_t j)
{
    return s->u + mp_tile_at(s->g->side, i, j);
}

/* ------------------------------------------------------------- the factor */

/* Rows of x less multiples of those above, as U' x = what x was asks for. */
MP_CLONES static void eliminate(const float *restrict u, float *restrict x)
{
    for (size_t r = 0; r < TILE; r++) {
        float *row = x + r * TILE;
        for (size_t q = 0; q < r; q++) {
            const float k = u[q * TILE + r];
            const float *above = x + q * TILE;
            for (size_t j = 0; j < TILE; j++)
                row[j] -= k * above[j];
        }
        const float scale = 1 / u[r * TILE + r];
        for (size_t j = 0; j < TILE; j++)
            row[j] *= scale;
    }
}

/* The factor of a tile on the diagonal; false: it has none. */
MP_CLONES static bool factor_tile(float *a)
{
    for (size_t r = 0; r < TILE; r++) {
        float *row = a + r * TILE;
        for (size_t q = 0; q < r; q++) {
            const float *above = a + q * TILE, k = above[r];
            for (size_t j = r; j < TILE; j++)
                row[j] -= k * above[j];
        }
        if (!(row[r] > 0) || !isfinite(row[r]))
            return false;
        const float scale = 1 / sqrtf(row[r]);
        for (size_t j = r; j < TILE; j++)
            row[j] *= scale;
    }
    return true;
}

static int eliminate_tile(struct mp_ctx *c, void *arg, size_t i)
{
    const struct solution *s = arg;
    (void)c;
    eliminate(tile(s, s->k, s->k), tile(s, s->k, s->k + 1 + i));
    return MP_OK;
}

/* Tile (i, j) behind row k less the product of those above it. */
static int update_tile(struct mp_ctx *c, void *arg, size_t q)
{
    const struct solution *s = arg;
    size_t i = s->k + 1;
    for (; q >= s->g->side - i; i++)
        q -= s->g->side - i;
    if (mp_stopped(c))
        return mp_fail(c, "interrupted");
    if (mp_gemm(true, false, TILE, TILE, TILE, -1, tile(s, s->k, i), TILE, tile(s, s->k, i + q),
                TILE, 1, tile(s, i, i + q), TILE) < 0)
        return mp_fail(c, "no memory for products of %d rows", TILE);
    return MP_OK;
}

/* 1: there is no factor. */
static int factor(struct mp_ctx *c, struct solution *s)
{
    const size_t side = s->g->side;
    memcpy(s->u, s->g->tiles, mp_tiles(side) * TILE * TILE * sizeof *s->u);
    for (size_t j = 0; j < side * TILE; j++) {
        float *at = tile(s, j / TILE, j / TILE) + j % TILE * (TILE + 1);
        *at = j < s->g->d ? (float)((double)*at + s->shift) : 1;
    }
    for (s->k = 0; s->k < side; s->k++) {
        const size_t left = side - s->k - 1;
        if (!factor_tile(tile(s, s->k, s->k)))
            return 1;
        if (mp_parallel_for(c, left, eliminate_tile, s) < 0 ||
            mp_parallel_for(c, mp_tiles(left), update_tile, s) < 0)
            return -1;
    }
    return MP_OK;
}

/* ------------------------------------------------------------- right sides */

MP_CLONES static double dot(const float *restrict a, const double *restrict x, size_t n)
{
    double sum[MP_LANES] = { 0 };
    size_t j = 0;
    for (; j + MP_LANES <= n; j += MP_LANES)
        for (size_t l = 0; l < MP_LANES; l++)
            sum[l] += (double)a[j + l] * x[j + l];
    for (size_t l = 0; j < n; j++, l++)
        sum[l] += (double)a[j] * x[j];
    for (size_t half = MP_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

MP_CLONES static void add(double *restrict y, double k, const float *restrict a, size_t n)
{
    for (size_t j = 0; j < n; j++)
        y[j] += k * (double)a[j];
}

/* x becomes what U' U times it is x. */
static void substitute(const struct solution *s, double *x)
{
    const size_t side = s->g->side;
    for (size_t i = 0; i < side; i++)
        for (size_t r = 0; r < TILE; r++) {
            double *at = x + i * TILE + r;
            *at /= (double)tile(s, i, i)[r * TILE + r];
            add(at + 1, -*at, tile(s, i, i) + r * TILE + r + 1, TILE - r - 1);
            for (size_t j = i + 1; j < side; j++)
                add(x + j * TILE, -*at, tile(s, i, j) + r * TILE, TILE);
        }
    for (size_t i = side; i-- > 0;)
        for (size_t r = TILE; r-- > 0;) {
            double *at = x + i * TILE + r;
            *at -= dot(tile(s, i, i) + r * TILE + r + 1, at + 1, TILE - r - 1);
            for (size_t j = i + 1; j < side; j++)
                *at -= dot(tile(s, i, j) + r * TILE, x + j * TILE, TILE);
            *at /= (double)tile(s, i, i)[r * TILE + r];
        }
}

/* r = b - (G + shift I) x. */
static void residual(const struct solution *s, const double *b, const double *x, double *r)
{
    const size_t side = s->g->side;
    for (size_t j = 0; j < side * TILE; j++)
        r[j] = b[j] - (j < s->g->d ? s->shift : 1) * x[j];
    for (size_t i = 0; i < side; i++)
        for (size_t j = i; j < side; j++) {
            const float *a = s->g->tiles + mp_tile_at(side, i, j);
            for (size_t q = 0; q < TILE; q++, a += TILE) {
                const size_t own = i * TILE + q, from = i == j ? q + 1 : 0;
                r[own] -= dot(a + from, x + j * TILE + from, TILE - from);
                add(r + j * TILE + from, -x[own], a + from, TILE - from);
                if (i == j)
                    r[own] -= (double)a[q] * x[own];
            }
        }
}

static double length(const double *x, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += x[j] * x[j];
    return sqrt(sum);
}

/* Right side number k. */
static int solve_one(struct mp_ctx *c, void *arg, size_t k)
{
    const struct solution *s = arg;
    const size_t n = s->g->side * TILE;
    const double *b = s->b + k * n, whole = length(b, n);
    double *x = s->x + k * n, *r = mp_alloc(c, n, sizeof *r), left = whole;
    if (r == NULL)
        return -1;
    memcpy(r, b, n * sizeof *r);
    s->slow[k] = !isfinite(whole);
    for (int round = 0; left > enough * whole && !s->slow[k]; round++) {
        const double was = left;
        substitute(s, r);
        for (size_t j = 0; j < n; j++)
            x[j] += r[j];
        residual(s, b, x, r);
        left = length(r, n);
        s->slow[k] = !(left < 0.7 * was) || round == MAX_ROUNDS;
        if (mp_stopped(c)) {
            free(r);
            return mp_fail(c, "interrupted");
        }
    }
    free(r);
    return MP_OK;
}

static int solve_all(struct mp_ctx *c, struct solution *s, size_t n)
{
    const size_t wide = s->g->side * TILE;
    const int rc = factor(c, s);
    if (rc != MP_OK)
        return rc;
    if (mp_parallel_for(c, n, solve_one, s) < 0)
        return -1;
    for (size_t k = 0; k < n; k++)
        if (s->slow[k])
            return 1;
    memcpy(s->b, s->x, n * wide * sizeof *s->b);
    return MP_OK;
}

int mp_gram_solve(struct mp_ctx *c, const struct mp_gram *g, double shift, double *b, size_t n)
{
    struct solution s = { .g = g, .shift = shift, .b = b };
    s.u = mp_alloc(c, mp_tiles(g->side) * TILE * TILE, sizeof *s.u);
    s.x = mp_alloc(c, n * g->side * TILE, sizeof *s.x);
    s.slow = mp_alloc(c, n, sizeof *s.slow);
    const int rc = s.u != NULL && s.x != NULL && s.slow != NULL ? solve_all(c, &s, n) : -1;
    free(s.u);
    free(s.x);
    free(s.slow);
    return rc;
}

/* ------------------------------------------------------------- the factor by itself */

struct mp_gram_factor {
    struct solution s;
};

int mp_gram_factor_open(struct mp_ctx *c, const struct mp_gram *g, double shift,
                        struct mp_gram_factor **factor_)
{
    struct mp_gram_factor *f = *factor_ = mp_alloc(c, 1, sizeof *f);
    if (f == NULL)
        return -1;
    f->s = (struct solution){ .g = g, .shift = shift };
    f->s.u = mp_alloc(c, mp_tiles(g->side) * TILE * TILE, sizeof *f->s.u);
    return f->s.u != NULL ? factor(c, &f->s) : -1;
}

void mp_gram_factor_close(struct mp_gram_factor *f)
{
    if (f != NULL)
        free(f->s.u);
    free(f);
}

/* Of rows as columns, tile by tile, what U' times it is them: x' (U'U)^-1 x are its squares. */
int mp_gram_own(struct mp_ctx *c, const struct mp_gram_factor *f, const float *x, size_t n,
                double *own)
{
    const struct solution *s = &f->s;
    const size_t side = s->g->side, d = s->g->d;
    float *y = mp_alloc(c, side, TILE * TILE * sizeof *y);
    int rc = y != NULL ? MP_OK : -1;
    for (size_t r = 0; r < n && rc == MP_OK; r++) {
        own[r] = 0;
        for (size_t j = 0; j < d; j++)
            y[j * TILE + r] = x[r * d + j];
    }
    for (size_t k = 0; k < side && rc == MP_OK; k++) {
        float *at = y + k * TILE * TILE;
        for (size_t j = 0; j < k && rc == MP_OK; j++)
            rc = mp_gemm(true, false, TILE, TILE, TILE, -1, tile(s, j, k), TILE,
                         y + j * TILE * TILE, TILE, 1, at, TILE);
        if (rc < 0)
            mp_fail(c, "no memory for products of %d rows", TILE);
        else
            eliminate(tile(s, k, k), at);
    }
    for (size_t j = 0; j < d && rc == MP_OK; j++)
        for (size_t r = 0; r < n; r++)
            own[r] += (double)y[j * TILE + r] * (double)y[j * TILE + r];
    free(y);
    return rc;
}
