/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_rows.c - kernels of some rows with all.
 *
 * Rows of levels are multiplied as bytes where the processor does that four times as fast as
 * floats: what comes of it is exact.  Else products are of floats. */
#include "linear/kernel_rows.h"
#include "core/exp.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/nearest.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 1 << 15 }; /* of bytes, whose squares add up to less than 2^31 */

struct mp_kernel_rows {
    size_t n, room, d;
    uint8_t *b; /* rows of levels */
    float *x;   /* or of floats */
};

struct mp_kernel_part {
    const struct mp_kernel_rows *rows;
    struct mp_kernel_rules rules;
    size_t n, d;
    bool bytes;
    int8_t *b;     /* n x d levels less 128 */
    float *x;      /* or n x d values */
    uint8_t *some; /* those that are asked for */
    float *of;     /* or as floats */
    float *square; /* of each row, |x|^2 */
    uint32_t *sum, *squares; /* of each row's levels, and theirs */
    uint32_t *row; /* its number */
};

/* ------------------------------------------------------------------ rows */

struct mp_kernel_rows *mp_kernel_rows_open(struct mp_ctx *c, size_t room, size_t d)
{
    struct mp_kernel_rows *r = mp_alloc(c, 1, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct mp_kernel_rows){ .room = room, .d = d };
    if ((r->b = mp_alloc(c, mp_product(room, d), sizeof *r->b)) != NULL)
        return r;
    free(r);
    return NULL;
}

int mp_kernel_rows_add(struct mp_ctx *c, struct mp_kernel_rows *r, const float *x)
{
    const size_t d = r->d, at = r->n * d;
    if (r->n >= r->room)
        return mp_fail(c, "no room for row %zu of %zu values", r->n + 1, d);
    if (r->b != NULL && !mp_levels(x, d, r->b + at)) {
        if ((r->x = mp_alloc(c, mp_product(r->room, d), sizeof *r->x)) == NULL)
            return -1;
        mp_of_levels(r->b, at, r->x);
        free(r->b);
        r->b = NULL;
    }
    if (r->b == NULL)
        memcpy(r->x + at, x, d * sizeof *x);
    r->n++;
    return MP_OK;
}

void mp_kernel_rows_get(const struct mp_kernel_rows *r, size_t row, float *x)
{
    if (r->b != NULL)
        mp_of_levels(r->b + row * r->d, r->d, x);
    else
        memcpy(x, r->x + row * r->d, r->d * sizeof *x);
}

size_t mp_kernel_rows_width(const struct mp_kernel_rows *r)
{
    return r->d;
}

void mp_kernel_rows_close(struct mp_kernel_rows *r)
{
    if (r == NULL)
        return;
    free(r->b);
    free(r->x);
    free(r);
}

/* ------------------------------------------------------------------ a part of them */

/* Bytes by their sum and their squares', in whole numbers. */
static void take_bytes(struct mp_kernel_part *p, size_t i)
{
    const uint8_t *from = p->rows->b + p->row[i] * p->d;
    uint32_t sum = 0, squares = 0;
    for (size_t j = 0; j < p->d; j++) {
        p->b[i * p->d + j] = (int8_t)(from[j] - 128);
        sum += from[j];
        squares += (uint32_t)(from[j] * from[j]);
    }
    p->sum[i] = sum;
    p->squares[i] = squares;
}

static void take_floats(struct mp_kernel_part *p, size_t i)
{
    float *to = p->x + i * p->d;
    double squares = 0;
    mp_kernel_rows_get(p->rows, p->row[i], to);
    for (size_t j = 0; j < p->d; j++)
        squares += (double)to[j] * (double)to[j];
    p->square[i] = (float)squares;
}

struct mp_kernel_part *mp_kernel_part_open(struct mp_ctx *c, const struct mp_kernel_rows *r,
                                           const struct mp_kernel_rules *rules,
                                           const uint32_t *rows, size_t n, size_t most)
{
    struct mp_kernel_part *p = mp_alloc(c, 1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct mp_kernel_part){ .rows = r, .rules = *rules, .n = n, .d = r->d };
    p->bytes = r->b != NULL && r->d <= MOST_VALUES && mp_dnn_multiplies_bytes();
    p->row = mp_alloc(c, n, sizeof *p->row);
    if (p->bytes) {
        p->b = mp_alloc(c, mp_product(n, r->d), sizeof *p->b);
        p->some = mp_alloc(c, mp_product(most, r->d), sizeof *p->some);
        p->sum = mp_alloc(c, n, sizeof *p->sum);
        p->squares = mp_alloc(c, n, sizeof *p->squares);
    } else {
        p->square = mp_alloc(c, n, sizeof *p->square);
        p->x = mp_alloc(c, mp_product(n, r->d), sizeof *p->x);
        p->of = mp_alloc(c, mp_product(most, r->d), sizeof *p->of);
    }
    const bool of_bytes = p->b != NULL && p->some != NULL && p->sum != NULL && p->squares != NULL;
    const bool of_floats = p->x != NULL && p->of != NULL && p->square != NULL;
    if (p->row == NULL || !(of_bytes || of_floats)) {
        mp_kernel_part_close(p);
        return NULL;
    }
    memcpy(p->row, rows, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        (p->bytes ? take_bytes : take_floats)(p, i);
    return p;
}

void mp_kernel_part_close(struct mp_kernel_part *p)
{
    if (p == NULL)
        return;
    free(p->b);
    free(p->x);
    free(p->some);
    free(p->of);
    free(p->square);
    free(p->sum);
    free(p->squares);
    free(p->row);
    free(p);
}

/* ------------------------------------------------------------------ kernels */

/* Products of a row with n others become kernels; square: of each |x|^2, of the row `own`. */
MP_CLONES static void gauss(float *restrict z, size_t n, float gamma, float own,
                            const float *restrict square)
{
    for (size_t j = 0; j < n; j++) {
        const float gap = own + square[j] - 2 * z[j];
        z[j] = mp_exp(-gamma * (gap > 0 ? gap : 0));
    }
}

/* Products of bytes that lack `add` become kernels where they are: up to the distance, which fits
 * 31 bits, all is exact. */
MP_CLONES static void gauss_bytes(void *restrict z, size_t n, float gamma, uint32_t own,
                                  uint32_t add, const uint32_t *restrict squares)
{
    for (size_t j = 0; j < n; j++) {
        uint32_t product;
        memcpy(&product, (char *)z + j * sizeof product, sizeof product);
        const int32_t gap = (int32_t)(own + squares[j] - 2 * (product + add));
        const float kernel = mp_exp(-gamma * (float)gap);
        memcpy((char *)z + j * sizeof kernel, &kernel, sizeof kernel);
    }
}

MP_CLONES static void scale_bytes(void *z, size_t n, uint32_t add)
{
    for (size_t j = 0; j < n; j++) {
        uint32_t product;
        memcpy(&product, (char *)z + j * sizeof product, sizeof product);
        const float value = (float)(int32_t)(product + add) / (255.0f * 255.0f);
        memcpy((char *)z + j * sizeof value, &value, sizeof value);
    }
}

MP_CLONES static void powers(float *z, size_t n, const struct mp_kernel_rules *k)
{
    for (size_t j = 0; j < n; j++) {
        const double base = k->gamma * (double)z[j] + k->constant;
        double power = base;
        for (int i = 1; i < k->degree; i++)
            power *= base;
        z[j] = (float)power;
    }
}

double mp_kernel_part_own(const struct mp_kernel_part *p, size_t i)
{
    float own = p->bytes ? (float)p->squares[i] / (255.0f * 255.0f) : p->square[i];
    if (p->rules.kernel == MP_RBF)
        return 1;
    powers(&own, 1, &p->rules);
    return (double)own;
}

static int multiply(struct mp_ctx *c, const struct mp_kernel_part *p, const uint32_t *which,
                    size_t some, float *z)
{
    const size_t d = p->d;
    for (size_t i = 0; i < some; i++) {
        if (p->bytes)
            memcpy(p->some + i * d, p->rows->b + p->row[which[i]] * d, d);
        else
            memcpy(p->of + i * d, p->x + which[i] * d, d * sizeof *p->x);
    }
    const int rc =
        p->bytes ? mp_gemm_bytes(some, p->n, d, p->some, p->b, (int32_t *)(void *)z, p->n)
                 : mp_gemm(false, true, some, p->n, d, 1, p->of, d, p->x, d, 0, z, p->n);
    return rc == MP_OK ? MP_OK : mp_fail(c, "no memory for products of %zu rows", p->n);
}

int mp_kernel_part_make(struct mp_ctx *c, const struct mp_kernel_part *p, const uint32_t *which,
                        size_t some, float *z)
{
    const float gamma = (float)(p->bytes ? p->rules.gamma / (255.0 * 255) : p->rules.gamma);
    if (multiply(c, p, which, some, z) < 0)
        return -1;
    for (size_t i = 0; i < some; i++) {
        const size_t at = which[i];
        float *own = z + i * p->n;
        const uint32_t add = p->bytes ? 128 * p->sum[at] : 0; /* rows were less 128 */
        if (p->rules.kernel == MP_RBF && p->bytes)
            gauss_bytes(own, p->n, gamma, p->squares[at], add, p->squares);
        else if (p->rules.kernel == MP_RBF)
            gauss(own, p->n, gamma, p->square[at], p->square);
        else if (p->bytes)
            scale_bytes(own, p->n, add);
        if (p->rules.kernel == MP_POLY)
            powers(own, p->n, &p->rules);
        own[at] = (float)mp_kernel_part_own(p, at);
    }
    return MP_OK;
}
