/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_machine.c - support vector machines with a kernel, of two classes, by libsvm.
 *
 * libsvm trains classes pair by pair anyway, so that pairs can be trained side by side; what it
 * would draw by rand() are the parts of its cross-validation for probabilities, which are not asked
 * for.  It tells of its work by a print function without an argument: at every thousandth step
 * at most, it can be left there.
 *
 * libsvm multiplies rows value by value, as lists of those that are not zero.  Where the cache has
 * room for the kernel of all rows with all, they are made before it begins, as products of
 * matrices, and it is told that it has them: for rows of some hundred values much faster. */
#include "linear/kernel_machine.h"
#include "config.h"
#include "core/exp.h"
#include "core/learner.h"
#include "core/library.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include <libsvm/svm.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define SVM_FUNCTIONS(F)                                                                       \
    F(svm_, check_parameter) F(svm_, free_and_destroy_model) F(svm_, set_print_string_function)\
    F(svm_, train)

static struct { SVM_FUNCTIONS(MP_LIBRARY_MEMBER) } svm;
static struct mp_library library = { MP_LIBRARY("libsvm", MP_SVM_SONAME, SVM_FUNCTIONS, svm) };

/* What the print function needs to know: the training that this thread is in. */
struct training {
    struct mp_ctx *c;
    jmp_buf stop;
};
static _Thread_local struct training *in_training;

int mp_kernel_load(struct mp_ctx *c)
{
    return mp_library_load(c, &library, "kernel machines");
}

bool mp_kernel_version(char *text, size_t size)
{
    snprintf(text, size, "%d.%02d", LIBSVM_VERSION / 100, LIBSVM_VERSION % 100);
    return mp_library_loaded(&library);
}

/* libsvm cannot be asked to stop: it is left by longjmp, losing its memory; the run is over
 * anyway. */
static void on_print(const char *text)
{
    struct training *t = in_training;
    (void)text;
    if (t != NULL && mp_stopped(t->c))
        longjmp(t->stop, 1);
}

/* ------------------------------------------------------------------ rows */

struct mp_kernel_rows {
    size_t n, room, d;
    struct svm_node **row;
};

struct mp_kernel_rows *mp_kernel_rows_open(struct mp_ctx *c, size_t room)
{
    struct mp_kernel_rows *r = mp_alloc(c, 1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->room = room;
    r->row = mp_alloc(c, room, sizeof *r->row);
    if (r->row != NULL)
        return r;
    free(r);
    return NULL;
}

int mp_kernel_rows_add(struct mp_ctx *c, struct mp_kernel_rows *r, const float *x, size_t d)
{
    size_t some = 0;
    if (r->n >= r->room || d >= INT_MAX)
        return mp_fail(c, "no room for row %zu of %zu values", r->n + 1, d);
    for (size_t j = 0; j < d; j++)
        some += x[j] != 0;
    struct svm_node *to = r->row[r->n] = mp_alloc(c, some + 1, sizeof *to);
    if (to == NULL)
        return -1;
    for (size_t j = 0; j < d; j++)
        if (x[j] != 0)
            *to++ = (struct svm_node){ (int)j + 1, (double)x[j] };
    to->index = -1;
    r->d = d;
    r->n++;
    return MP_OK;
}

void mp_kernel_rows_get(const struct mp_kernel_rows *r, size_t row, float *x, size_t d)
{
    memset(x, 0, d * sizeof *x);
    for (const struct svm_node *at = r->row[row]; at->index > 0; at++)
        x[at->index - 1] = (float)at->value;
}

void mp_kernel_rows_close(struct mp_kernel_rows *r)
{
    for (size_t i = 0; r != NULL && i < r->n; i++)
        free(r->row[i]);
    if (r != NULL)
        free(r->row);
    free(r);
}

/* ------------------------------------------------------------------ kernels of all with all */

enum { BAND = 64 }; /* rows that are multiplied with the others at a time */

/* Products of a row with n others become kernels; square: of each |x|^2, of the row `own`. */
MP_CLONES static void gauss(float *restrict z, size_t n, float gamma, float own,
                            const float *restrict square)
{
    for (size_t j = 0; j < n; j++) {
        const float gap = own + square[j] - 2 * z[j];
        z[j] = mp_exp(-gamma * (gap > 0 ? gap : 0));
    }
}

static void powers(float *z, size_t n, const struct mp_kernel_rules *k)
{
    for (size_t j = 0; j < n; j++) {
        const double base = k->gamma * (double)z[j] + k->constant;
        double power = base;
        for (int i = 1; i < k->degree; i++)
            power *= base;
        z[j] = (float)power;
    }
}

/* Row i's kernels with itself and all behind it, which are also theirs with it: libsvm wants each
 * row's number, from 1 on, and then its kernels with rows 1, 2 ... */
static void note(struct svm_node **node, size_t n, size_t i, const float *z)
{
    node[i][0] = (struct svm_node){ 0, (double)i + 1 };
    for (size_t j = i; j < n; j++) {
        node[i][j + 1] = (struct svm_node){ (int)j + 1, (double)z[j - i] };
        node[j][i + 1] = (struct svm_node){ (int)i + 1, (double)z[j - i] };
    }
}

/* x: n x d; z: room for BAND x n products, and behind them for n squares. */
static int fill_table(struct mp_ctx *c, const struct mp_kernel_rules *k, const float *x, size_t n,
                      size_t d, float *z, struct svm_node **node)
{
    float *square = z + BAND * n;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += (double)x[i * d + j] * (double)x[i * d + j];
        square[i] = (float)sum;
    }
    for (size_t i = 0; i < n; i += BAND) {
        const size_t m = n - i < BAND ? n - i : BAND, wide = n - i;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (mp_gemm(false, true, m, wide, d, 1, x + i * d, d, x + i * d, d, 0, z, wide) < 0)
            return mp_fail(c, "no memory for products of %zu rows", n);
        for (size_t r = 0; r < m; r++) {
            float *own = z + r * wide + r;
            if (k->kernel == MP_RBF)
                gauss(own, wide - r, (float)k->gamma, square[i + r], square + i + r);
            else
                powers(own, wide - r, k);
            own[0] = k->kernel == MP_RBF ? 1 : own[0];
            note(node, n, i + r, own);
        }
    }
    return MP_OK;
}

/* Rows become their kernels with all rows, which are to be freed at *all. */
static int make_table(struct mp_ctx *c, const struct mp_kernel_rules *k,
                      const struct mp_kernel_rows *r, const uint32_t *rows, size_t n,
                      struct svm_node **node, struct svm_node **all)
{
    const size_t d = r->d;
    float *x = mp_alloc(c, mp_product(n, d), sizeof *x);
    float *z = mp_alloc(c, mp_product(n, BAND + 1), sizeof *z);
    *all = mp_alloc(c, mp_product(n, n + 1), sizeof **all);
    int rc = x != NULL && z != NULL && *all != NULL ? MP_OK : -1;
    for (size_t i = 0; i < n && rc == MP_OK; i++) {
        mp_kernel_rows_get(r, rows[i], x + i * d, d);
        node[i] = *all + i * (n + 1);
    }
    if (rc == MP_OK)
        rc = fill_table(c, k, x, n, d, z, node);
    free(x);
    free(z);
    return rc;
}

/* ------------------------------------------------------------------ training */

static struct svm_model *train(struct mp_ctx *c, const struct mp_kernel_rules *k, bool made,
                               const struct svm_problem *problem, const double factor[2])
{
    int labels[2] = { 1, -1 };
    double weights[2] = { factor[0], factor[1] };
    const struct svm_parameter p = { .svm_type = C_SVC,
                                     .kernel_type = made ? PRECOMPUTED
                                                    : k->kernel == MP_RBF ? RBF : POLY,
                                     .degree = k->degree, .gamma = k->gamma,
                                     .coef0 = k->constant, .cache_size = k->cache,
                                     .eps = k->tolerance, .C = k->C, .nr_weight = 2,
                                     .weight_label = labels, .weight = weights, .shrinking = 1 };
    struct svm_model *volatile model = NULL;
    struct training t = { .c = c };
    const char *wrong = svm.check_parameter(problem, &p);
    if (wrong != NULL) {
        mp_fail(c, "libsvm: %s", wrong);
        return NULL;
    }
    svm.set_print_string_function(on_print);
    in_training = &t;
    if (setjmp(t.stop) == 0)
        model = svm.train(problem, &p);
    else
        mp_fail(c, "interrupted");
    in_training = NULL;
    return model;
}

/* Of one class after the other, as its rows stand there. */
static int take(struct mp_ctx *c, const struct svm_model *m, const uint32_t *rows,
                struct mp_separation *to)
{
    to->n = (size_t)m->l;
    to->rho = m->rho[0];
    to->row = mp_alloc(c, to->n + 1, sizeof *to->row);
    to->coef = mp_alloc(c, to->n + 1, sizeof *to->coef);
    if (to->row == NULL || to->coef == NULL)
        return -1;
    for (size_t i = 0; i < to->n; i++) {
        to->row[i] = rows[m->sv_indices[i] - 1];
        to->coef[i] = m->sv_coef[0][i];
    }
    return MP_OK;
}

int mp_kernel_separate(struct mp_ctx *c, const struct mp_kernel_rules *k,
                       const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                       const double factor[2], struct mp_separation *to)
{
    if (mp_kernel_load(c) < 0)
        return -1;
    if (n + m > INT_MAX)
        return mp_fail(c, "libsvm takes at most %d rows, got %zu", INT_MAX, n + m);
    struct svm_problem problem = { .l = (int)(n + m) };
    struct svm_node *table = NULL;
    problem.y = mp_alloc(c, n + m, sizeof *problem.y);
    problem.x = mp_alloc(c, n + m, sizeof *problem.x);
    int rc = problem.y != NULL && problem.x != NULL ? MP_OK : -1;
    const double all = (double)(n + m) * ((double)(n + m) + 1) * sizeof(struct svm_node);
    const bool made = all <= k->cache * 0x1p20;
    for (size_t i = 0; i < n + m && rc == MP_OK; i++) {
        problem.y[i] = i < n ? 1 : -1;
        problem.x[i] = r->row[rows[i]];
    }
    if (rc == MP_OK && made)
        rc = make_table(c, k, r, rows, n + m, problem.x, &table);
    struct svm_model *model = rc == MP_OK ? train(c, k, made, &problem, factor) : NULL;
    if (rc == MP_OK)
        rc = model != NULL ? take(c, model, rows, to) : mp_fail(c, "libsvm gave no model");
    if (model != NULL)
        svm.free_and_destroy_model(&model);
    free(table);
    free(problem.y);
    free(problem.x);
    return rc;
}

void mp_separation_free(struct mp_separation *s)
{
    free(s->row);
    free(s->coef);
    *s = (struct mp_separation){ 0 };
}
