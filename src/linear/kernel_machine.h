/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_machine.h - support vector machines with a kernel, of two classes, by libsvm.
 *
 * Chang, Lin 2011, "LIBSVM: a library for support vector machines". */
#ifndef MP_KERNEL_MACHINE_H
#define MP_KERNEL_MACHINE_H
#include "core/stage.h"

enum mp_kernel { MP_RBF, MP_POLY };
#define MP_KERNELS "rbf|poly"

/* exp(-gamma |x - y|^2), or (gamma x.y + constant)^degree. */
struct mp_kernel_rules {
    enum mp_kernel kernel;
    double gamma, constant;
    int degree;
    double C, tolerance;
    double cache; /* MiB of kernel values that each thread keeps */
};

/* Rows as libsvm has them: values that are not zero. */
struct mp_kernel_rows;
struct mp_kernel_rows *mp_kernel_rows_open(struct mp_ctx *c, size_t room);
int mp_kernel_rows_add(struct mp_ctx *c, struct mp_kernel_rows *r, const float *x, size_t d);
void mp_kernel_rows_get(const struct mp_kernel_rows *r, size_t row, float *x, size_t d);
void mp_kernel_rows_close(struct mp_kernel_rows *r);

/* What separates two classes: a row is of the first where sum coef[i] K(x, row[i]) > rho. */
struct mp_separation {
    size_t n;
    uint32_t *row;
    double *coef, rho;
};

/* Loads libsvm unless it is there. */
int mp_kernel_load(struct mp_ctx *c);
bool mp_kernel_version(char *text, size_t size);

/* Of n + m rows, those of the first class first; on any thread.  factor: of C, for each. */
int mp_kernel_separate(struct mp_ctx *c, const struct mp_kernel_rules *k,
                       const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                       const double factor[2], struct mp_separation *to);
void mp_separation_free(struct mp_separation *s);
#endif
