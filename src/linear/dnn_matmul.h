/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnn_matmul.h - one product of matrices by oneDNN, in exactly the form that is asked for.
 * Private to linear/: what the library gives is not held against anything here. */
#ifndef MP_DNN_MATMUL_H
#define MP_DNN_MATMUL_H
#include "linear/products.h"

/* Several threads may use it at once. */
struct mp_dnn_matmul;

/* NULL after an mp_fail() of its own. */
struct mp_dnn_matmul *mp_dnn_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d);
void mp_dnn_matmul_close(struct mp_dnn_matmul *v);

/* As mp_matmul_run() of matmul.h. */
int mp_dnn_matmul_run(struct mp_ctx *c, const struct mp_dnn_matmul *v, const void *a,
                      const void *b, void *y);
#endif
