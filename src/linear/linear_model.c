/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_model.c - linear models, by the dense solver or by liblinear.
 *
 * liblinear draws its permutations from the C library's rand(), one sequence for
 * the whole process, so classes trained side by side would depend on each
 * other's timing.  This file therefore defines rand() itself: the program's
 * definition comes before the C library's for every shared library it loads.
 * Each training has a sequence of its own, keyed by seed and class. */
#include "linear/linear_model.h"
#include "config.h"
#include "core/library.h"
#include "core/random.h"
#include "linear/class_weights.h"
#include "linear/dense_solver.h"
#include "linear/dnn.h"
#include "text/decimal.h"
#include <errno.h>
#include <limits.h>
#include <linear.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define LINEAR_FUNCTIONS(F)                                                                    \
    F(, check_parameter) F(, free_and_destroy_model) F(, save_model)                           \
    F(, set_print_string_function) F(, train)

static struct { LINEAR_FUNCTIONS(MP_LIBRARY_MEMBER) } linear;
static struct mp_library library = { MP_LIBRARY("liblinear", MP_LINEAR_SONAME, LINEAR_FUNCTIONS,
                                                linear), .room = MP_BLAS_ROOM };

/* What liblinear's two doors without an argument, rand() and the print
 * function, need to know: the training that this thread is in. */
struct training {
    struct mp_ctx *c;
    uint64_t key, draws;
    double *share;          /* of this class that is done, guessed from iterations */
    const double *shares;   /* of all classes */
    int n_shares, iterations;
    bool gave_up;           /* reached the iteration limit */
    jmp_buf stop;
};
static _Thread_local struct training *in_training;

int rand(void)
{
    struct training *t = in_training;
    /* Other libraries get the C library's numbers, by their other name. */
    return t != NULL ? (int)(mp_random_at(t->key, 0, 0, t->draws++) >> 33) : (int)random();
}

/* Both solvers: products of the dense one are oneDNN's; the model's file is liblinear's. */
int mp_linear_prepare(struct mp_ctx *c)
{
    return mp_library_load(c, &library, "linear models") < 0 ? -1 : mp_dnn_load(c);
}

bool mp_linear_version(char *text, size_t size)
{
    snprintf(text, size, "%d.%02d", LIBLINEAR_VERSION / 100, LIBLINEAR_VERSION % 100);
    return mp_library_loaded(&library);
}

/* `share` of this class is done; the bar shows all classes. */
static void progress(struct training *t, double share)
{
    double sum = 0;
#pragma omp critical(mp_linear_progress)
    {
        *t->share = share;
        for (int i = 0; i < t->n_shares; i++)
            sum += t->shares[i];
    }
    mp_progress(t->c, sum, t->n_shares);
}

/* Called at every iteration or every tenth.  liblinear cannot be asked to stop:
 * leave it by longjmp, losing its memory; the run is over anyway. */
static void on_print(const char *text)
{
    struct training *t = in_training;
    if (t == NULL)
        return;
    if (mp_stopped(t->c))
        longjmp(t->stop, 1);
    if (strstr(text, "WARNING: reaching max") != NULL)
        t->gave_up = true;
    t->iterations++;
    progress(t, t->iterations / (t->iterations + 15.0));
}

int mp_linear_shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                    struct mp_shape *out)
{
    const struct mp_linear_params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

/* -------------------------------------------------------------- training */

enum { PIECE = 1024 }; /* rows at a time that become liblinear's */

/* liblinear's form of a piece of the rows. */
struct nodes {
    struct nodes *next;
    struct feature_node at[];
};

struct job {
    struct mp_linear *m;
    const struct mp_linear_params *p;
    struct mp_passes rows;
    int solver;
    struct nodes *nodes;
    struct feature_node **x;
    double *weight;         /* of each class */
    double *shares;
};

static int open_job(struct mp_ctx *c, struct job *j)
{
    const struct mp_linear *m = j->m;
    j->weight = mp_alloc(c, m->classes, sizeof *j->weight);
    j->shares = mp_alloc(c, m->classes, sizeof *j->shares);
    if (j->weight == NULL || j->shares == NULL)
        return -1;
    return mp_class_weights(c, j->p->weights, j->rows.y, j->rows.n, j->weight);
}

static void close_job(struct job *j)
{
    while (j->nodes != NULL) {
        struct nodes *next = j->nodes->next;
        free(j->nodes);
        j->nodes = next;
    }
    free(j->x);
    free(j->weight);
    free(j->shares);
}

/* Rows that are read a piece at a time. */
struct piece {
    size_t n, row[PIECE];
    const void *at[PIECE];
    const float *x[PIECE]; /* the same */
    void *room;
};

static int take_piece(struct mp_ctx *c, const struct mp_passes *p, size_t from, struct piece *piece)
{
    piece->n = p->n - from < PIECE ? p->n - from : PIECE;
    for (size_t i = 0; i < piece->n; i++)
        piece->row[i] = from + i;
    if (mp_passes_take(c, p, piece->row, piece->n, piece->room, piece->at) < 0)
        return -1;
    mp_passes_see(p, piece->at, piece->n, NULL, piece->x);
    return MP_OK;
}

static size_t count_values(const struct piece *p, size_t d)
{
    size_t some = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < d; j++)
            some += p->x[i][j] != 0;
    return some;
}

/* One row; where the next begins. */
static struct feature_node *write_nodes(struct feature_node *at, const float *x, size_t d,
                                        double bias)
{
    for (size_t j = 0; j < d; j++) {
        /* Written always, kept if not zero: no branch to mispredict. */
        *at = (struct feature_node){ (int)j + 1, (double)x[j] };
        at += x[j] != 0;
    }
    if (bias >= 0)
        *at++ = (struct feature_node){ (int)d + 1, bias };
    *at++ = (struct feature_node){ -1, 0 };
    return at;
}

/* The rows of a piece, from number `row` on, as liblinear wants them. */
static int add_nodes(struct mp_ctx *c, struct job *j, const struct piece *p, size_t row)
{
    const size_t d = j->m->features;
    /* One more: a value is written before it is known whether it counts. */
    const size_t n = count_values(p, d) + 2 * p->n + 1;
    struct nodes *nodes = malloc(sizeof *nodes + n * sizeof *nodes->at);
    if (nodes == NULL)
        return mp_fail(c, "no memory for %zu values of rows", n);
    nodes->next = j->nodes;
    j->nodes = nodes;
    struct feature_node *at = nodes->at;
    for (size_t i = 0; i < p->n; i++) {
        j->x[row + i] = at;
        at = write_nodes(at, p->x[i], d, j->m->bias);
    }
    return MP_OK;
}

static int make_nodes(struct mp_ctx *c, struct job *j)
{
    const struct mp_passes *p = &j->rows;
    struct piece *piece = mp_alloc(c, 1, sizeof *piece);
    j->x = mp_alloc(c, p->n, sizeof *j->x);
    int rc = piece != NULL && j->x != NULL ? mp_passes_room(c, p, PIECE, &piece->room) : -1;
    for (size_t at = 0; at < p->n && rc == MP_OK; at += PIECE) {
        rc = take_piece(c, p, at, piece);
        if (rc == MP_OK)
            rc = mp_passes_check(c, piece->x, piece->n, p->d);
        if (rc == MP_OK)
            rc = add_nodes(c, j, piece, at);
    }
    if (piece != NULL)
        free(piece->room);
    free(piece);
    return rc;
}

/* liblinear's train() under this thread's rand() and print function. */
static struct model *train_one(struct mp_ctx *c, struct job *j, int class, const double *y,
                               int n_weights, int *weight_labels, double *weights)
{
    const struct mp_linear *m = j->m;
    const bool dual = j->solver == L2R_L2LOSS_SVC_DUAL || j->solver == L2R_L1LOSS_SVC_DUAL ||
                      j->solver == MCSVM_CS || j->solver == L2R_LR_DUAL;
    struct problem problem = { .l = (int)j->rows.n, .n = (int)(m->features + (m->bias >= 0)),
                               .y = (double *)(uintptr_t)y, .x = j->x, .bias = m->bias };
    struct parameter parameter = { .solver_type = j->solver,
                                   .eps = j->p->tolerance > 0 ? j->p->tolerance : dual ? 0.1 : 0.01,
                                   .C = j->p->C, .nr_weight = n_weights,
                                   .weight_label = weight_labels, .weight = weights, .p = 0.1,
#ifdef HAVE_STRUCT_PARAMETER_REGULARIZE_BIAS
                                   .regularize_bias = 1, /* as versions without it do */
#endif
    };
    struct training t = { .c = c, .key = mp_random(c, (uint64_t)class, 0),
                          .share = &j->shares[class], .shares = j->shares,
                          .n_shares = (int)m->columns };
    struct model *volatile trained = NULL;
    const char *wrong = linear.check_parameter(&problem, &parameter);
    if (wrong != NULL) {
        mp_fail(c, "liblinear: %s", wrong);
        return NULL;
    }
    in_training = &t;
    if (setjmp(t.stop) == 0)
        trained = linear.train(&problem, &parameter);
    else
        mp_fail(c, "interrupted");
    in_training = NULL;
    progress(&t, 1);
    if (t.gave_up)
        mp_warn(c, "stopped at liblinear's iteration limit before reaching its tolerance; "
                   "a smaller C or another solver would");
    return trained;
}

static void take_weights(struct mp_linear *m, const struct model *from, size_t column, int nth,
                         int stride)
{
    double *w = m->w + column * (m->features + 1);
    for (size_t i = 0; i < m->features; i++)
        w[i] = from->w[i * (size_t)stride + (size_t)nth];
    w[m->features] =
        m->bias >= 0 ? from->w[m->features * (size_t)stride + (size_t)nth] * m->bias : 0;
}

/* liblinear complains on stderr of a factor for a label without rows. */
static bool occurs(const double *y, size_t n, int label)
{
    for (size_t r = 0; r < n; r++)
        if (y[r] == label)
            return true;
    return false;
}

/* Class `i` against the rest. */
static int train_class(struct mp_ctx *c, void *arg, size_t i)
{
    struct job *j = arg;
    struct mp_linear *m = j->m;
    const double factor[2] = { j->weight[i], m->columns == 1 ? j->weight[1] : 1 };
    int labels[2], n_weights = 0;
    double weights[2], *y = mp_alloc(c, j->rows.n, sizeof *y);
    if (y == NULL)
        return -1;
    for (size_t r = 0; r < j->rows.n; r++)
        y[r] = j->rows.y[r] == (int)i ? 1 : -1;
    for (int s = 0; s < 2; s++)
        if (factor[s] != 1 && occurs(y, j->rows.n, 1 - 2 * s)) {
            labels[n_weights] = 1 - 2 * s;
            weights[n_weights++] = factor[s];
        }
    struct model *trained = train_one(c, j, (int)i, y, n_weights, labels, weights);
    free(y);
    if (trained == NULL)
        return mp_fail(c, "liblinear gave no model");
    take_weights(m, trained, i, 0, 1);
    linear.free_and_destroy_model(&trained);
    return MP_OK;
}

/* All classes in one problem; liblinear orders them by first occurrence. */
static int train_together(struct mp_ctx *c, struct job *j)
{
    struct mp_linear *m = j->m;
    const int k = (int)m->classes;
    int *labels = mp_alloc(c, m->classes, sizeof *labels);
    double *y = mp_alloc(c, j->rows.n, sizeof *y);
    struct model *trained = NULL;
    if (labels != NULL && y != NULL) {
        int n_weights = 0;
        for (size_t r = 0; r < j->rows.n; r++)
            y[r] = j->rows.y[r];
        for (int i = 0; i < k; i++)
            if (j->weight[i] != 1 && occurs(y, j->rows.n, i)) {
                labels[n_weights] = i;
                j->weight[n_weights++] = j->weight[i];
            }
        trained = train_one(c, j, 0, y, n_weights, labels, j->weight);
    }
    free(labels);
    free(y);
    if (trained == NULL)
        return mp_fail(c, "liblinear gave no model");
    for (int i = 0; i < trained->nr_class; i++)
        take_weights(m, trained, (size_t)trained->label[i], i, trained->nr_class);
    linear.free_and_destroy_model(&trained);
    return MP_OK;
}

static int train_liblinear(struct mp_ctx *c, struct job *j)
{
    const struct mp_linear *m = j->m;
    if (j->rows.n > INT32_MAX || m->features >= INT32_MAX)
        return mp_fail(c, "liblinear takes at most %d rows and features, got %llu x %llu",
                       INT32_MAX, (unsigned long long)j->rows.n, (unsigned long long)m->features);
    if (mp_passes_keep(c, &j->rows, false) < 0 || make_nodes(c, j) < 0)
        return -1;
    linear.set_print_string_function(on_print);
    return j->solver == MCSVM_CS ? train_together(c, j)
                                    : mp_parallel_for(c, m->columns, train_class, j);
}

static int train_dense(struct mp_ctx *c, struct job *j, enum mp_loss_kind loss)
{
    struct mp_linear *m = j->m;
    struct mp_dense_problem p = { .rows = j->rows, .vectors = m->columns, .loss = loss,
                                  .C = j->p->C, .bias = m->bias > 0 ? m->bias : 0,
                                  .factor = j->weight,
                                  .tolerance = j->p->tolerance > 0 ? j->p->tolerance : 1e-3 };
    struct mp_dense_result result;
    if (mp_dense_solve(c, &p, m->w, &result) < 0)
        return -1;
    for (size_t k = 0; k < m->columns; k++)
        m->w[k * (m->features + 1) + m->features] *= p.bias;
    if (result.gave_up)
        mp_warn(c, "stopped at the limit of Newton steps before reaching its tolerance; a smaller "
                   "C would");
    else if (result.doubt > p.tolerance && result.doubt > 1e-3)
        mp_warn(c, "found the objective to %.1g of its value only, as sums are 32-bit floats; a "
                   "smaller C, features of like size or a solver of liblinear would do better",
                result.doubt);
    mp_remark(c, "solved by dense: objective %.6g after %d Newton steps, %d products",
              result.objective, result.steps, result.products);
    return MP_OK;
}

/* Where the dense solver is faster, measured on pixels and gradient histograms of 100 to
 * 60 000 digits: where liblinear would have much to do, and the rows are not mostly zeros.  That
 * is counted in the first ones. */
static int dense_pays(struct mp_ctx *c, const struct job *j, bool *pays)
{
    const double work = 4e6, filled = 0.1;
    const struct mp_passes *p = &j->rows;
    struct piece *piece = mp_alloc(c, 1, sizeof *piece);
    size_t values = 0, rows = 0;
    int rc = piece != NULL ? mp_passes_room(c, p, PIECE, &piece->room) : -1;
    for (; rows < p->n && rows < 2 * PIECE && rc == MP_OK; rows += piece->n) {
        rc = take_piece(c, p, rows, piece);
        values += rc == MP_OK ? count_values(piece, p->d) : 0;
    }
    const double share = (double)values / ((double)rows * (double)p->d);
    *pays = share >= filled &&
            share * (double)p->n * (double)p->d * (double)j->m->columns >= work;
    if (piece != NULL)
        free(piece->room);
    free(piece);
    return rc;
}

static int train_rows(struct mp_ctx *c, struct job *j, const struct mp_linear_solver *solver)
{
    struct mp_linear *m = j->m;
    bool dense = solver->method == MP_LINEAR_DENSE;
    if (open_job(c, j) < 0 ||
        (m->w = mp_alloc(c, mp_product(m->columns, m->features + 1), sizeof *m->w)) == NULL ||
        (solver->method == MP_LINEAR_AUTO && dense_pays(c, j, &dense) < 0))
        return -1;
    if (solver->method == MP_LINEAR_AUTO && !dense)
        mp_remark(c, "solved by liblinear: the rows are few or mostly zeros");
    return dense ? train_dense(c, j, solver->loss) : train_liblinear(c, j);
}

int mp_linear_train(struct mp_ctx *c, const void *params, void *state,
                    const struct mp_linear_solver *solver, const struct mp_passes *rows)
{
    struct mp_linear *m = state;
    struct job j = { .m = m, .p = params, .rows = *rows, .solver = solver->liblinear };
    if (rows->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    m->features = rows->d;
    m->classes = (uint64_t)mp_classes(c, NULL);
    /* Two classes need one vector, as in liblinear's own files, unless they are one problem. */
    m->columns = m->classes == 2 && solver->liblinear != MCSVM_CS ? 1 : m->classes;
    m->bias = j.p->bias;
    if (m->classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)m->classes);
    const int rc = mp_linear_prepare(c) < 0 ? -1 : train_rows(c, &j, solver);
    close_job(&j);
    return rc;
}

void mp_linear_clear(void *state)
{
    struct mp_linear *m = state;
    free(m->w);
    memset(m, 0, sizeof *m);
}

/* --------------------------------------------------------------- applying */

/* Sixteen sums side by side, so that the compiler can use vectors and the order
 * of additions is the same on every call. */
static double dot(const float *x, const double *w, size_t d)
{
    double sum[16] = { 0 };
    size_t i = 0;
    for (; i + 16 <= d; i += 16)
        for (size_t l = 0; l < 16; l++)
            sum[l] += (double)x[i + l] * w[i + l];
    for (size_t l = 0; i < d; i++, l++)
        sum[l] += (double)x[i] * w[i];
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

int mp_linear_apply(struct mp_ctx *c, const void *params, const void *state,
                    const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_linear *m = state;
    (void)params;
    const size_t d = mp_len(in->shape), k = m->classes;
    if (d != m->features || m->w == NULL)
        return mp_fail(c, "trained on rows of %llu values, given %zu",
                       (unsigned long long)m->features, d);
    if (mp_len(out->shape) != k)
        return mp_fail(c, "trained on %zu classes, asked for %zu", k, mp_len(out->shape));
    for (size_t i = 0; i < in->n; i++)
        for (size_t j = 0; j < m->columns; j++) {
            const double *w = m->w + j * (d + 1);
            const double score = dot(in->x + i * d, w, d) + w[d];
            out->x[i * k + j] = (float)score;
            /* Of two classes the second wins a tie, as in liblinear. */
            if (m->columns == 1)
                out->x[i * k + 1] = score == 0 ? 1e-30f : (float)-score;
        }
    return MP_OK;
}

int mp_linear_io(struct mp_io *io, void *state)
{
    struct mp_linear *m = state;
    if (mp_io_u64(io, "features", &m->features) < 0 || mp_io_u64(io, "classes", &m->classes) < 0 ||
        mp_io_u64(io, "columns", &m->columns) < 0 || mp_io_f64(io, "bias", &m->bias) < 0)
        return -1;
    if (m->features >= INT32_MAX || m->classes < 2 || m->classes > MP_MOST_CLASSES ||
        m->columns != (m->columns == 1 ? m->classes - 1 : m->classes))
        return mp_fail(mp_io_ctx(io), "the state has %llu features, %llu classes, %llu vectors, "
                                      "which do not fit", (unsigned long long)m->features,
                       (unsigned long long)m->classes, (unsigned long long)m->columns);
    return mp_io_f64s(io, "weights", &m->w, mp_product(m->columns, m->features + 1));
}

int mp_linear_pictures(struct mp_ctx *c, const void *params, const void *state,
                       struct mp_shape image, const struct mp_viewer *v)
{
    const struct mp_linear *m = state;
    const size_t d = m->features;
    const char *const *names;
    (void)params;
    if (mp_len(image) != d || (uint64_t)mp_classes(c, &names) != m->classes)
        return MP_OK;
    float *x = mp_alloc(c, d, sizeof *x);
    int rc = x != NULL ? MP_OK : -1;
    for (size_t j = 0; j < m->columns && rc == MP_OK; j++) {
        char name[600];
        const double *w = m->w + j * (d + 1);
        for (size_t i = 0; i < d; i++)
            x[i] = (float)w[i];
        if (m->columns == 1)
            snprintf(name, sizeof name, "%s rather than %s", names[0], names[1]);
        else
            snprintf(name, sizeof name, "class %s", names[j]);
        rc = mp_see(c, v, name, x, image, 1);
    }
    free(x);
    return rc;
}

/* Labels as liblinear knows them: the names, where all are whole numbers that it can hold, and
 * the numbers of the classes otherwise. */
static void file_labels(const char *const *names, int k, int *label)
{
    bool whole = true;
    for (int i = 0; i < k; i++) {
        int64_t v = 0;
        whole = whole && mp_whole_text(names[i], &v) && v >= INT_MIN && v <= INT_MAX;
        label[i] = (int)v;
    }
    for (int i = 0; i < k && !whole; i++)
        label[i] = i;
}

int mp_linear_save(struct mp_ctx *c, const void *state, int solver, const char *path)
{
    const struct mp_linear *m = state;
    const size_t stride = m->columns, d = m->features + (m->bias >= 0);
    struct model file = { .param = { .solver_type = solver }, .nr_class = (int)m->classes,
                          .nr_feature = (int)m->features, .bias = m->bias };
    const char *const *names;
    const int k = mp_classes(c, &names);
    file.label = mp_alloc(c, m->classes, sizeof *file.label);
    file.w = mp_alloc(c, mp_product(d, stride), sizeof *file.w);
    int rc = mp_linear_prepare(c);
    if (rc == MP_OK && file.label != NULL && file.w != NULL && (uint64_t)k == m->classes) {
        file_labels(names, k, file.label);
        for (size_t j = 0; j < stride; j++) {
            const double *w = m->w + j * (m->features + 1);
            for (size_t i = 0; i < m->features; i++)
                file.w[i * stride + j] = w[i];
            if (m->bias > 0)
                file.w[m->features * stride + j] = w[m->features] / m->bias;
        }
        errno = 0;
        rc = linear.save_model(path, &file) == 0 ? MP_OK
                                          : mp_fail(c, "cannot write: %s",
                                                    errno != 0 ? strerror(errno) : "output error");
    }
    free(file.label);
    free(file.w);
    return rc;
}
