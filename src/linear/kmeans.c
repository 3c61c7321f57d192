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
    const float *centres;
    float *size;          /* k: of centres */
    uint32_t *nearest;    /* n */
    double *sums, *error; /* of each part k x (d + 1), the last how many rows; and its error */
    size_t *moved;        /* of each part */
};

MP_CLONES void mp_squares(const float *x, size_t n, size_t d, float *size)
{
    for (size_t i = 0; i < n; i++, x += d) {
        float sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += x[j] * x[j];
        size[i] = sum;
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

/* Of products with centres the one that is nearest; *best: |centre|^2 - 2 product. */
static inline uint32_t nearest(const float *z, const float *centre, size_t k, float *best)
{
    uint32_t at = 0;
    *best = INFINITY;
    for (size_t j = 0; j < k; j++) {
        const float far = centre[j] - 2 * z[j];
        at = far < *best ? (uint32_t)j : at;
        *best = far < *best ? far : *best;
    }
    return at;
}

static void count(const struct job *b, size_t p, size_t row, const float *z)
{
    float best, size = 0;
    const float *x = b->x + row * b->d;
    const uint32_t at = nearest(z, b->size, b->k, &best);
    double *sum = b->sums + (p * b->k + at) * (b->d + 1);
    for (size_t j = 0; j < b->d; j++) {
        sum[j] += (double)x[j];
        size += x[j] * x[j];
    }
    sum[b->d]++;
    b->error[p] += fmax(0, (double)size + (double)best);
    b->moved[p] += b->nearest[row] != at;
    b->nearest[row] = at;
}

static int assign(struct mp_ctx *c, void *arg, size_t p)
{
    const struct job *b = arg;
    const size_t end = (p + 1) * b->part < b->n ? (p + 1) * b->part : b->n;
    float *z = mp_scratch(c, BLOCK * b->k);
    if (z == NULL)
        return -1;
    memset(b->sums + p * b->k * (b->d + 1), 0, b->k * (b->d + 1) * sizeof *b->sums);
    b->error[p] = 0;
    b->moved[p] = 0;
    for (size_t i = p * b->part; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        if (mp_gemm(false, true, n, b->k, b->d, 1, b->x + i * b->d, b->d, b->centres, b->d, 0, z,
                    b->k) < 0)
            return mp_fail(c, "no memory for products of %d rows", BLOCK);
        for (size_t r = 0; r < n; r++)
            count(b, p, i + r, z + r * b->k);
    }
    return MP_OK;
}

/* Adds the parts' sums to the first one's, in their order; centres go to the means. */
static void move(const struct job *b, size_t parts, float *centres)
{
    const size_t wide = b->d + 1, all = b->k * wide;
    for (size_t p = 1; p < parts; p++)
        for (size_t i = 0; i < all; i++)
            b->sums[i] += b->sums[p * all + i];
    for (size_t k = 0; k < b->k; k++)
        for (size_t j = 0; j < b->d && b->sums[k * wide + b->d] > 0; j++)
            centres[k * b->d + j] = (float)(b->sums[k * wide + j] / b->sums[k * wide + b->d]);
}

static int go(struct mp_ctx *c, struct job *b, size_t parts, float *centres, int times,
              double *error)
{
    for (int t = 0; t < times; t++) {
        size_t moved = 0;
        mp_squares(centres, b->k, b->d, b->size);
        if (mp_parallel_for(c, parts, assign, b) < 0)
            return -1;
        *error = 0;
        for (size_t p = 0; p < parts; p++) {
            *error += b->error[p];
            moved += b->moved[p];
        }
        if (moved == 0)
            break;
        move(b, parts, centres);
    }
    return MP_OK;
}

int mp_kmeans(struct mp_ctx *c, const float *x, size_t n, size_t d, float *centres, size_t k,
              int times, double *error)
{
    const size_t blocks = (n + BLOCK - 1) / BLOCK;
    const size_t part = (blocks + MOST_PARTS - 1) / MOST_PARTS * BLOCK;
    const size_t parts = (n + part - 1) / part;
    struct job b = { .x = x, .n = n, .d = d, .k = k, .part = part, .centres = centres };
    b.size = mp_alloc(c, k, sizeof *b.size);
    b.nearest = b.size == NULL ? NULL : mp_alloc(c, n, sizeof *b.nearest);
    b.error = b.nearest == NULL ? NULL : mp_alloc(c, parts, sizeof *b.error);
    b.moved = b.error == NULL ? NULL : mp_alloc(c, parts, sizeof *b.moved);
    b.sums = b.moved == NULL ? NULL
                             : mp_alloc(c, mp_product(parts * k, d + 1), sizeof *b.sums);
    for (size_t i = 0; i < n && b.sums != NULL; i++)
        b.nearest[i] = UINT32_MAX;
    const int rc = b.sums == NULL ? -1 : go(c, &b, parts, centres, times, error);
    free(b.size);
    free(b.nearest);
    free(b.error);
    free(b.moved);
    free(b.sums);
    return rc;
}
