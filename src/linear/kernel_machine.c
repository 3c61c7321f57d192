/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_machine.c - support vector machines with a kernel, of two classes: what smo.c or libsvm
 * finds, as support vectors.
 *
 * libsvm is told all rows as lists of values that are not zero, and multiplies them value by
 * value.  It tells of its work by a print function without an argument: at every thousandth step
 * at most, it can be left there. */
#include "linear/kernel_machine.h"
#include "config.h"
#include "core/learner.h"
#include "core/library.h"
#include "linear/smo.h"
#include <libsvm/svm.h>
#include <limits.h>
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

/* ------------------------------------------------------------------ libsvm */

/* A row's values that are not zero, to be freed. */
static struct svm_node *nodes_of(struct mp_ctx *c, const float *x, size_t d)
{
    size_t some = 0;
    for (size_t j = 0; j < d; j++)
        some += x[j] != 0;
    struct svm_node *node = mp_alloc(c, some + 1, sizeof *node), *to = node;
    for (size_t j = 0; j < d && node != NULL; j++)
        if (x[j] != 0)
            *to++ = (struct svm_node){ (int)j + 1, (double)x[j] };
    if (node != NULL)
        to->index = -1;
    return node;
}

static struct svm_model *train(struct mp_ctx *c, const struct mp_kernel_machine *k,
                               const struct svm_problem *problem, const double factor[2])
{
    int labels[2] = { 1, -1 };
    double weights[2] = { factor[0], factor[1] };
    const struct svm_parameter p = { .svm_type = C_SVC,
                                     .kernel_type = k->kernel.kernel == MP_RBF ? RBF : POLY,
                                     .degree = k->kernel.degree, .gamma = k->kernel.gamma,
                                     .coef0 = k->kernel.constant, .cache_size = k->cache,
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
static int take_model(struct mp_ctx *c, const struct svm_model *m, const uint32_t *rows,
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

static int by_libsvm(struct mp_ctx *c, const struct mp_kernel_machine *k,
                     const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                     const double factor[2], struct mp_separation *to)
{
    const size_t d = mp_kernel_rows_width(r);
    if (mp_kernel_load(c) < 0)
        return -1;
    if (n + m > INT_MAX || d >= INT_MAX)
        return mp_fail(c, "libsvm takes at most %d rows, got %zu", INT_MAX, n + m);
    struct svm_problem problem = { .l = (int)(n + m) };
    float *x = mp_alloc(c, d, sizeof *x);
    problem.y = mp_alloc(c, n + m, sizeof *problem.y);
    problem.x = mp_alloc(c, n + m, sizeof *problem.x);
    int rc = problem.y != NULL && problem.x != NULL && x != NULL ? MP_OK : -1;
    for (size_t i = 0; i < n + m && rc == MP_OK; i++) {
        mp_kernel_rows_get(r, rows[i], x);
        problem.y[i] = i < n ? 1 : -1;
        if ((problem.x[i] = nodes_of(c, x, d)) == NULL)
            rc = -1;
    }
    struct svm_model *model = rc == MP_OK ? train(c, k, &problem, factor) : NULL;
    if (rc == MP_OK)
        rc = model != NULL ? take_model(c, model, rows, to) : mp_fail(c, "libsvm gave no model");
    if (model != NULL)
        svm.free_and_destroy_model(&model);
    for (size_t i = 0; i < n + m && problem.x != NULL; i++)
        free(problem.x[i]);
    free(x);
    free(problem.y);
    free(problem.x);
    return rc;
}

/* ------------------------------------------------------------------ both */

static const uint64_t most_steps = 10000000; /* as libsvm has it, which says nothing of it */

static int by_smo(struct mp_ctx *c, const struct mp_kernel_machine *k,
                  const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                  const double factor[2], struct mp_separation *to)
{
    const struct mp_smo s = { .kernel = k->kernel, .C = { k->C * factor[0], k->C * factor[1] },
                              .tolerance = k->tolerance, .cache = k->cache, .steps = most_steps };
    double *a = mp_alloc(c, n + m, sizeof *a);
    if (a == NULL || mp_smo_solve(c, &s, r, rows, n, m, a, &to->rho, &to->early) < 0) {
        free(a);
        return -1;
    }
    for (size_t i = 0; i < n + m; i++)
        to->n += a[i] > 0 || a[i] < 0;
    to->row = mp_alloc(c, to->n + 1, sizeof *to->row);
    to->coef = mp_alloc(c, to->n + 1, sizeof *to->coef);
    const int rc = to->row != NULL && to->coef != NULL ? MP_OK : -1;
    for (size_t i = 0, at = 0; i < n + m && rc == MP_OK; i++)
        if (a[i] > 0 || a[i] < 0) {
            to->row[at] = rows[i];
            to->coef[at++] = a[i];
        }
    free(a);
    return rc;
}

int mp_kernel_separate(struct mp_ctx *c, const struct mp_kernel_machine *k,
                       const struct mp_kernel_rows *r, const uint32_t *rows, size_t n, size_t m,
                       const double factor[2], struct mp_separation *to)
{
    return (k->solver == MP_SMO ? by_smo : by_libsvm)(c, k, r, rows, n, m, factor, to);
}

void mp_separation_free(struct mp_separation *s)
{
    free(s->row);
    free(s->coef);
    *s = (struct mp_separation){ 0 };
}
