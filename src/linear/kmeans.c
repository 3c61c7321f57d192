/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kmeans.c - k centres of rows by Lloyd's method (1982, "Least squares quantization in PCM").
 *
 * Cost: 2 n d k flops each time, as products of matrices. */
#include "linear/kmeans.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, MOST_PARTS = 32 }; /* rows of a product; what is summed apart */

struct job {
    const float *x;
    size_t n, d, k, part; /* part: rows that are summed apart, whole blocks */
    float *centres;
    float *size, *own;    /* k: of centres; n: of rows */
    uint32_t *nearest;    /* n */
    double *sums, *error; /* of each part k x (d + 1), the last how many rows; and its error */
    size_t *moved;        /* of each part */
    size_t parts;
};

/* Sums side by side, so that the order of additions is the same on every processor. */
MP_CLONES void mp_squares(const float *x, size_t n, size_t d, float *size)
{
    for (size_t i = 0; i < n; i++, x += d) {
        mp_vector sum = { 0 };
        float all = 0;
        size_t j = 0;
        for (; j + MP_LANES <= d; j += MP_LANES) {
            mp_vector v;
            memcpy(&v, x + j, sizeof v);
            sum += v * v;
        }
        for (; j < d; j++)
            all += x[j] * x[j];
        for (size_t l = 0; l < MP_LANES; l++)
            all += sum[l];
        size[i] = all;
    }
}

MP_CLONES void mp_distances(float *z, const float *size, const float *centre, size_t n, size_t k)
{
    for (size_t i = 0; i < n; i++, z += k)
        for (size_t j = 0; j < k; j++) {
            const float far = size[i] + centre[j] - 2 * z[j];
            z[j] = far > 0 ? far : 0;
        }
}

/* Of products with centres the one that is nearest; *best: |centre|^2 - 2 product, which z becomes.
 * The least is sought in lanes, then where it stands first. */
MP_CLONES static uint32_t nearest(float *restrict z, const float *restrict centre, size_t k,
                                  float *best)
{
    mp_vector lane = (mp_vector){ 0 } + INFINITY;
    float least = INFINITY;
    size_t j = 0;
    for (; j + MP_LANES <= k; j += MP_LANES) {
        mp_vector v, own;
        memcpy(&v, z + j, sizeof v);
        memcpy(&own, centre + j, sizeof own);
        v = own - 2 * v;
        memcpy(z + j, &v, sizeof v);
        for (size_t l = 0; l < MP_LANES; l++)
            lane[l] = v[l] < lane[l] ? v[l] : lane[l];
    }
    for (; j < k; j++) {
        z[j] = centre[j] - 2 * z[j];
        least = z[j] < least ? z[j] : least;
    }
    for (size_t l = 0; l < MP_LANES; l++)
        least = lane[l] < least ? lane[l] : least;
    *best = least;
    for (j = 0; j < k && !(z[j] <= least);)
        j++;
    return j < k ? (uint32_t)j : 0;
}

MP_CLONES static void add_row(double *restrict sum, const float *restrict x, size_t d, double times)
{
    for (size_t j = 0; j < d; j++)
        sum[j] += times * (double)x[j];
    sum[d] += times;
}

/* Sums stay from one time to the next, and only rows that change their centre are moved. */
static void count(const struct job *b, size_t p, size_t row, float *z)
{
    float best;
    const float *x = b->x + row * b->d;
    const uint32_t at = nearest(z, b->size, b->k, &best), was = b->nearest[row];
    double *sums = b->sums + p * b->k * (b->d + 1);
    b->error[p] += fmax(0, (double)b->own[row] + (double)best);
    if (at == was)
        return;
    if (was != UINT32_MAX)
        add_row(sums + was * (b->d + 1), x, b->d, -1);
    add_row(sums + at * (b->d + 1), x, b->d, 1);
    b->moved[p]++;
    b->nearest[row] = at;
}

static int assign(struct mp_ctx *c, void *arg, size_t p)
{
    const struct job *b = arg;
    const size_t end = (p + 1) * b->part < b->n ? (p + 1) * b->part : b->n;
    float *z = mp_scratch(c, BLOCK * b->k);
    if (z == NULL)
        return -1;
    b->error[p] = 0;
    b->moved[p] = 0;
    for (size_t i = p * b->part; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        if (b->nearest[i] == UINT32_MAX)
            mp_squares(b->x + i * b->d, n, b->d, b->own + i);
        if (mp_gemm(false, true, n, b->k, b->d, 1, b->x + i * b->d, b->d, b->centres, b->d, 0, z,
                    b->k) < 0)
            return mp_fail(c, "no memory for products of %d rows", BLOCK);
        for (size_t r = 0; r < n; r++)
            count(b, p, i + r, z + r * b->k);
    }
    return MP_OK;
}

MP_CLONES static void add_sums(double *restrict all, const double *restrict sums, size_t n)
{
    for (size_t j = 0; j < n; j++)
        all[j] += sums[j];
}

/* Adds the parts' sums of centre k, in their order; it goes to the mean. */
static int move(struct mp_ctx *c, void *arg, size_t k)
{
    const struct job *b = arg;
    const size_t wide = b->d + 1;
    double *all = (double *)(void *)mp_scratch(c, 2 * wide);
    if (all == NULL)
        return -1;
    memset(all, 0, wide * sizeof *all);
    for (size_t p = 0; p < b->parts; p++)
        add_sums(all, b->sums + (p * b->k + k) * wide, wide);
    for (size_t j = 0; j < b->d && all[b->d] > 0; j++)
        b->centres[k * b->d + j] = (float)(all[j] / all[b->d]);
    return MP_OK;
}

static int go(struct mp_ctx *c, struct job *b, int times, double *error)
{
    for (int t = 0; t < times; t++) {
        size_t moved = 0;
        mp_squares(b->centres, b->k, b->d, b->size);
        if (mp_parallel_for(c, b->parts, assign, b) < 0)
            return -1;
        *error = 0;
        for (size_t p = 0; p < b->parts; p++) {
            *error += b->error[p];
            moved += b->moved[p];
        }
        if (moved == 0)
            break;
        if (mp_parallel_for(c, b->k, move, b) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_kmeans(struct mp_ctx *c, const float *x, size_t n, size_t d, float *centres, size_t k,
              int times, double *error)
{
    const size_t blocks = (n + BLOCK - 1) / BLOCK;
    const size_t part = (blocks + MOST_PARTS - 1) / MOST_PARTS * BLOCK;
    const size_t parts = (n + part - 1) / part;
    struct job b = { .x = x, .n = n, .d = d, .k = k, .part = part, .centres = centres,
                     .parts = parts };
    b.size = mp_alloc(c, k, sizeof *b.size);
    b.own = b.size == NULL ? NULL : mp_alloc(c, n, sizeof *b.own);
    b.nearest = b.own == NULL ? NULL : mp_alloc(c, n, sizeof *b.nearest);
    b.error = b.nearest == NULL ? NULL : mp_alloc(c, parts, sizeof *b.error);
    b.moved = b.error == NULL ? NULL : mp_alloc(c, parts, sizeof *b.moved);
    b.sums = b.moved == NULL ? NULL
                             : mp_alloc(c, mp_product(parts * k, d + 1), sizeof *b.sums);
    for (size_t i = 0; i < n && b.sums != NULL; i++)
        b.nearest[i] = UINT32_MAX;
    const int rc = b.sums == NULL ? -1 : go(c, &b, times, error);
    free(b.size);
    free(b.own);
    free(b.nearest);
    free(b.error);
    free(b.moved);
    free(b.sums);
    return rc;
}
