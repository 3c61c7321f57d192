/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rbf_svm.c - support vector machine with a kernel, class against class.
 *
 * Of each pair of classes the rows that lie nearest to the border between them are kept, the
 * support vectors, and a row is on that side of the border to which it is more like (Boser,
 * Guyon, Vapnik 1992; Cortes, Vapnik 1995, "Support-vector networks").  They are found pair by
 * pair, side by side.  Predictions are ours: kernels of 96 rows with all support
 * vectors, which the pairs have in common, are products of matrices.
 *
 * A class's score is how many others it wins against, and less than a half for by how much:
 * scikit-learn's decision function of SVC, one against the rest.
 *
 * Cost: of each pair a multiply-add for each value of all its rows and of those that come near
 * the border; for a prediction one for each value of each support vector.  Memory while training:
 * a byte for each value, or four, twice of the classes that a thread has, and its `cache`. */
#include "core/exp.h"
#include "core/finite.h"
#include "core/learner.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "linear/dnn.h"
#include "linear/kernel_machine.h"
#include "linear/nearest.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A product takes this many rows, missing ones being 0, and vectors: see features/fourier.c. */
enum { ROWS = 96, COLUMNS = 256 };

struct params {
    int kernel, degree, solver;
    double C, gamma, constant, tolerance, cache;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(kernel, .def = "rbf", .choices = MP_KERNELS,
             .doc = "exp(-gamma |x - y|^2), or (gamma x.y + constant)^degree"),
    MP_PARAM(C, .def = "1", .min = 1e-9, .max = 1e9,
             .doc = "weight of the errors against the width of the border"),
    MP_PARAM(gamma, .def = "0", .min = 0, .max = 1e12,
             .doc = "of the kernel; 0: one over the number of values times their variance"),
    MP_PARAM(degree, .def = "3", .min = 1, .max = 32, .doc = "poly: the power"),
    MP_PARAM(constant, .def = "0", .min = -1e6, .max = 1e6, .doc = "poly: what is added"),
    MP_PARAM(tolerance, .def = "0.001", .min = 1e-9, .max = 1, .doc = "when to stop"),
    MP_PARAM(cache, .def = "200", .min = 1, .max = 1e6, .unit = "MiB",
             .doc = "of kernel values that each thread keeps while it learns, of 4 bytes: each row "
                    "that comes near the border with all of two classes"),
    MP_PARAM(solver, .def = "smo", .choices = MP_KERNEL_SOLVERS,
             .doc = "smo: some hundred rows at a time, by products of matrices; libsvm: by that "
                    "library, many times slower"),
    MP_CLASS_WEIGHTS(struct params, "C of rows"),
    MP_END
};

struct state {
    uint64_t d, classes, vectors, kernel, degree;
    double gamma, constant;
    double *count;     /* support vectors of each class, one after the other; -1: it had no rows */
    float *coef;       /* vectors x classes: for the border with each other class */
    double *rho;       /* classes x classes: of the border of each with a later one */
    float *x;          /* vectors x d */
    float *square;     /* |x|^2 of each */
    /* until done() */
    struct mp_kernel_rows *rows;
    uint16_t *class;   /* of each row */
    size_t n;
    double sum, squares; /* of all values */
    double longest;      /* |x|^2 of a row, the largest */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    const size_t d = mp_len(in->shape);
    (void)params;
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (s->rows == NULL) {
        const size_t n = mp_fit_rows(c);
        s->d = d;
        s->class = mp_alloc(c, n, sizeof *s->class);
        s->rows = s->class != NULL ? mp_kernel_rows_open(c, n, d) : NULL;
        if (s->rows == NULL)
            return -1;
    }
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        if (!mp_all_finite(x, d))
            return mp_fail(c, "a value of row %zu is infinite or not a number", mp_row(in, i) + 1);
        if (d != s->d)
            return mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)s->d);
        if (mp_kernel_rows_add(c, s->rows, x) < 0)
            return -1;
        const double before = s->squares;
        for (size_t j = 0; j < d; j++) {
            s->sum += (double)x[j];
            s->squares += (double)x[j] * (double)x[j];
        }
        s->longest = fmax(s->longest, s->squares - before);
        s->class[s->n++] = (uint16_t)in->y[i];
    }
    return MP_OK;
}

/* ------------------------------------------------------------------ pairs of classes */

struct pair {
    size_t a, b;
    struct mp_separation border;
};

struct work {
    struct state *s;
    struct mp_kernel_machine rules;
    const char *weights;
    double *weight;    /* of each class */
    uint32_t *row;     /* class by class */
    size_t *first;     /* of each class, and the end */
    struct pair *pair;
    size_t pairs, done;
};

static int separate(struct mp_ctx *c, void *arg, size_t i)
{
    struct work *w = arg;
    struct pair *p = &w->pair[i];
    const size_t n = w->first[p->a + 1] - w->first[p->a], m = w->first[p->b + 1] - w->first[p->b];
    const double factor[2] = { w->weight[p->a], w->weight[p->b] };
    uint32_t *rows = mp_alloc(c, n + m, sizeof *rows);
    if (rows == NULL)
        return -1;
    memcpy(rows, w->row + w->first[p->a], n * sizeof *rows);
    memcpy(rows + n, w->row + w->first[p->b], m * sizeof *rows);
    const int rc = mp_kernel_separate(c, &w->rules, w->s->rows, rows, n, m, factor, &p->border);
    free(rows);
    mp_progress(c, (double)__atomic_add_fetch(&w->done, 1, __ATOMIC_RELAXED), (double)w->pairs);
    return rc;
}

/* Which rows are of which class; pairs of those that have some. */
static int sort_rows(struct mp_ctx *c, struct work *w)
{
    const size_t k = w->s->classes, n = w->s->n;
    w->row = mp_alloc(c, n, sizeof *w->row);
    w->first = mp_alloc(c, k + 2, sizeof *w->first);
    w->pair = mp_alloc(c, mp_product(k, k), sizeof *w->pair);
    w->weight = mp_alloc(c, k, sizeof *w->weight);
    uint64_t *rows = mp_alloc(c, k, sizeof *rows);
    int rc = w->row != NULL && w->first != NULL && w->pair != NULL && w->weight != NULL &&
             rows != NULL ? MP_OK : -1;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        rows[w->s->class[i]]++;
    if (rc == MP_OK)
        rc = mp_class_weights_counted(c, w->weights, rows, w->weight);
    for (size_t j = 0; j < k && rc == MP_OK; j++) {
        w->first[j + 1] = w->first[j] + rows[j];
        rows[j] = w->first[j];
    }
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        w->row[rows[w->s->class[i]]++] = (uint32_t)i;
    for (size_t a = 0; a < k && rc == MP_OK; a++)
        for (size_t b = a + 1; b < k; b++)
            if (w->first[a + 1] > w->first[a] && w->first[b + 1] > w->first[b])
                w->pair[w->pairs++] = (struct pair){ .a = a, .b = b };
    free(rows);
    return rc;
}

/* The support vectors of all pairs, each once, class by class. */
static int gather(struct mp_ctx *c, const struct work *w)
{
    struct state *s = w->s;
    const size_t k = s->classes;
    uint32_t *place = mp_alloc(c, s->n, sizeof *place); /* behind 0, of a row among the vectors */
    s->count = mp_alloc(c, k, sizeof *s->count);
    s->rho = mp_alloc(c, mp_product(k, k), sizeof *s->rho);
    if (place == NULL || s->count == NULL || s->rho == NULL) {
        free(place);
        return -1;
    }
    for (size_t i = 0; i < w->pairs; i++)
        for (size_t j = 0; j < w->pair[i].border.n; j++)
            place[w->pair[i].border.row[j]] = 1;
    for (size_t j = 0; j < k; j++) {
        s->count[j] = w->first[j + 1] > w->first[j] ? 0 : -1;
        for (size_t i = w->first[j]; i < w->first[j + 1]; i++)
            if (place[w->row[i]] > 0) {
                place[w->row[i]] = (uint32_t)++s->vectors;
                s->count[j]++;
            }
    }
    s->x = mp_alloc(c, mp_product(s->vectors, s->d) + 1, sizeof *s->x);
    s->coef = mp_alloc(c, mp_product(s->vectors, k) + 1, sizeof *s->coef);
    int rc = s->x != NULL && s->coef != NULL ? MP_OK : -1;
    for (size_t i = 0; i < s->n && rc == MP_OK; i++)
        if (place[i] > 0)
            mp_kernel_rows_get(s->rows, i, s->x + (place[i] - 1) * s->d);
    for (size_t i = 0; i < w->pairs && rc == MP_OK; i++) {
        const struct pair *p = &w->pair[i];
        s->rho[p->a * k + p->b] = p->border.rho;
        for (size_t j = 0; j < p->border.n; j++) {
            const uint32_t row = p->border.row[j];
            const size_t other = s->class[row] == p->a ? p->b : p->a;
            s->coef[(place[row] - 1) * k + other] = (float)p->border.coef[j];
        }
    }
    free(place);
    return rc;
}

static void drop_rows(struct state *s)
{
    mp_kernel_rows_close(s->rows);
    free(s->class);
    s->rows = NULL;
    s->class = NULL;
}

/* As scikit-learn's gamma="scale". */
static double gamma_of(const struct params *p, const struct state *s)
{
    const double n = (double)s->n * (double)s->d, mean = s->sum / n;
    const double variance = s->squares / n - mean * mean;
    return p->gamma > 0 ? p->gamma
           : variance > 0 && isfinite(variance) ? 1 / ((double)s->d * variance) : 1;
}

/* Kernels are kept as floats.  The longest row's with itself is the largest, but where values
 * and the constant have different signs. */
static int check_powers(struct mp_ctx *c, const struct params *p, const struct state *s)
{
    const double digits = p->degree * log10(fabs(s->gamma * s->longest + p->constant));
    if (p->kernel == MP_RBF || digits <= log10(FLT_MAX))
        return MP_OK;
    return mp_fail(c, "kernel=poly makes 1e%.0f of a row with itself, at most 1e38 is possible: a "
                   "smaller degree, gamma (now %.3g) or constant", ceil(digits), s->gamma);
}

static int check_borders(struct mp_ctx *c, const struct work *w)
{
    for (size_t i = 0; i < w->pairs; i++) {
        const struct mp_separation *border = &w->pair[i].border;
        double sum = border->rho;
        for (size_t j = 0; j < border->n; j++)
            sum += border->coef[j];
        if (!isfinite(sum))
            return mp_fail(c, "there is no border in numbers: a smaller C or gamma%s",
                           w->rules.kernel.kernel == MP_RBF ? "" : ", degree or constant");
    }
    return MP_OK;
}

static void warn_of_early_ends(struct mp_ctx *c, const struct work *w)
{
    size_t early = 0;
    for (size_t i = 0; i < w->pairs; i++)
        early += w->pair[i].border.early;
    if (early > 0)
        mp_warn(c, "%zu of %zu borders stopped at the limit of steps before reaching their "
                "tolerance; a smaller C or a larger tolerance helps", early, w->pairs);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const int classes = mp_classes(c, NULL);
    if (s->n == 0)
        return mp_fail(c, "no rows to learn from");
    if (classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", classes);
    s->classes = (uint64_t)classes;
    s->kernel = (uint64_t)p->kernel;
    s->degree = (uint64_t)p->degree;
    s->gamma = gamma_of(p, s);
    s->constant = p->constant;
    struct work w = { .s = s, .weights = p->weights,
                      .rules = { .kernel = { .kernel = (enum mp_kernel)p->kernel,
                                             .gamma = s->gamma, .constant = p->constant,
                                             .degree = p->degree },
                                 .solver = (enum mp_kernel_solver)p->solver, .C = p->C,
                                 .tolerance = p->tolerance, .cache = p->cache } };
    int rc = check_powers(c, p, s);
    if (rc == MP_OK)
        rc = sort_rows(c, &w);
    if (rc == MP_OK)
        rc = mp_parallel_for(c, w.pairs, separate, &w);
    if (rc == MP_OK)
        rc = check_borders(c, &w);
    if (rc == MP_OK)
        warn_of_early_ends(c, &w);
    if (rc == MP_OK)
        rc = gather(c, &w);
    if (rc == MP_OK)
        mp_remark(c, "gamma is %.6g; %llu of %zu rows are support vectors", s->gamma,
                  (unsigned long long)s->vectors, s->n);
    for (size_t i = 0; i < w.pairs; i++)
        mp_separation_free(&w.pair[i].border);
    free(w.pair);
    free(w.first);
    free(w.row);
    free(w.weight);
    drop_rows(s);
    return rc;
}

/* ------------------------------------------------------------------ saving */

/* Of what is loaded nothing is trusted. */
static int check(struct mp_ctx *c, const struct state *s)
{
    double sum = 0;
    for (size_t j = 0; j < s->classes; j++)
        sum += s->count[j] >= 0 && s->count[j] <= (double)s->vectors ? floor(s->count[j]) : 0;
    return sum == (double)s->vectors
               ? MP_OK : mp_fail(c, "%llu support vectors, of all classes %g: damaged",
                                 (unsigned long long)s->vectors, sum);
}

/* Vectors of levels are a byte a value. */
static int io_vectors(struct mp_io *io, struct state *s)
{
    const size_t n = mp_product(s->vectors, s->d);
    size_t size = 0;
    uint8_t *b = NULL;
    if (!mp_io_loading(io)) {
        if ((b = mp_alloc(mp_io_ctx(io), n + 1, 1)) == NULL)
            return -1;
        size = mp_levels(s->x, n, b) ? n : 0;
    }
    int rc = mp_io_bytes(io, "levels", &b, &size);
    if (rc == MP_OK && size == 0 && n > 0)
        rc = mp_io_f32s(io, "floats", &s->x, n);
    else if (rc == MP_OK && mp_io_loading(io)) {
        s->x = size == n ? mp_alloc(mp_io_ctx(io), n + 1, sizeof *s->x) : NULL;
        if (s->x != NULL)
            mp_of_levels(b, n, s->x);
        else
            rc = mp_fail(mp_io_ctx(io), "%zu levels of %zu: damaged", size, n);
    }
    free(b);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_u64(io, "vectors", &s->vectors) < 0 || mp_io_u64(io, "kernel", &s->kernel) < 0 ||
        mp_io_u64(io, "degree", &s->degree) < 0 || mp_io_f64(io, "gamma", &s->gamma) < 0 ||
        mp_io_f64(io, "constant", &s->constant) < 0 ||
        mp_io_f64s(io, "count", &s->count, s->classes) < 0 ||
        mp_io_f64s(io, "rho", &s->rho, mp_product(s->classes, s->classes)) < 0 ||
        mp_io_f32s(io, "coef", &s->coef, mp_product(s->vectors, s->classes)) < 0)
        return -1;
    if (s->kernel > MP_POLY || s->degree > 32 || (mp_io_loading(io) && check(mp_io_ctx(io), s) < 0))
        return mp_fail(mp_io_ctx(io), "kernel %llu: damaged", (unsigned long long)s->kernel);
    return io_vectors(io, s);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    struct state *s = state;
    (void)params, (void)in;
    s->square = mp_alloc(c, s->vectors + 1, sizeof *s->square);
    if (s->square == NULL)
        return -1;
    for (size_t i = 0; i < s->vectors; i++) {
        double sum = 0;
        for (size_t j = 0; j < s->d; j++)
            sum += (double)s->x[i * s->d + j] * (double)s->x[i * s->d + j];
        s->square[i] = (float)sum;
    }
    return mp_dnn_load(c);
}

static void clear(void *state)
{
    struct state *s = state;
    drop_rows(s);
    free(s->count);
    free(s->rho);
    free(s->coef);
    free(s->x);
    free(s->square);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    (void)c;
    *values = s->vectors * (s->d + s->classes);
    return MP_OK;
}

/* ------------------------------------------------------------------ asking */

/* Products become kernels: n vectors of each of ROWS rows. */
MP_CLONES static void gauss(float *restrict z, size_t n, float gamma, const float *restrict rows,
                            const float *restrict vectors)
{
    for (size_t r = 0; r < ROWS; r++, z += COLUMNS)
        for (size_t i = 0; i < n; i++) {
            const float gap = rows[r] + vectors[i] - 2 * z[i];
            z[i] = mp_exp(-gamma * (gap > 0 ? gap : 0));
        }
}

MP_CLONES static void powers(float *restrict z, size_t n, float gamma, float constant,
                             uint64_t degree)
{
    for (size_t r = 0; r < ROWS; r++, z += COLUMNS)
        for (size_t i = 0; i < n; i++) {
            const float base = gamma * z[i] + constant;
            float power = base;
            for (uint64_t k = 1; k < degree; k++)
                power *= base;
            z[i] = power;
        }
}

/* side: of each class, ROWS x classes: what its vectors say for the border with each other. */
static int look_alike(struct mp_ctx *c, const struct state *s, const float *x, float *z,
                      float *side)
{
    const size_t k = s->classes, d = s->d;
    float square[ROWS];
    size_t at = 0;
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += (double)x[r * d + j] * (double)x[r * d + j];
        square[r] = (float)sum;
    }
    memset(side, 0, k * ROWS * k * sizeof *side);
    for (size_t j = 0; j < k; j++, side += ROWS * k) {
        const size_t end = at + (size_t)fmax(0, s->count[j]);
        for (size_t n; at < end; at += n) {
            n = end - at < COLUMNS ? end - at : COLUMNS;
            if (mp_gemm(false, true, ROWS, n, d, 1, x, d, s->x + at * d, d, 0, z, COLUMNS) < 0)
                return mp_fail(c, "no memory for products of %d rows", ROWS);
            if (s->kernel == MP_RBF)
                gauss(z, n, (float)s->gamma, square, s->square + at);
            else
                powers(z, n, (float)s->gamma, (float)s->constant, s->degree);
            if (mp_gemm(false, false, ROWS, k, n, 1, z, COLUMNS, s->coef + at * k, k, 1, side,
                        k) < 0)
                return mp_fail(c, "no memory for products of %d rows", ROWS);
        }
    }
    return MP_OK;
}

/* A row's scores: how many pairs each class wins, and by how much, less than 1/3. */
static void count_pairs(const struct state *s, const float *side, size_t r, double *sum, float *out)
{
    const size_t k = s->classes;
    for (size_t j = 0; j < k; j++)
        sum[j] = out[j] = 0;
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k && s->count[a] >= 0; b++) {
            if (s->count[b] < 0)
                continue;
            const double gap = (double)side[(a * ROWS + r) * k + b] +
                               (double)side[(b * ROWS + r) * k + a] - s->rho[a * k + b];
            out[gap > 0 ? a : b]++;
            sum[a] += gap;
            sum[b] -= gap;
        }
    for (size_t j = 0; j < k; j++)
        out[j] = s->count[j] < 0 ? -1 : (float)(out[j] + (isfinite(sum[j]) ? sum[j] /
                                                          (3 * (fabs(sum[j]) + 1)) : 0));
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = s->classes;
    (void)params;
    if (d != s->d || mp_len(out->shape) != k)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       k, (size_t)s->d, mp_len(out->shape), d);
    float *z = mp_scratch(c, (size_t)ROWS * COLUMNS), *x = mp_scratch(c, mp_product(ROWS, d));
    float *side = mp_scratch(c, mp_product(ROWS * k, k));
    double *sum = (double *)(void *)mp_scratch(c, 2 * k);
    if (z == NULL || x == NULL || side == NULL || sum == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        memcpy(x, in->x + i * d, n * d * sizeof *x);
        memset(x + n * d, 0, (ROWS - n) * d * sizeof *x);
        if (look_alike(c, s, x, z, side) < 0)
            return -1;
        for (size_t r = 0; r < n; r++)
            count_pairs(s, side, r, sum, out->x + (i + r) * k);
    }
    return MP_OK;
}

/* Of each class the vector that says most. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    const char *const *names;
    size_t i = 0;
    (void)params;
    if (mp_len(image) != s->d || (uint64_t)mp_classes(c, &names) != s->classes)
        return MP_OK;
    for (size_t k = 0; k < s->classes; k++) {
        const size_t end = i + (size_t)fmax(0, s->count[k]);
        double most = 0;
        size_t best = end;
        for (; i < end; i++) {
            double says = 0;
            for (size_t j = 0; j < s->classes; j++)
                says += fabs((double)s->coef[i * s->classes + j]);
            if (says > most) {
                most = says;
                best = i;
            }
        }
        char name[600];
        snprintf(name, sizeof name, "class %s, a support vector", names[k]);
        if (best < end && mp_see(c, v, name, s->x + best * s->d, image, 1) < 0)
            return -1;
    }
    return MP_OK;
}

static int heed(struct mp_ctx *c, const void *params)
{
    const struct params *p = params;
    return p->solver == MP_LIBSVM ? mp_kernel_load(c) : MP_OK;
}

MP_STAGE(rbf_svm) = {
    .brief = "Separate each two classes by a support vector machine with a kernel",
    .doc = "Of each two classes those rows are kept that lie near the border between them, and\n"
           "a row is compared with these: borders may be of any form.\n"
           "\n"
           "One class against one, as libsvm has it.  kernel=rbf: rows are alike that are near,\n"
           "`gamma` says how near; kernel=poly: products of up to `degree` values are looked at,\n"
           "all at once.  C and gamma are best chosen on held-out training rows, each by factors.\n"
           "The time grows with the rows of a class times those near its borders; where classes\n"
           "overlap and C is large it ends after ten million steps, with a warning.  A score is\n"
           "how many other classes a class wins against, and less than a half for by how much,\n"
           "scikit-learn's decision function of SVC; `calibrate` behind it makes probabilities of\n"
           "them.\n"
           "Reference: Boser, Guyon, Vapnik 1992, A training algorithm for optimal margin\n"
           "classifiers; Chang, Lin 2011, LIBSVM; Fan, Chen, Lin 2005, Working set selection\n"
           "using second order information.",
    .example = "rbf_svm C=10",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = mp_dnn_load, .heed = heed,
                          .ready = ready, .values = values, .pictures = pictures),
};
