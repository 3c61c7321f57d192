/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matmul.h - products of matrices that are made many times, by oneDNN.
 *
 * As of a convolution (convolution.h): on the calling thread alone, the same bits on any, and
 * held against plain loops when opened; what is wrong in bf16 is done in f32, with a warning. */
#ifndef MP_MATMUL_H
#define MP_MATMUL_H
#include "linear/products.h"

/* What the library has made ready; several threads may use it at once. */
struct mp_matmul;

/* Loads the library, too.  NULL after an mp_fail() of its own. */
struct mp_matmul *mp_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d);
void mp_matmul_close(struct mp_matmul *v);

/* a and b are floats or mp_bf16, as the precision says; y as `round` does.  Negative after an
 * mp_fail(). */
int mp_matmul_run(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                  void *y);
#endif
