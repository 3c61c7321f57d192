/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_rows.h - rows, and kernels of some with all, as products of matrices. */
#ifndef MP_KERNEL_ROWS_H
#define MP_KERNEL_ROWS_H
#include "core/stage.h"

enum mp_kernel { MP_RBF, MP_POLY };
#define MP_KERNELS "rbf|poly"

/* exp(-gamma |x - y|^2), or (gamma x.y + constant)^degree. */
struct mp_kernel_rules {
    enum mp_kernel kernel;
    double gamma, constant;
    int degree;
};

/* Rows that are kept: as levels, a byte a value, while all are. */
struct mp_kernel_rows;
struct mp_kernel_rows *mp_kernel_rows_open(struct mp_ctx *c, size_t room, size_t d);
int mp_kernel_rows_add(struct mp_ctx *c, struct mp_kernel_rows *r, const float *x);
void mp_kernel_rows_get(const struct mp_kernel_rows *r, size_t row, float *x);
size_t mp_kernel_rows_width(const struct mp_kernel_rows *r);
void mp_kernel_rows_close(struct mp_kernel_rows *r);

/* Some of the rows, made ready to be multiplied, for one thread.  most: of them that are asked
 * for at a time. */
struct mp_kernel_part;
struct mp_kernel_part *mp_kernel_part_open(struct mp_ctx *c, const struct mp_kernel_rows *r,
                                           const struct mp_kernel_rules *rules,
                                           const uint32_t *rows, size_t n, size_t most);
void mp_kernel_part_close(struct mp_kernel_part *p);

/* Kernels of `some` rows of the part, by their numbers in it, with all n of them: z, some x n. */
int mp_kernel_part_make(struct mp_ctx *c, const struct mp_kernel_part *p, const uint32_t *which,
                        size_t some, float *z);

/* The kernel of a row of the part with itself. */
double mp_kernel_part_own(const struct mp_kernel_part *p, size_t i);
#endif
