/* SPDX-License-Identifier: GPL-3.0-or-later */
/* product_check.c - products of a library against plain loops.
 *
 * Cost: that of the library for one call, and 32 outputs of every filter (256 of a matrix) by
 * loops that add one product after another. */
#include "linear/product_check.h"
#include "core/simd.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PICKS = 4,     /* rows and columns of an image; rows of a matrix */
    EDGE = 32      /* columns of a matrix at each side */
};

/* Of +-1 and +-2, one time each: the root of the mean square of a product. */
static const double usual = 2.5;

/* ------------------------------------------------------------------ values */

/* Rounded or not, they are exact. */
MP_CLONES static void draw(uint32_t seed, float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u = ((uint32_t)i + seed) * 0x9e3779b1u;
        u = (u ^ u >> 15) * 0x85ebca6bu;
        u ^= u >> 13;
        x[i] = (float)((int)(u >> 7 & 1) + 1) * (float)(1 - (int)(u >> 15 & 2));
    }
}

/* What loops read; and what the library reads or writes: that, or behind it the same in bf16. */
struct tensor {
    float *x;
    void *given;
    size_t n;
    enum mp_precision precision;
};

static struct tensor tensor(struct mp_ctx *c, size_t n, enum mp_precision precision)
{
    struct tensor t = { .n = n, .precision = precision };
    t.x = mp_alloc(c, precision == MP_BF16 ? n + (n + 1) / 2 : n, sizeof *t.x);
    t.given = t.x == NULL || precision == MP_F32 ? t.x : t.x + n;
    return t;
}

static void give(const struct tensor *t)
{
    if (t->precision == MP_BF16)
        mp_to_bf16(t->x, t->given, t->n);
}

static void fill(const struct tensor *t, uint32_t seed)
{
    draw(seed, t->x, t->n);
    give(t);
}

static double got(const struct tensor *t, size_t i)
{
    return (double)(t->precision == MP_BF16 ? mp_float_of(((const mp_bf16 *)t->given)[i])
                                            : ((const float *)t->given)[i]);
}

/* bf16 has 8 bits: what is rounded to it is off by 2^-9 of itself.  Twice that, of itself or of
 * the usual size of a sum of so many terms. */
static bool near(const struct tensor *t, size_t i, double exact, size_t terms)
{
    const double unit = t->precision == MP_BF16 ? 0x1p-8 : 0x1p-16;
    return fabs(got(t, i) - exact) <= unit * fmax(fabs(exact), usual * sqrt((double)terms));
}

/* The i-th of PICKS of n: both ends, and between. */
static int pick(int i, int n)
{
    return (int)((long)i * (n - 1) / (PICKS - 1));
}

/* ------------------------------------------------------------- convolution */

struct images {
    const struct mp_conv_dims *d;
    const struct mp_conv_calls *calls;
    const struct mp_conv *v;
    struct tensor x, w, b, y, dw, db, made_dw, made_db;
    float *sum; /* of one output for every filter, or one input for every channel */
};

/* Values of a pixel of row r. */
static size_t input_at(const struct images *t, size_t r, int y, int x)
{
    const struct mp_shape s = t->d->in;
    return ((r * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c;
}

static size_t output_at(const struct images *t, size_t r, int y, int x)
{
    const struct mp_shape s = t->d->out;
    return ((r * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c;
}

static size_t weight_at(const struct images *t, int ky, int kx)
{
    return (size_t)(ky * t->d->kernel + kx) * (size_t)t->d->in.c * (size_t)t->d->out.c;
}

static bool inside(struct mp_shape s, int y, int x)
{
    return y >= 0 && y < s.h && x >= 0 && x < s.w;
}

/* sum += x w, of n values and n x m. */
MP_CLONES static void add_product(const float *restrict x, const float *restrict w, size_t n,
                                  size_t m, float *restrict sum)
{
    for (size_t i = 0; i < n; i++, w += m)
        for (size_t j = 0; j < m; j++)
            sum[j] += x[i] * w[j];
}

/* sum += w y, of n x m and m values. */
MP_CLONES static void add_product_back(const float *restrict w, const float *restrict y, size_t n,
                                       size_t m, float *restrict sum)
{
    for (size_t i = 0; i < n; i++, w += m) {
        float s = 0;
#pragma omp simd reduction(+ : s)
        for (size_t j = 0; j < m; j++)
            s += w[j] * y[j];
        sum[i] += s;
    }
}

/* w += x' y, of n and m values. */
MP_CLONES static void add_outer(const float *restrict x, const float *restrict y, size_t n,
                                size_t m, float *restrict w)
{
    for (size_t i = 0; i < n; i++, w += m)
        for (size_t j = 0; j < m; j++)
            w[j] += x[i] * y[j];
}

static bool output_right(const struct images *t, size_t r, int oy, int ox)
{
    const struct mp_conv_dims *d = t->d;
    const size_t filters = (size_t)d->out.c, channels = (size_t)d->in.c;
    size_t terms = 1;
    memset(t->sum, 0, filters * sizeof *t->sum);
    if (d->bias)
        memcpy(t->sum, t->b.x, filters * sizeof *t->sum);
    for (int ky = 0; ky < d->kernel; ky++)
        for (int kx = 0; kx < d->kernel; kx++) {
            const int y = oy * d->stride + ky - d->top, x = ox * d->stride + kx - d->left;
            if (!inside(d->in, y, x))
                continue;
            add_product(t->x.x + input_at(t, r, y, x), t->w.x + weight_at(t, ky, kx), channels,
                        filters, t->sum);
            terms += channels;
        }
    bool right = true;
    for (size_t f = 0; f < filters; f++) {
        const double sum = (double)t->sum[f];
        right = right && near(&t->y, output_at(t, r, oy, ox) + f,
                              d->relu && sum < 0 ? 0 : sum, terms);
    }
    return right;
}

/* The gradient of an input pixel: of all outputs that read it. */
static bool input_right(const struct images *t, size_t r, int y, int x)
{
    const struct mp_conv_dims *d = t->d;
    const size_t filters = (size_t)d->out.c, channels = (size_t)d->in.c;
    size_t terms = 1;
    memset(t->sum, 0, channels * sizeof *t->sum);
    for (int ky = 0; ky < d->kernel; ky++)
        for (int kx = 0; kx < d->kernel; kx++) {
            const int up = y + d->top - ky, left = x + d->left - kx;
            if (up % d->stride != 0 || left % d->stride != 0 ||
                !inside(d->out, up / d->stride, left / d->stride) || up < 0 || left < 0)
                continue;
            add_product_back(t->w.x + weight_at(t, ky, kx),
                             t->y.x + output_at(t, r, up / d->stride, left / d->stride), channels,
                             filters, t->sum);
            terms += filters;
        }
    bool right = true;
    for (size_t i = 0; i < channels; i++)
        right = right && near(&t->x, input_at(t, r, y, x) + i, (double)t->sum[i], terms);
    return right;
}

/* Every picked pixel of the first row and the last. */
static bool all_right(const struct images *t, struct mp_shape s,
                      bool (*right)(const struct images *t, size_t r, int y, int x))
{
    for (size_t r = 0; r < t->d->n; r += t->d->n > 1 ? t->d->n - 1 : 1)
        for (int i = 0; i < PICKS; i++)
            for (int j = 0; j < PICKS; j++)
                if (!right(t, r, pick(i, s.h), pick(j, s.w)))
                    return false;
    return true;
}

static int check_forward(struct mp_ctx *c, const struct images *t)
{
    if (t->calls->forward(c, t->v, t->x.given, t->w.given, t->b.x, t->y.given) < 0)
        return -1;
    return all_right(t, t->d->out, output_right) ? MP_OK : MP_WRONG;
}

/* x gets what the library gives; nothing needs it any more. */
static int check_data(struct mp_ctx *c, const struct images *t)
{
    fill(&t->y, 4);
    if (t->calls->backward_data(c, t->v, t->w.given, t->y.given, t->x.given) < 0)
        return -1;
    return all_right(t, t->d->in, input_right) ? MP_OK : MP_WRONG;
}

/* The gradients of one output: all zeros but those of picked pixels reach the weights. */
static bool add_weights(const struct images *t, size_t r, int oy, int ox)
{
    const struct mp_conv_dims *d = t->d;
    const size_t filters = (size_t)d->out.c, channels = (size_t)d->in.c;
    float *dy = t->y.x + output_at(t, r, oy, ox);
    if (dy[0] != 0) /* picked before, in a small image */
        return true;
    draw((uint32_t)output_at(t, r, oy, ox), dy, filters);
    for (size_t f = 0; f < filters; f++)
        t->db.x[f] += dy[f];
    for (int ky = 0; ky < d->kernel; ky++)
        for (int kx = 0; kx < d->kernel; kx++) {
            const int y = oy * d->stride + ky - d->top, x = ox * d->stride + kx - d->left;
            if (inside(d->in, y, x))
                add_outer(t->x.x + input_at(t, r, y, x), dy, channels, filters,
                          t->dw.x + weight_at(t, ky, kx));
        }
    return true;
}

static int check_weights(struct mp_ctx *c, const struct images *t)
{
    const size_t terms = 2 * PICKS * PICKS;
    memset(t->y.x, 0, t->y.n * sizeof(float));
    all_right(t, t->d->out, add_weights);
    give(&t->y);
    if (t->calls->backward_weights(c, t->v, t->x.given, t->y.given, t->made_dw.x,
                                   t->made_db.x) < 0)
        return -1;
    bool right = true;
    for (size_t i = 0; i < t->dw.n; i++)
        right = right && near(&t->made_dw, i, (double)t->dw.x[i], terms);
    for (size_t i = 0; t->d->bias && i < t->db.n; i++)
        right = right && near(&t->made_db, i, (double)t->db.x[i], terms);
    return right ? MP_OK : MP_WRONG;
}

static bool make_images(struct mp_ctx *c, const struct mp_conv_dims *d, struct images *t)
{
    const size_t filters = (size_t)d->out.c, channels = (size_t)d->in.c;
    const size_t weights = (size_t)d->kernel * (size_t)d->kernel * channels * filters;
    *t = (struct images){ .d = d, .x = tensor(c, d->n * mp_len(d->in), d->precision),
                          .w = tensor(c, weights, d->precision),
                          .y = tensor(c, d->n * mp_len(d->out), d->precision),
                          .b = tensor(c, filters, MP_F32), .dw = tensor(c, weights, MP_F32),
                          .db = tensor(c, filters, MP_F32),
                          .made_dw = tensor(c, weights, MP_F32),
                          .made_db = tensor(c, filters, MP_F32) };
    t->sum = mp_alloc(c, filters > channels ? filters : channels, sizeof *t->sum);
    return t->x.x != NULL && t->w.x != NULL && t->y.x != NULL && t->b.x != NULL &&
           t->dw.x != NULL && t->db.x != NULL && t->made_dw.x != NULL && t->made_db.x != NULL &&
           t->sum != NULL;
}

static void free_images(struct images *t)
{
    float *all[] = { t->x.x, t->w.x, t->y.x, t->b.x, t->dw.x, t->db.x, t->made_dw.x,
                     t->made_db.x, t->sum };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

int mp_conv_check(struct mp_ctx *c, const struct mp_conv_dims *d,
                  const struct mp_conv_calls *calls, const struct mp_conv *v)
{
    struct images t;
    int rc = make_images(c, d, &t) ? MP_OK : -1;
    t.calls = calls;
    t.v = v;
    if (rc == MP_OK) {
        fill(&t.x, 1);
        fill(&t.w, 2);
        fill(&t.b, 3);
    }
    if (rc == MP_OK && d->passes & MP_FORWARD)
        rc = check_forward(c, &t);
    if (rc == MP_OK && d->passes & MP_BACK_WEIGHTS)
        rc = check_weights(c, &t);
    if (rc == MP_OK && d->passes & MP_BACK_DATA)
        rc = check_data(c, &t);
    free_images(&t);
    return rc;
}

/* --------------------------------------------------------- matrix products */

/* Columns of y are looked at where they begin and where they end. */
static bool row_right(const struct mp_matmul_dims *d, const struct tensor *a,
                      const struct tensor *b, const struct tensor *y, const float *was, size_t i)
{
    const size_t a_step = d->ta ? d->lda : 1, b_step = d->tb ? d->ldb : 1;
    const float *row = a->x + i * (d->ta ? 1 : d->lda);
    for (size_t j = 0; j < d->n; j += d->n > 2 * EDGE && j == EDGE - 1 ? d->n - 2 * EDGE + 1 : 1) {
        const float *column = b->x + j * b_step;
        float sum = d->add ? was[i * d->ldc + j] : 0;
        for (size_t k = 0; k < d->k; k++)
            sum += row[k * a_step] * column[k * (d->tb ? 1 : d->ldb)];
        if (!near(y, i * d->ldc + j, (double)sum, d->k + 1))
            return false;
    }
    return true;
}

static size_t extent(size_t rows, size_t columns, size_t apart)
{
    return (rows - 1) * apart + columns;
}

static int check_matrices(struct mp_ctx *c, const struct mp_matmul_dims *d, mp_matmul_call *run,
                          const struct mp_matmul *v, const struct tensor *a,
                          const struct tensor *b, const struct tensor *y, float *was)
{
    if (a->x == NULL || b->x == NULL || y->x == NULL || was == NULL)
        return -1;
    fill(a, 1);
    fill(b, 2);
    fill(y, 3);
    memcpy(was, y->x, y->n * sizeof *was);
    if (run(c, v, a->given, b->given, y->given) < 0)
        return -1;
    for (size_t i = 0; i < PICKS; i++)
        if (!row_right(d, a, b, y, was, i * (d->m - 1) / (PICKS - 1)))
            return MP_WRONG;
    return MP_OK;
}

int mp_matmul_check(struct mp_ctx *c, const struct mp_matmul_dims *d, mp_matmul_call *run,
                    const struct mp_matmul *v)
{
    const size_t n = extent(d->m, d->n, d->ldc);
    const struct tensor
        a = tensor(c, d->ta ? extent(d->k, d->m, d->lda) : extent(d->m, d->k, d->lda),
                   d->precision),
        b = tensor(c, d->tb ? extent(d->n, d->k, d->ldb) : extent(d->k, d->n, d->ldb),
                   d->precision),
        y = tensor(c, n, d->round ? d->precision : MP_F32);
    float *was = mp_alloc(c, n, sizeof *was);
    const int rc = check_matrices(c, d, run, v, &a, &b, &y, was);
    free(a.x);
    free(b.x);
    free(y.x);
    free(was);
    return rc;
}
