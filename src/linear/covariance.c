/* SPDX-License-Identifier: GPL-3.0-or-later */
/* covariance.c - means of rows and sums of products of their values. */
#include "linear/covariance.h"
#include "core/simd.h"
#include "linear/byte_products.h"
#include "linear/dnn.h"
#include "linear/nearest.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHEET = 256, /* rows that are centred together */
    PIECE = 32,  /* of these, whose products are summed as floats */
    BAND = 56    /* rows of the products at a time: stay in the cache meanwhile */
};

static int reserve(struct mp_ctx *c, struct mp_covariance *s, size_t d)
{
    if (s->d == d)
        return MP_OK;
    if (s->d != 0)
        return mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)s->d);
    free(s->mean);
    free(s->cross);
    s->mean = mp_alloc(c, d, sizeof *s->mean);
    s->cross = s->mean == NULL ? NULL : mp_alloc(c, d * (d + 1) / 2, sizeof *s->cross);
    if (s->cross == NULL)
        return -1;
    s->d = d;
    return mp_byte_products(c, true, SHEET, &s->bytes);
}

MP_CLONES static void add_row(double *restrict cross, const float *restrict sums, size_t n)
{
    for (size_t j = 0; j < n; j++)
        cross[j] += (double)sums[j];
}

MP_CLONES static void add_gap(double *restrict cross, double pull, const double *restrict gap,
                              size_t n)
{
    for (size_t j = 0; j < n; j++)
        cross[j] += pull * gap[j];
}

/* Adds the products of n rows z to BAND rows of the triangle, from i0 on. */
static int add_band(struct mp_ctx *c, const float *z, size_t n, size_t d, size_t i0, float *band,
                    double *cross)
{
    const size_t wide = d - i0, high = wide < BAND ? wide : BAND;
    for (size_t row = 0; row < n; row += PIECE, z += PIECE * d) {
        const size_t k = n - row < PIECE ? n - row : PIECE;
        double *to = cross;
        if (mp_gemm(true, false, high, wide, k, 1, z + i0, d, z + i0, d, 0, band, wide) < 0)
            return mp_fail(c, "no memory for a product of %zu x %zu values", high, wide);
        for (size_t i = 0; i < high; to += wide - i, i++)
            add_row(to, band + i * wide + i, wide - i);
    }
    return MP_OK;
}

/* A sheet whose values are levels, 255ths: as bytes, as these less 128, and the sum of each of its
 * d columns. */
struct levels {
    uint8_t *up;
    int8_t *down;
    double *sum;
};

/* Adds a row of products about the mean, of whole ones of `up` with `down`: base is 128 times the
 * sum of the row's column, mean its mean. */
MP_CLONES static void add_levels(double *restrict cross, const int32_t *restrict products,
                                 double base, double mean, const double *restrict sum, size_t n)
{
    for (size_t j = 0; j < n; j++)
        cross[j] += ((double)products[j] + base - mean * sum[j]) * (1.0 / (255 * 255));
}

/* As add_band(), of levels. */
static int add_level_band(struct mp_ctx *c, const struct levels *l, size_t n, size_t d, size_t i0,
                          int32_t *band, double *cross)
{
    const size_t wide = d - i0, high = wide < BAND ? wide : BAND;
    if (mp_gemm_bytes_turned(high, wide, n, l->up + i0, d, l->down + i0, d, band, wide) < 0)
        return mp_fail(c, "no memory for a product of %zu x %zu values", high, wide);
    for (size_t i = 0; i < high; cross += wide - i, i++)
        add_levels(cross, band + i * wide + i, 128 * l->sum[i0 + i], l->sum[i0 + i] / (double)n,
                   l->sum + i0 + i, wide - i);
    return MP_OK;
}

/* Joins n rows about a mean of their own, which lies `gap` from ours: z less that mean, or
 * levels. */
static int join(struct mp_ctx *c, struct mp_covariance *s, size_t n, const float *z,
                const struct levels *l, const double *gap)
{
    const size_t d = s->d;
    const double share = (double)n / ((double)s->rows + (double)n);
    float *band = mp_scratch(c, BAND * d);
    double *cross = s->cross;

    if (band == NULL)
        return -1;
    for (size_t i0 = 0; i0 < d; i0 += BAND) {
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if ((l != NULL ? add_level_band(c, l, n, d, i0, (int32_t *)(void *)band, cross)
                       : add_band(c, z, n, d, i0, band, cross)) < 0)
            return -1;
        for (size_t i = i0; i < d && i < i0 + BAND; cross += d - i, i++)
            if (s->rows > 0)
                add_gap(cross, gap[i] * share * (double)s->rows, gap + i, d - i);
    }
    for (size_t i = 0; i < d; i++)
        s->mean[i] += gap[i] * share;
    s->rows += n;
    return MP_OK;
}

/* sum[j] += the values of column j, row by row. */
MP_CLONES static void add_columns(const float *restrict x, size_t n, size_t d,
                                  double *restrict sum)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            sum[j] += (double)x[i * d + j];
}

MP_CLONES static void centre(const float *restrict x, size_t n, size_t d,
                             const double *restrict mean, float *restrict z)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            z[i * d + j] = (float)((double)x[i * d + j] - mean[j]);
}

MP_CLONES static void make_signed(const uint8_t *restrict up, size_t n, int8_t *restrict down)
{
    for (size_t i = 0; i < n; i++)
        down[i] = (int8_t)(up[i] - 128);
}

/* Whether all n rows are levels, which are made in `room`; which is of no use otherwise. */
static bool make_levels(const float *x, size_t n, size_t d, float *room, struct levels *l)
{
    l->up = (uint8_t *)room;
    l->down = (int8_t *)room + n * d;
    for (size_t i = 0; i < n; i++)
        if (!mp_levels(x + i * d, d, l->up + i * d))
            return false;
    make_signed(l->up, n * d, l->down);
    return true;
}

/* SHEET rows, or the last ones of a shard. */
static int take_sheet(struct mp_ctx *c, struct mp_covariance *s, const float *x, size_t n)
{
    const size_t d = s->d;
    const int mark = mp_scratch_mark(c);
    float *z = mp_scratch(c, n * d);
    double *gap = (double *)(void *)mp_scratch(c, 4 * d), *mean = gap + d;
    struct levels l = { .sum = mean };

    if (z == NULL || gap == NULL)
        return -1;
    memset(mean, 0, d * sizeof *mean);
    add_columns(x, n, d, mean);
    for (size_t j = 0; j < d; j++)
        gap[j] = mean[j] / (double)n - s->mean[j];
    const bool levels = s->bytes && make_levels(x, n, d, z, &l);
    for (size_t j = 0; j < d; j++)
        mean[j] = levels ? rint(255 * mean[j]) : mean[j] / (double)n;
    if (!levels)
        centre(x, n, d, mean, z);
    const int rc = join(c, s, n, z, levels ? &l : NULL, gap);
    mp_scratch_release(c, mark);
    return rc;
}

static int take_held(struct mp_ctx *c, struct mp_covariance *s)
{
    const size_t n = s->n_held;
    s->n_held = 0;
    return n > 0 ? take_sheet(c, s, s->held, n) : MP_OK;
}

int mp_covariance_end(struct mp_ctx *c, struct mp_covariance *s)
{
    const int rc = take_held(c, s);
    free(s->held);
    s->held = NULL;
    return rc;
}

/* Sheets begin where they begin in the shard, however chunks are cut: so bits do not
 * depend on that. */
int mp_covariance_add(struct mp_ctx *c, struct mp_covariance *s, const float *x, size_t all,
                      size_t d)
{
    if (reserve(c, s, d) < 0)
        return -1;
    for (size_t i = 0, n; i < all; i += n, x += n * d) {
        const size_t left = all - i, room = SHEET - s->n_held;
        n = left < room ? left : room;
        if (n == SHEET) {
            if (take_sheet(c, s, x, n) < 0)
                return -1;
            continue;
        }
        if (s->held == NULL && (s->held = mp_alloc(c, SHEET * d, sizeof *s->held)) == NULL)
            return -1;
        memcpy(s->held + s->n_held * d, x, n * d * sizeof *x);
        s->n_held += n;
        if (s->n_held == SHEET && take_held(c, s) < 0)
            return -1;
    }
    return MP_OK;
}

int mp_covariance_join(struct mp_ctx *c, struct mp_covariance *a, struct mp_covariance *b)
{
    if (take_held(c, a) < 0 || take_held(c, b) < 0)
        return -1;
    if (b->rows == 0)
        return MP_OK;
    if (a->rows == 0) { /* take all that it has; it gets what there was, to clear */
        const struct mp_covariance was = *a;
        *a = *b;
        *b = was;
        return MP_OK;
    }
    if (reserve(c, a, b->d) < 0)
        return -1;
    const double n = (double)(a->rows + b->rows), share = (double)b->rows / n;
    double *x = a->cross;
    const double *y = b->cross;
    for (size_t i = 0; i < a->d; i++) {
        const double pull = (b->mean[i] - a->mean[i]) * share * (double)a->rows;
        for (size_t j = i; j < a->d; j++)
            *x++ += *y++ + pull * (b->mean[j] - a->mean[j]);
    }
    for (size_t i = 0; i < a->d; i++)
        a->mean[i] += (b->mean[i] - a->mean[i]) * share;
    a->rows += b->rows;
    return MP_OK;
}

int mp_covariance_io(struct mp_io *io, struct mp_covariance *s)
{
    if ((!mp_io_loading(io) && take_held(mp_io_ctx(io), s) < 0) ||
        mp_io_u64(io, "rows", &s->rows) < 0 || mp_io_u64(io, "values", &s->d) < 0 ||
        mp_io_f64s(io, "mean", &s->mean, s->d) < 0)
        return -1;
    return mp_io_f64s(io, "products", &s->cross, s->d * (s->d + 1) / 2);
}

void mp_covariance_free(struct mp_covariance *s)
{
    free(s->held);
    free(s->mean);
    free(s->cross);
    *s = (struct mp_covariance){ 0 };
}
