/* SPDX-License-Identifier: GPL-3.0-or-later */
/* byte_products.c - products of bytes, held against plain loops. */
#include "linear/byte_products.h"
#include "linear/dnn.h"
#include <stdlib.h>

enum { M = 24, N = 40 };

/* Large and small ones, of either sign: value j of row i. */
static uint8_t left(size_t i, size_t j)
{
    return (i + j) % 3 == 0 ? (uint8_t)(i * 37 + j * 11) : 255;
}

static int8_t right_of(size_t i, size_t j)
{
    return (int8_t)(i % 3 == 0 ? 127 : i % 3 == 1 ? -128 : (int)((i + j) * 29 % 256) - 128);
}

static int multiply(bool turned, size_t k, uint8_t *a, int8_t *b, int32_t *y)
{
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i < M; i++)
            a[turned ? j * M + i : i * k + j] = left(i, j);
        for (size_t i = 0; i < N; i++)
            b[turned ? j * N + i : i * k + j] = right_of(i, j);
    }
    return turned ? mp_gemm_bytes_turned(M, N, k, a, M, b, N, y, N)
                  : mp_gemm_bytes(M, N, k, a, b, y, N);
}

static bool same(size_t k, const int32_t *y)
{
    for (size_t i = 0; i < (size_t)M * N; i++) {
        int32_t sum = 0;
        for (size_t j = 0; j < k; j++)
            sum += left(i / N, j) * right_of(i % N, j);
        if (y[i] != sum)
            return false;
    }
    return true;
}

int mp_byte_products(struct mp_ctx *c, bool turned, size_t k, bool *right)
{
    int32_t y[M * N];
    *right = false;
    if (mp_dnn_load(c) < 0)
        return -1;
    if (k > MP_BYTE_SUM || !mp_dnn_multiplies_bytes())
        return MP_OK;
    uint8_t *a = mp_alloc(c, M * k, sizeof *a);
    int8_t *b = a == NULL ? NULL : mp_alloc(c, N * k, sizeof *b);
    int rc = b != NULL ? MP_OK : -1;
    if (rc == MP_OK && multiply(turned, k, a, b, y) < 0)
        rc = mp_fail(c, "no memory for products of %d rows", M);
    *right = rc == MP_OK && same(k, y);
    free(a);
    free(b);
    return rc;
}
