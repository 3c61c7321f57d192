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
#include "linear/eigen.h"
#include "config.h"
#include "core/library.h"
#include "linear/blas.h"
#include <gsl/gsl_blas.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { MAX_ROUNDS = 100, MAX_DEGREE = 12, PART = 112 };

static const double tolerance = 1e-8;     /* of the residuals, beside the largest eigenvalue */
static const double amplification = 1e12; /* of the first vector in one round, at most */

#define GSL_FUNCTIONS(F)                                                                       \
    F(gsl_, blas_dgemm) F(gsl_, blas_dtrmm) F(gsl_, eigen_symmv)                               \
    F(gsl_, eigen_symmv_alloc) F(gsl_, eigen_symmv_free) F(gsl_, eigen_symmv_sort)             \
    F(gsl_, linalg_QR_decomp_r) F(gsl_, matrix_const_submatrix) F(gsl_, matrix_get)            \
    F(gsl_, matrix_memcpy) F(gsl_, matrix_ptr) F(gsl_, matrix_set) F(gsl_, matrix_submatrix)   \
    F(gsl_, matrix_view_array) F(gsl_, set_error_handler) F(gsl_, set_error_handler_off)       \
    F(gsl_, vector_get) F(gsl_, vector_view_array) F(gsl_, version)

static struct { GSL_FUNCTIONS(MP_LIBRARY_MEMBER) } gsl;
static struct mp_library library = { MP_LIBRARY("GSL", MP_GSL_SONAME, GSL_FUNCTIONS, gsl) };

/* Buffers of one solution: matrices of n rows and b columns, and b x b. */
struct block {
    size_t n, k, b;
    gsl_matrix_view a;                   /* the matrix itself */
    gsl_matrix_view q, aq, next, spare;  /* n x b: the vectors, A times them, work */
    gsl_matrix_view small, turn, t;      /* b x b */
    gsl_vector_view values;              /* b */
};

/* Every eigenpair by GSL. */
static int solve_all(struct mp_ctx *c, const gsl_matrix *a, gsl_vector *values,
                     gsl_matrix *vectors)
{
    gsl_eigen_symmv_workspace *w = gsl.eigen_symmv_alloc(a->size1);
    double *copy = w == NULL ? NULL : mp_alloc(c, a->size1 * a->size1, sizeof *copy);
    int rc = -1;

    if (w == NULL) {
        mp_fail(c, "no memory for an eigenproblem of %zux%zu", a->size1, a->size1);
    } else if (copy != NULL) {
        gsl_matrix_view m = gsl.matrix_view_array(copy, a->size1, a->size1);
        gsl.matrix_memcpy(&m.matrix, a);
        if (gsl.eigen_symmv(&m.matrix, values, vectors, w) == GSL_SUCCESS)
            rc = gsl.eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_DESC);
        if (rc != GSL_SUCCESS)
            rc = mp_fail(c, "the eigenproblem of %zux%zu has no solution: values too large?",
                         a->size1, a->size1);
    }
    free(copy);
    gsl.eigen_symmv_free(w);
    return rc;
}

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

/* Whether the process may have no more than so much memory. */
static bool limited(void)
{
    struct rlimit data, space;
    return (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY) ||
           (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY);
}

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

/* Makes the columns of q orthonormal: Householder QR, Q = E - V T V1', where V1
 * is the upper square of V.  Columns that depend on others become any that
 * do not. */
static void orthonormalise(struct block *s, gsl_matrix *q)
{
    gsl_matrix *v = &s->spare.matrix, *t = &s->t.matrix;

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

/* Turns the block to the eigenvectors of A inside it; gives the largest
 * residual of the first k, relative to the largest eigenvalue. */
static int rayleigh_ritz(struct mp_ctx *c, struct block *s, double *residual)
{
    gsl_matrix *q = &s->q.matrix, *aq = &s->aq.matrix, *spare = &s->spare.matrix;
    double worst = 0;

    if (product(c, &s->a.matrix, q, aq) < 0)
        return -1;
    gsl.blas_dgemm(CblasTrans, CblasNoTrans, 1, q, aq, 0, &s->small.matrix);
    if (solve_all(c, &s->small.matrix, &s->values.vector, &s->turn.matrix) < 0)
        return -1;
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
        orthonormalise(s, &s->q.matrix);
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
        orthonormalise(s, &s->q.matrix);
    }
    return 1;
}

/* Lays the buffers out in `at`, which has room for sizes() values. */
static struct block lay_out(const double *a, double *at, size_t n, size_t k, size_t b)
{
    struct block s = { .n = n, .k = k, .b = b };
    gsl_matrix_view *tall[] = { &s.q, &s.aq, &s.next, &s.spare };
    gsl_matrix_view *square[] = { &s.small, &s.turn, &s.t };

    for (int i = 0; i < 4; i++, at += n * b)
        *tall[i] = gsl.matrix_view_array(at, n, b);
    for (int i = 0; i < 3; i++, at += b * b)
        *square[i] = gsl.matrix_view_array(at, b, b);
    s.values = gsl.vector_view_array(at, b);
    /* GSL has no view that is const; nothing below writes to it. */
    s.a = gsl.matrix_view_array((double *)(uintptr_t)a, n, n);
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
        double *room = mp_alloc(c, 4 * n * b + 3 * b * b + b, sizeof *room);
        if (room == NULL)
            return -1;
        struct block s = lay_out(a, room, n, k, b);
        rc = iterate(c, &s);
        if (rc == MP_OK)
            hand_over(&s.q.matrix, &s.values.vector, k, values, vectors);
        free(room);
    }
    if (rc <= 0)
        return rc;
    double *room = mp_alloc(c, n * n + n, sizeof *room);
    if (room == NULL)
        return -1;
    gsl_matrix_view all = gsl.matrix_view_array((double *)(uintptr_t)a, n, n);
    gsl_matrix_view q = gsl.matrix_view_array(room, n, n);
    gsl_vector_view found = gsl.vector_view_array(room + n * n, n);
    rc = solve_all(c, &all.matrix, &found.vector, &q.matrix);
    if (rc == MP_OK)
        hand_over(&q.matrix, &found.vector, k, values, vectors);
    free(room);
    return rc;
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
