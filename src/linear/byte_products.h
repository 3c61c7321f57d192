/* SPDX-License-Identifier: GPL-3.0-or-later */
/* byte_products.h - whether rows of pixels may be multiplied as bytes: whole numbers, of which
 * nothing is lost, four times as fast as floats. */
#ifndef MP_BYTE_PRODUCTS_H
#define MP_BYTE_PRODUCTS_H
#include "core/stage.h"

/* Values that one product may sum: 255 times 128 each, in 32 bits. */
enum { MP_BYTE_SUM = 1 << 15 };

/* *right: whether mp_gemm_bytes(), or with `turned` mp_gemm_bytes_turned(), is fast here and gives
 * sums of k values that are right, as seen in one product of the largest there can be.  Loads
 * oneDNN.  Negative: no memory. */
int mp_byte_products(struct mp_ctx *c, bool turned, size_t k, bool *right);
#endif
