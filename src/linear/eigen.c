/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eigen.c - block subspace iteration over GSL's solver for small matrices.
 *
 * GSL's own solver takes the whole matrix: 1 s for 784 x 784.  When only the
 * first k eigenpairs are wanted, a block of somewhat more than k vectors is
 * brought into their space by products with the matrix; GSL then solves the
 * small problem inside the block (Rayleigh-Ritz).  Products are combined to a
 * Chebyshev polynomial that stays small on the unwanted part of the spectrum
 * and grows beyond it (Zhou, Saad, Tiago, Chelikowsky 2006, "Self-consistent-
 * field calculations using Chebyshev-filtered subspace iteration").  It stops
 * when the residuals |A v - l v| of all wanted pairs are small.
 *
 * Cost: per round 2 n^2 b flops for each of about five products, on all threads, and a
 * b x b eigenproblem on one; four to six rounds.  0.1 s for 100 of 784.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_timedjoin_np() */
#endif
#include "linear/eigen.h"
#include "config.h"
#include "core/library.h"
#include "linear/blas.h"
#include <gsl/gsl_blas.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_version.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_ROUNDS = 100, MAX_DEGREE = 12, PART = 112, SMALL = 256 };

static const double tolerance = 1e-8;     /* of the residuals, beside the largest eigenvalue */
static const double amplification = 1e12; /* of the first vector in one round, at most */

#define GSL_FUNCTIONS(F)                                                                       \
    F(gsl_, blas_dgemm) F(gsl_, blas_dtrmm) F(gsl_, eigen_symmv)                               \
    F(gsl_, eigen_symmv_alloc) F(gsl_, eigen_symmv_free) F(gsl_, eigen_symmv_sort)             \
    F(gsl_, linalg_QR_decomp_r) F(gsl_, matrix_const_submatrix) F(gsl_, matrix_get)            \
    F(gsl_, matrix_memcpy) F(gsl_, matrix_ptr) F(gsl_, matrix_set) F(gsl_, matrix_submatrix)   \
    F(gsl_, matrix_view_array) F(gsl_, set_error_handler) F(gsl_, set_error_handler_off)       \
    F(gsl_, vector_get) F(gsl_, vector_memcpy) F(gsl_, vector_view_array) F(gsl_, version)

static struct { GSL_FUNCTIONS(MP_LIBRARY_MEMBER) } gsl;
static struct mp_library library = { MP_LIBRARY("GSL", MP_GSL_SONAME, GSL_FUNCTIONS, gsl) };

/* -------------------------------------------------- work that cannot be asked to stop */

/* Whether the process may have no more than so much memory. */
static bool limited(void)
{
    struct rlimit data, space;
    return (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY) ||
           (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY);
}

/* What GSL is given to do, with memory of its own from one malloc(). */
struct task {
    void (*work)(struct task *t);
    bool left;               /* a thread still works on it: it is that thread's, until the end */
};

static void *work_on(void *arg)
{
    struct task *t = arg;
    t->work(t);
    return NULL;
}

static struct timespec soon(void)
{
    const long step = 50 * 1000 * 1000, second = 1000 * 1000 * 1000;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += step;
    t.tv_sec += t.tv_nsec / second;
    t.tv_nsec %= second;
    return t;
}

/* Of some thousand values GSL takes minutes, and nothing tells it to stop.  So it works on a
 * thread of its own, which is left to itself when the user asks to stop: the process is about
 * to end then.  What is small, or has little memory, is done here. */
static int aside(struct mp_ctx *c, size_t n, struct task *t)
{
    pthread_t thread;
    int rc = ETIMEDOUT;
    if (n < SMALL || limited() || pthread_create(&thread, NULL, work_on, t) != 0) {
        t->work(t);
        return MP_OK;
    }
    while (rc == ETIMEDOUT && !mp_stopped(c)) {
        const struct timespec until = soon();
        rc = pthread_timedjoin_np(thread, NULL, &until);
    }
    if (rc == 0)
        return MP_OK;
    t->left = true;
    pthread_detach(thread);
    return mp_fail(c, "interrupted");
}

static void put_away(struct task *t)
{
    if (t != NULL && !t->left)
        free(t);
}

/* ------------------------------------------------------------------ every eigenpair */

struct problem {
    struct task task;
    gsl_matrix_view a, vectors;
    gsl_vector_view values;
    gsl_eigen_symmv_workspace *w;
    int rc;
    double room[];
};

static void solve(struct task *t)
{
    struct problem *p = (struct problem *)(void *)t;
    p->rc = gsl.eigen_symmv(&p->a.matrix, &p->values.vector, &p->vectors.matrix, p->w);
    if (p->rc == GSL_SUCCESS)
        p->rc = gsl.eigen_symmv_sort(&p->values.vector, &p->vectors.matrix,
                                     GSL_EIGEN_SORT_VAL_DESC);
}

static void close_problem(struct problem *p)
{
    if (p != NULL && !p->task.left)
        gsl.eigen_symmv_free(p->w);
    put_away(p != NULL ? &p->task : NULL);
}

/* Every eigenpair by GSL; close_problem() it.  NULL: mp_fail() said why. */
static struct problem *solve_all(struct mp_ctx *c, const gsl_matrix *a)
{
    const size_t n = a->size1;
    struct problem *p = mp_alloc(c, 1, sizeof *p + (2 * n * n + n) * sizeof *p->room);
    int rc = p != NULL ? MP_OK : -1;

    if (rc == MP_OK && (p->w = gsl.eigen_symmv_alloc(n)) == NULL)
        rc = mp_fail(c, "no memory for an eigenproblem of %zux%zu", n, n);
    if (rc == MP_OK) {
        p->task.work = solve;
        p->a = gsl.matrix_view_array(p->room, n, n);
        p->vectors = gsl.matrix_view_array(p->room + n * n, n, n);
        p->values = gsl.vector_view_array(p->room + 2 * n * n, n);
        gsl.matrix_memcpy(&p->a.matrix, a);
        rc = aside(c, n, &p->task);
    }
    if (rc == MP_OK && p->rc != GSL_SUCCESS)
        rc = mp_fail(c, "the eigenproblem of %zux%zu has no solution: values too large?", n, n);
    if (rc == MP_OK)
        return p;
    close_problem(p);
    return NULL;
}

/* ------------------------------------------------------------------ the first of them */

/* Buffers of one solution: matrices of n rows and b columns, and b x b. */
struct block {
    struct task task;
    size_t n, k, b;
    gsl_matrix_view a;                   /* the matrix itself */
    gsl_matrix_view q, aq, next, spare;  /* n x b: the vectors, A times them, work */
    gsl_matrix_view small, turn, t;      /* b x b */
    gsl_vector_view values;              /* b */
    double room[];
};

struct factors {
    const gsl_matrix *a, *b;
    gsl_matrix *to;
};

/* PART rows of a product. */
static int product_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct factors *f = arg;
    const size_t row = i * PART, left = f->a->size1 - row, n = left < PART ? left : PART;
    const gsl_matrix_const_view a = gsl.matrix_const_submatrix(f->a, row, 0, n, f->a->size2);
    gsl_matrix_view to = gsl.matrix_submatrix(f->to, row, 0, n, f->to->size2);
    (void)c;
    gsl.blas_dgemm(CblasNoTrans, CblasNoTrans, 1, &a.matrix, f->b, 0, &to.matrix);
    return MP_OK;
}

/* OpenBLAS reserves so much for each thread that calls it, and where it is refused that, asks
 * again without end. */
static const size_t blas_room = (size_t)130 << 20;

/* For one thread, at least. */
static int check_room(struct mp_ctx *c)
{
    void *at = limited() ? mmap(NULL, blas_room, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
    if (at == MAP_FAILED)
        return mp_fail(c, "no memory for products of matrices: OpenBLAS reserves %zu MB",
                       blas_room >> 20);
    if (at != NULL)
        munmap(at, blas_room);
    return MP_OK;
}

/* to = a b, on the engine's threads: in parts that do not depend on how many these are. */
static int product(struct mp_ctx *c, const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *to)
{
    struct factors f = { a, b, to };
    const size_t parts = (a->size1 + PART - 1) / PART;
    if (!limited())
        return mp_parallel_for(c, parts, product_part, &f);
    for (size_t i = 0; i < parts; i++)
        if (mp_stopped(c) ? mp_fail(c, "interrupted") : product_part(c, &f, i) < 0)
            return -1;
    return MP_OK;
}

/* Makes the columns of s->q orthonormal: Householder QR, Q = E - V T V1', where V1
 * is the upper square of V.  Columns that depend on others become any that
 * do not. */
static void orthonormalise(struct task *task)
{
    struct block *s = (struct block *)(void *)task;
    gsl_matrix *q = &s->q.matrix, *v = &s->spare.matrix, *t = &s->t.matrix;

    gsl.linalg_QR_decomp_r(q, t);
    gsl.matrix_memcpy(v, q);
    for (size_t i = 0; i < s->b; i++) {
        gsl.matrix_set(v, i, i, 1);
        for (size_t j = i + 1; j < s->b; j++)
            gsl.matrix_set(v, i, j, 0);
        for (size_t j = 0; j < i; j++)
            gsl.matrix_set(t, i, j, 0);
    }
    gsl_matrix_view top = gsl.matrix_submatrix(v, 0, 0, s->b, s->b);
    gsl.blas_dtrmm(CblasRight, CblasLower, CblasTrans, CblasUnit, 1, &top.matrix, t);
    gsl.blas_dgemm(CblasNoTrans, CblasNoTrans, -1, v, t, 0, q);
    for (size_t i = 0; i < s->b; i++)
        *gsl.matrix_ptr(q, i, i) += 1;
}

/* A inside the block. */
static void shrink(struct task *task)
{
    struct block *s = (struct block *)(void *)task;
    gsl.blas_dgemm(CblasTrans, CblasNoTrans, 1, &s->q.matrix, &s->aq.matrix, 0, &s->small.matrix);
}

static int block_work(struct mp_ctx *c, struct block *s, void (*work)(struct task *task))
{
    s->task.work = work;
    return aside(c, s->n, &s->task);
}

/* Turns the block to the eigenvectors of A inside it; gives the largest
 * residual of the first k, relative to the largest eigenvalue. */
static int rayleigh_ritz(struct mp_ctx *c, struct block *s, double *residual)
{
    gsl_matrix *q = &s->q.matrix, *aq = &s->aq.matrix, *spare = &s->spare.matrix;
    double worst = 0;

    if (product(c, &s->a.matrix, q, aq) < 0)
        return -1;
    if (block_work(c, s, shrink) < 0)
        return -1;
    struct problem *p = solve_all(c, &s->small.matrix);
    if (p == NULL)
        return -1;
    gsl.matrix_memcpy(&s->turn.matrix, &p->vectors.matrix);
    gsl.vector_memcpy(&s->values.vector, &p->values.vector);
    close_problem(p);
    if (product(c, q, &s->turn.matrix, spare) < 0)
        return -1;
    gsl.matrix_memcpy(q, spare);
    if (product(c, aq, &s->turn.matrix, spare) < 0)
        return -1;
    gsl.matrix_memcpy(aq, spare);
    for (size_t j = 0; j < s->k; j++) {
        const double value = gsl.vector_get(&s->values.vector, j);
        double sum = 0;
        for (size_t i = 0; i < s->n; i++)
            sum += pow(gsl.matrix_get(aq, i, j) - value * gsl.matrix_get(q, i, j), 2);
        worst = fmax(worst, sqrt(sum));
    }
    const double largest = gsl.vector_get(&s->values.vector, 0);
    *residual = worst > 0 && largest > 0 ? worst / largest : 0;
    return MP_OK;
}

/* q becomes T(A) q, T being the Chebyshev polynomial that lies in -1 .. 1
 * between 0 and `cut` and has the highest degree that amplification allows. */
static int filter(struct mp_ctx *c, struct block *s, double largest, double cut)
{
    const double half = cut / 2, grows = log(2 * (2 * largest / cut - 1));
    const int degree = (int)fmax(1, fmin(MAX_DEGREE, log(amplification) / grows));
    gsl_matrix *before = &s->q.matrix, *now = &s->aq.matrix, *next = &s->next.matrix;

    /* T1 = (A - half) / half; aq holds A q already. */
    for (size_t i = 0; i < s->n * s->b; i++)
        now->data[i] = now->data[i] / half - before->data[i];
    for (int k = 1; k < degree; k++) {
        if (product(c, &s->a.matrix, now, next) < 0)
            return -1;
        for (size_t i = 0; i < s->n * s->b; i++)
            before->data[i] = 2 * (next->data[i] / half - now->data[i]) - before->data[i];
        gsl_matrix *swap = before;
        before = now;
        now = swap;
    }
    if (now != &s->q.matrix)
        gsl.matrix_memcpy(&s->q.matrix, now);
    return MP_OK;
}

/* Positive: did not converge. */
static int iterate(struct mp_ctx *c, struct block *s)
{
    for (size_t i = 0; i < s->n * s->b; i++)
        s->q.matrix.data[i] = (double)(mp_random(c, 0, i) >> 11) * 0x1p-53 - 0.5;
    for (int i = 0; i < 2; i++) {
        if (product(c, &s->a.matrix, &s->q.matrix, &s->aq.matrix) < 0)
            return -1;
        gsl.matrix_memcpy(&s->q.matrix, &s->aq.matrix);
        if (block_work(c, s, orthonormalise) < 0)
            return -1;
    }
    for (int round = 0; round < MAX_ROUNDS; round++) {
        double residual = 0;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (rayleigh_ritz(c, s, &residual) < 0)
            return -1;
        const double largest = gsl.vector_get(&s->values.vector, 0);
        const double cut = gsl.vector_get(&s->values.vector, s->b - 1);
        if (residual <= tolerance)
            return MP_OK;
        if (filter(c, s, largest, fmax(cut, 1e-10 * largest)) < 0)
            return -1;
        if (block_work(c, s, orthonormalise) < 0)
            return -1;
    }
    return 1;
}

static struct block *open_block(struct mp_ctx *c, const double *a, size_t n, size_t k, size_t b)
{
    struct block *s = mp_alloc(c, 1, sizeof *s + (4 * n * b + 3 * b * b + b) * sizeof *s->room);
    if (s == NULL)
        return NULL;
    gsl_matrix_view *tall[] = { &s->q, &s->aq, &s->next, &s->spare };
    gsl_matrix_view *square[] = { &s->small, &s->turn, &s->t };
    double *at = s->room;

    s->n = n;
    s->k = k;
    s->b = b;
    for (int i = 0; i < 4; i++, at += n * b)
        *tall[i] = gsl.matrix_view_array(at, n, b);
    for (int i = 0; i < 3; i++, at += b * b)
        *square[i] = gsl.matrix_view_array(at, b, b);
    s->values = gsl.vector_view_array(at, b);
    /* GSL has no view that is const; nothing below writes to it. */
    s->a = gsl.matrix_view_array((double *)(uintptr_t)a, n, n);
    return s;
}

static void hand_over(const gsl_matrix *q, const gsl_vector *found, size_t k, double *values,
                      double *vectors)
{
    for (size_t j = 0; j < k; j++) {
        values[j] = gsl.vector_get(found, j);
        for (size_t i = 0; i < q->size1; i++)
            vectors[j * q->size1 + i] = gsl.matrix_get(q, i, j);
    }
}

static int top_pairs(struct mp_ctx *c, const double *a, size_t n, size_t k, double *values,
                     double *vectors)
{
    const size_t more = k / 4 > 16 ? k / 4 : 16, b = k + more;
    int rc = 1;

    if (3 * b <= n) { /* beyond a third of the matrix GSL alone is as fast */
        struct block *s = open_block(c, a, n, k, b);
        if (s == NULL)
            return -1;
        rc = iterate(c, s);
        if (rc == MP_OK)
            hand_over(&s->q.matrix, &s->values.vector, k, values, vectors);
        put_away(&s->task);
    }
    if (rc <= 0)
        return rc;
    const gsl_matrix_view all = gsl.matrix_view_array((double *)(uintptr_t)a, n, n);
    struct problem *p = solve_all(c, &all.matrix);
    if (p == NULL)
        return -1;
    hand_over(&p->vectors.matrix, &p->values.vector, k, values, vectors);
    close_problem(p);
    return MP_OK;
}

int mp_eigen_load(struct mp_ctx *c)
{
    if (!mp_library_loaded(&library) && !mp_blas_has_room())
        mp_warn(c, "the memory limit is too tight for OpenBLAS: eigenvectors come from GSL's own "
                   "products, which are slower and round otherwise");
    else if (mp_blas_load(c) < 0)
        return -1;
    return mp_library_load(c, &library, "eigenvectors");
}

bool mp_eigen_version(char *text, size_t size)
{
    const bool loaded = mp_library_loaded(&library);
    snprintf(text, size, "%s", loaded ? *gsl.version : GSL_VERSION);
    return loaded;
}

int mp_eigen_top(struct mp_ctx *c, const double *a, size_t n, size_t k, double *values,
                 double *vectors)
{
    if (n == 0 || k == 0 || k > n)
        return mp_fail(c, "%zu eigenvectors of a %zux%zu matrix: must be 1 .. %zu", k, n, n, n);
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return mp_fail(c, "the covariances are not finite; look for values that are not");
    if (mp_eigen_load(c) < 0 || check_room(c) < 0)
        return -1;
    /* GSL's default is to abort the program. */
    gsl_error_handler_t *was = gsl.set_error_handler_off();
    const int rc = top_pairs(c, a, n, k, values, vectors);
    gsl.set_error_handler(was);
    return rc;
}
