/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nmf.c - rows as sums of parts, nothing of which is below 0.
 *
 * Method: X is about W H, all of it 0 or more, with the least squared error (D. D. Lee and H. S.
 * Seung 1999, "Learning the parts of objects by non-negative matrix factorization").  Weights and
 * parts take turns, one after the other being set to what is best beside all others (hierarchical
 * alternating least squares: A. Cichocki and A.-H. Phan 2009), which is scikit-learn's solver "cd"
 * but for the order.  A row's weights are then those of least squared error by the same steps.
 *
 * Cost: 4 rows x values x components flops a turn to learn; values x components multiply-adds a row
 * to apply, and components^2 for each step.
 */
#include "core/learner.h"
#include "core/normal.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/rows_times.h"
#include "linear/sample.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_COMPONENTS = 2048, MAX_NUMBERS = 1 << 28, BLOCK = 96, STEPS = 500 };

struct params {
    int components, rows, times;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "30", .min = 1, .max = MAX_COMPONENTS, .doc = "how many parts"),
    MP_PARAM(rows, .def = "2000", .min = 1, .max = 10000000,
             .doc = "training rows to learn from at most, drawn at random"),
    MP_PARAM(times, .def = "50", .min = 1, .max = 10000,
             .doc = "that weights and parts take their turns"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    uint64_t d, k;         /* values, parts */
    float *parts;          /* k x d, each of length 1 */
    float *products;       /* k x k: of parts; made by ready() */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_product(mp_len(in), (size_t)p->components) > MAX_NUMBERS)
        return mp_fail(c, "components=%d: more than %d numbers for rows of %zu values; fewer "
                       "components", p->components, MAX_NUMBERS, mp_len(in));
    *out = (struct mp_shape){ 1, p->components, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "nmf[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    const size_t n = in->n * mp_len(in->shape);
    for (size_t i = 0; i < n; i++)
        if (in->x[i] < 0)
            return mp_fail(c, "a value of the rows is %g; all must be 0 or more, as of pixels or "
                           "histograms", (double)in->x[i]);
    s->d = mp_len(in->shape);
    return mp_sample_add(c, &s->seen, (size_t)p->rows, in);
}

/* ------------------------------------------------------------------ the steps */

/* Each of k weights in turn to what is best beside the others: b has the row's products with the
 * parts, a those of the parts.  Returns the largest change, of weights as long as their part is. */
static inline float step(const float *a, const float *b, size_t k, float *w)
{
    float most = 0;
    for (size_t t = 0; t < k; t++) {
        const float *row = a + t * k, own = row[t];
        float sum = 0;
        if (!(own > 0)) {
            w[t] = 0;
            continue;
        }
        for (size_t j = 0; j < k; j++)
            sum += row[j] * w[j];
        const float was = w[t], next = was + (b[t] - sum) / own;
        w[t] = next > 0 ? next : 0;
        const float gap = fabsf(w[t] - was);
        most = gap > most ? gap : most;
    }
    return most;
}

MP_CLONES static void steps(const float *a, const float *b, size_t n, size_t k, int times,
                            float *w)
{
    for (size_t i = 0; i < n; i++, b += k, w += k) {
        float largest = 0;
        for (size_t t = 0; t < k; t++)
            largest = fmaxf(largest, b[t]);
        for (int t = 0; t < times; t++)
            if (step(a, b, k, w) <= 1e-6f * largest)
                break;
    }
}

/* ------------------------------------------------------------------ learning */

/* One side: n rows of m values, which k weights each make of the other side's k x m. */
struct turn {
    size_t n, m, k;
    const float *x, *other; /* x: with `across` m x n, its columns the rows */
    float *w, *products;
    bool across;
};

static int turn_block(struct mp_ctx *c, void *arg, size_t block)
{
    const struct turn *t = arg;
    const size_t i = block * BLOCK, n = t->n - i < BLOCK ? t->n - i : BLOCK;
    float *b = mp_scratch(c, n * t->k);
    if (b == NULL)
        return -1;
    if (mp_gemm(t->across, true, n, t->k, t->m, 1, t->across ? t->x + i : t->x + i * t->m,
                t->across ? t->n : t->m, t->other, t->m, 0, b, t->k) < 0)
        return mp_fail(c, "no memory for products of %d rows", BLOCK);
    steps(t->products, b, n, t->k, 1, t->w + i * t->k);
    return MP_OK;
}

static int multiply(struct mp_ctx *c, const float *parts, size_t k, size_t d, float *products)
{
    if (mp_gemm(false, true, k, k, d, 1, parts, d, parts, d, 0, products, k) < 0)
        return mp_fail(c, "no memory for products of %zu parts", k);
    return MP_OK;
}

/* to, k x n, of x, n x k. */
static void turn_over(const float *x, size_t n, size_t k, float *to)
{
    mp_transpose(to, n, x, k, n, k);
}

/* w: n x k weights, h: d x k, of each value its weight in each part; `flat` has room for either,
 * turned over. */
static int learn(struct mp_ctx *c, const struct params *p, struct state *s, const float *x,
                 size_t n, float *w, float *h, float *flat)
{
    struct turn rows = { n, s->d, s->k, x, flat, w, s->products, false };
    struct turn values = { s->d, n, s->k, x, flat, h, s->products, true };
    for (int t = 0; t < p->times; t++) {
        turn_over(h, s->d, s->k, flat);
        if (multiply(c, flat, s->k, s->d, s->products) < 0 ||
            mp_parallel_for(c, (n + BLOCK - 1) / BLOCK, turn_block, &rows) < 0)
            return -1;
        turn_over(w, n, s->k, flat);
        if (multiply(c, flat, s->k, n, s->products) < 0 ||
            mp_parallel_for(c, (s->d + BLOCK - 1) / BLOCK, turn_block, &values) < 0)
            return -1;
    }
    return MP_OK;
}

/* Random sizes whose products are about as large as the rows' values. */
static void begin(struct mp_ctx *c, const float *x, size_t n, const struct state *s, float *w,
                  float *h)
{
    double mean = 0;
    for (size_t i = 0; i < n * s->d; i++)
        mean += (double)x[i] / (double)(n * s->d);
    const double sigma = sqrt(mean / (double)s->k);
    mp_normals(c, UINT64_MAX, sigma, n * s->k, w, 1);
    mp_normals(c, UINT64_MAX - 1, sigma, s->d * s->k, h, 1);
    for (size_t i = 0; i < n * s->k; i++)
        w[i] = fabsf(w[i]);
    for (size_t i = 0; i < s->d * s->k; i++)
        h[i] = fabsf(h[i]);
}

struct part {
    double weight, size;
    size_t at;
};

static int heavier(const void *a, const void *b)
{
    const struct part *p = a, *q = b;
    if (p->weight > q->weight || p->weight < q->weight)
        return p->weight > q->weight ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

/* Parts of length 1, that which all rows together have most of first. */
static int keep(struct mp_ctx *c, struct state *s, const float *w, size_t n, const float *h)
{
    struct part *p = mp_alloc(c, s->k, sizeof *p);
    if (p == NULL)
        return -1;
    for (size_t k = 0; k < s->k; k++) {
        p[k].at = k;
        for (size_t j = 0; j < s->d; j++)
            p[k].size += (double)h[j * s->k + k] * (double)h[j * s->k + k];
        p[k].size = sqrt(p[k].size);
        for (size_t i = 0; i < n; i++)
            p[k].weight += (double)w[i * s->k + k] * p[k].size;
    }
    qsort(p, s->k, sizeof *p, heavier);
    for (size_t k = 0; k < s->k; k++)
        for (size_t j = 0; j < s->d; j++)
            s->parts[k * s->d + j] =
                p[k].size > 0 ? (float)((double)h[j * s->k + p[k].at] / p[k].size) : 0;
    free(p);
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const float *x = mp_sample_end(c, &s->seen, false);
    if (x == NULL)
        return -1;
    const size_t n = s->seen.n, k = s->k = (uint64_t)p->components, most = n > s->d ? n : s->d;
    s->products = mp_alloc(c, k * k, sizeof *s->products);
    s->parts = s->products == NULL ? NULL : mp_alloc(c, k * s->d, sizeof *s->parts);
    float *w = s->parts == NULL ? NULL : mp_alloc(c, (n + s->d + most) * k, sizeof *w);
    if (w == NULL)
        return -1;
    float *h = w + n * k;
    begin(c, x, n, s, w, h);
    int rc = learn(c, p, s, x, n, w, h, h + s->d * k);
    if (rc >= 0)
        rc = keep(c, s, w, n, h);
    free(w);
    free(s->products);
    s->products = NULL;
    mp_sample_free(&s->seen);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "components", &s->k) < 0)
        return -1;
    if (s->k > MAX_COMPONENTS || mp_product(s->d, s->k) > MAX_NUMBERS)
        return mp_fail(mp_io_ctx(io), "%llu components of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    return mp_io_f32s(io, "parts", &s->parts, s->k * s->d);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->parts);
    free(s->products);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    struct state *s = state;
    (void)params, (void)in;
    if (mp_dnn_load(c) < 0)
        return -1;
    free(s->products);
    s->products = mp_alloc(c, s->k * s->k, sizeof *s->products);
    return s->products == NULL ? -1 : multiply(c, s->parts, s->k, s->d, s->products);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    if (mp_len(in->shape) != s->d || mp_len(out->shape) != s->k)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", (size_t)s->k,
                       (size_t)s->d, mp_len(out->shape), mp_len(in->shape));
    float *b = mp_scratch(c, in->n * s->k);
    if (b == NULL || mp_rows_times(c, in->x, in->n, s->d, s->parts, s->k, true, b) < 0)
        return -1;
    memset(out->x, 0, in->n * s->k * sizeof *b);
    steps(s->products, b, in->n, s->k, STEPS, out->x);
    return MP_OK;
}

static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    for (size_t k = 0; k < s->k && mp_len(image) == s->d; k++) {
        char name[32];
        snprintf(name, sizeof name, "part %zu", k);
        if (mp_see(c, v, name, s->parts + k * s->d, image, 1) < 0)
            return -1;
    }
    return MP_OK;
}

MP_STAGE(nmf) = {
    .brief = "Take rows apart into parts, nothing of which is below 0",
    .doc = "Finds parts of which training rows are sums, such as strokes of digits, and says how\n"
           "much of each is in a row: like pca, but nothing is taken away again, so that parts\n"
           "can be looked at.\n"
           "\n"
           "Non-negative matrix factorization: parts and weights are 0 or more and make the\n"
           "training rows with the least squared error, as far as `times` turns from a random\n"
           "beginning go.  Parts have length 1, that of the largest total weight first.  Of\n"
           "another row the weights of least squared error are given.  Rows must have no value\n"
           "below 0.  The error is that of scikit-learn's NMF; what is drawn depends on the\n"
           "seed.\n"
           "Reference: Lee and Seung 1999, Learning the parts of objects by non-negative matrix\n"
           "factorization.",
    .example = "nmf components=8 times=20",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = mp_dnn_load, .ready = ready,
                          .pictures = pictures),
};
