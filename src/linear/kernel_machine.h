/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_machine.h - support vector machines with a kernel, of two classes, by smo.h or by libsvm.
 *
 * Chang, Lin 2011, "LIBSVM: a library for support vector machines". */
#ifndef MP_KERNEL_MACHINE_H
#define MP_KERNEL_MACHINE_H
#include "linear/kernel_rows.h"

enum mp_kernel_solver { MP_SMO, MP_LIBSVM };
#define MP_KERNEL_SOLVERS "smo|libsvm"

struct mp_kernel_machine {
    struct mp_kernel_rules kernel;
    enum mp_kernel_solver solver;
    double C, tolerance;
    double cache; /* MiB of kernel values that each thread keeps */
};

/* What separates two classes: a row is of the first where sum coef[i] K(x, row[i]) > rho. */
struct mp_separation {
    size_t n;
    uint32_t *row;
    double *coef, rho;
    bool early; /* the limit of steps came before the tolerance */
};

/* Loads libsvm unless it is there; else the first to ask for it does. */
int mp_kernel_load(struct mp_ctx *c);
bool mp_kernel_version(char *text, size_t size);

/* Of n + m rows, those of the first class first; on any thread.  factor: of C, for each. */
int mp_kernel_separate(struct mp_ctx *c, const struct mp_kernel_machine *k,
                       const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                       const double factor[2], struct mp_separation *to);
void mp_separation_free(struct mp_separation *s);
#endif
