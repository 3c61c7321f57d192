/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - the nearest of many rows.
 *
 * A block of rows is compared with all rows of the chunk before the next is, and stays in the
 * cache meanwhile.  For products bytes are numbers 0..255.  Cost: d multiply-adds for each pair,
 * and for each row some dozens of rows to look at again. */
#include "linear/nearest.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 512,   /* rows that are compared with QUERIES at a time */
    QUERIES = 256,
    GROUP = 64     /* of them that are passed over in one step */
};

static const double rounding = 0x1p-24; /* of a float, at most */
static const double large = 1e18;       /* lengths whose squares floats may not hold */

struct mp_nearest {
    struct mp_nearest_rows rows;
    enum mp_metric metric;
    double unit;    /* what a value is multiplied by in products: 255 of bytes, 1 of floats */
    double most;    /* the longest row, in units */
    /* A row's place among the nearest of x goes by base - gain (row . x), which is off by no more
     * than x's bound times `reach`: floats, of each row. */
    float *base, *gain, *reach;
    double *length; /* of each row, not in units */
};

/* A row that neighbours are sought of. */
struct query {
    const float *x;    /* as it came */
    const uint8_t *b;  /* as levels; NULL: it has others */
    float *scaled;     /* x in units */
    double length;     /* of x; of `scaled` unit times that */
    double bound;      /* on what a product is off, for a row of length 1; INFINITY: not known */
    size_t k, have;
    struct mp_found *found; /* `distance` is without its root until the end */
};

/* ------------------------------------------------------------------ levels */

bool mp_levels(const float *x, size_t n, uint8_t *to)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        const float v = x[i] >= 0 && x[i] <= 1 ? x[i] : 2;
        to[i] = (uint8_t)(v * 255 + 0.5f);
        good = good & (v == (float)to[i] / 255.0f);
    }
    return good;
}

void mp_of_levels(const uint8_t *b, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)b[i] / 255.0f;
}

/* ------------------------------------------------------------------ the exact distance */

/* What fits 32 bits of l2 and products, of l1, of l3. */
enum { SQUARES = 1 << 15, GAPS = 1 << 24, CUBES = 1 << 8 };

MP_CLONES static uint32_t square_bytes(const uint8_t *restrict a, const uint8_t *restrict b,
                                       size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const int gap = a[i] - b[i];
        sum += (uint32_t)(gap * gap);
    }
    return sum;
}

MP_CLONES static uint32_t multiply_bytes(const uint8_t *restrict a, const uint8_t *restrict b,
                                         size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)(a[i] * b[i]);
    return sum;
}

MP_CLONES static uint32_t gap_bytes(const uint8_t *restrict a, const uint8_t *restrict b, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)abs(a[i] - b[i]);
    return sum;
}

MP_CLONES static uint32_t cube_bytes(const uint8_t *restrict a, const uint8_t *restrict b,
                                     size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const int gap = abs(a[i] - b[i]);
        sum += (uint32_t)(gap * gap * gap);
    }
    return sum;
}

/* Without roots; of the cosine the product. */
static double of_bytes(const uint8_t *a, const uint8_t *b, size_t d, enum mp_metric metric)
{
    const size_t step = metric == MP_L1 ? GAPS : metric == MP_L3 ? CUBES : SQUARES;
    uint64_t sum = 0;
    for (size_t i = 0; i < d; i += step) {
        const size_t n = d - i < step ? d - i : step;
        sum += metric == MP_L2   ? square_bytes(a + i, b + i, n)
               : metric == MP_L1 ? gap_bytes(a + i, b + i, n)
               : metric == MP_L3 ? cube_bytes(a + i, b + i, n)
                                 : multiply_bytes(a + i, b + i, n);
    }
    return (double)sum;
}

/* Eight sums side by side, so that the order of additions is the same on every call. */
#define SUM_FLOATS(name, value)                                                                \
    MP_CLONES static double name(const float *restrict a, const float *restrict b, size_t d)   \
    {                                                                                          \
        double sum[8] = { 0 };                                                                 \
        for (size_t i = 0; i < d; i += 8)                                                      \
            for (size_t l = 0; l < 8 && i + l < d; l++) {                                      \
                const double x = (double)a[i + l], y = (double)b[i + l], gap = fabs(x - y);    \
                (void)gap;                                                                     \
                sum[l] += value;                                                               \
            }                                                                                  \
        const double even = (sum[0] + sum[4]) + (sum[2] + sum[6]);                             \
        return even + ((sum[1] + sum[5]) + (sum[3] + sum[7]));                                 \
    }
SUM_FLOATS(square_floats, gap * gap)
SUM_FLOATS(gap_floats, gap)
SUM_FLOATS(cube_floats, gap * gap * gap)
SUM_FLOATS(multiply_floats, x * y)

static double of_floats(const float *a, const float *b, size_t d, enum mp_metric metric)
{
    return metric == MP_L2   ? square_floats(a, b, d)
           : metric == MP_L1 ? gap_floats(a, b, d)
           : metric == MP_L3 ? cube_floats(a, b, d)
                             : multiply_floats(a, b, d);
}

/* What one level is in sums of the metric. */
static double level_unit(enum mp_metric metric)
{
    return metric == MP_L1 ? 255 : metric == MP_L3 ? 255.0 * 255 * 255 : 255.0 * 255;
}

/* spare: room for a row. */
static double exact(const struct mp_nearest *s, const struct query *q, size_t row, float *spare)
{
    const size_t d = s->rows.d;
    double sum;
    if (s->rows.b != NULL && q->b != NULL) {
        sum = of_bytes(q->b, s->rows.b + row * d, d, s->metric) / level_unit(s->metric);
    } else if (s->rows.b != NULL) {
        mp_of_levels(s->rows.b + row * d, d, spare);
        sum = of_floats(q->x, spare, d, s->metric);
    } else {
        sum = of_floats(q->x, s->rows.x + row * d, d, s->metric);
    }
    if (s->metric != MP_COSINE)
        return sum;
    const double both = q->length * s->length[row];
    return both > 0 ? 1 - sum / both : 1;
}

/* Rows come in their order, so that the first of equals stays. */
static void consider(const struct mp_nearest *s, struct query *q, size_t row, float *spare)
{
    double distance = exact(s, q, row, spare);
    distance = isnan(distance) ? INFINITY : distance;
    if (q->have == q->k && !(distance < q->found[q->k - 1].distance))
        return;
    size_t at = q->have < q->k ? q->have++ : q->k - 1;
    for (; at > 0 && q->found[at - 1].distance > distance; at--)
        q->found[at] = q->found[at - 1];
    q->found[at] = (struct mp_found){ row, distance };
}

/* ------------------------------------------------------------------ made ready */

/* Of levels or of floats. */
static double length_of(const uint8_t *b, const float *x, size_t d)
{
    return b != NULL ? sqrt(of_bytes(b, b, d, MP_COSINE)) / 255 : sqrt(multiply_floats(x, x, d));
}

static void weigh_row(struct mp_nearest *s, size_t i, double length)
{
    const double in_units = length * s->unit;
    const bool cosine = s->metric == MP_COSINE;
    s->length[i] = length;
    s->most = fmax(s->most, in_units);
    s->base[i] = cosine ? 0 : (float)(in_units * in_units / 2);
    s->gain[i] = !cosine ? 1 : length > 0 ? (float)(1 / in_units) : 0;
    s->reach[i] = cosine ? 1 : (float)in_units;
}

struct mp_nearest *mp_nearest_open(struct mp_ctx *c, const struct mp_nearest_rows *rows,
                                   enum mp_metric metric)
{
    struct mp_nearest *s = mp_alloc(c, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct mp_nearest){ .rows = *rows, .metric = metric,
                              .unit = rows->b != NULL ? 255 : 1 };
    s->base = mp_alloc(c, rows->n, sizeof *s->base);
    s->gain = mp_alloc(c, rows->n, sizeof *s->gain);
    s->reach = mp_alloc(c, rows->n, sizeof *s->reach);
    s->length = mp_alloc(c, rows->n, sizeof *s->length);
    const bool room = s->base != NULL && s->gain != NULL && s->reach != NULL && s->length != NULL;
    for (size_t i = 0; i < rows->n && room; i++)
        weigh_row(s, i, length_of(rows->b != NULL ? rows->b + i * rows->d : NULL,
                                  rows->x != NULL ? rows->x + i * rows->d : NULL, rows->d));
    if (!room || mp_dnn_load(c) < 0) {
        mp_nearest_close(s);
        return NULL;
    }
    return s;
}

void mp_nearest_close(struct mp_nearest *s)
{
    if (s == NULL)
        return;
    free(s->base);
    free(s->gain);
    free(s->reach);
    free(s->length);
    free(s);
}

/* ------------------------------------------------------------------ the first look */

/* The first group, from `from` on, in which a row may be within `limit`; n: none is. */
MP_CLONES static size_t next_group(const float *restrict product, const float *restrict base,
                                   const float *restrict gain, const float *restrict reach,
                                   float bound, float limit, size_t from, size_t n)
{
    for (size_t i = from; i < n; i += GROUP) {
        const size_t end = n - i < GROUP ? n : i + GROUP;
        int some = 0;
        for (size_t j = i; j < end; j++)
            some |= !(base[j] - product[j] * gain[j] - bound * reach[j] > limit);
        if (some)
            return i;
    }
    return n;
}

/* What the k-th nearest so far is in the terms of `base`, and what rounding is there. */
static float limit_of(const struct mp_nearest *s, const struct query *q)
{
    const double length = q->length * s->unit, most = s->most;
    if (q->have < q->k)
        return INFINITY;
    const double kth = q->found[q->k - 1].distance;
    if (s->metric == MP_COSINE)
        return (float)((kth - 1) * length + 1e-6 * length);
    return (float)((kth * s->unit * s->unit - length * length) / 2 +
                   1e-6 * (most * most + most * length + length * length));
}

/* Products of q and n rows from number `first` on. */
static void look_at_products(const struct mp_nearest *s, struct query *q, const float *product,
                             size_t first, size_t n, float *spare)
{
    const float *base = s->base + first, *gain = s->gain + first, *reach = s->reach + first;
    const float bound = (float)q->bound;
    float limit = limit_of(s, q);
    for (size_t i = 0; i < n; i += GROUP) {
        i = next_group(product, base, gain, reach, bound, limit, i, n);
        for (size_t j = i; j < n && j < i + GROUP; j++)
            if (!(base[j] - product[j] * gain[j] - bound * reach[j] > limit)) {
                consider(s, q, first + j, spare);
                limit = limit_of(s, q);
            }
    }
}

/* Sums of n rows, of floats, by which to see which are near. */
MP_CLONES static void sum_rows(const float *restrict x, const float *restrict rows, size_t n,
                               size_t d, bool cubes, float *restrict to)
{
    for (size_t i = 0; i < n; i++, rows += d) {
        float sum[2 * MP_LANES] = { 0 };
        size_t j = 0;
        for (; j + 2 * MP_LANES <= d; j += 2 * MP_LANES)
            for (size_t l = 0; l < 2 * MP_LANES; l++) {
                const float gap = fabsf(x[j + l] - rows[j + l]);
                sum[l] += cubes ? gap * gap * gap : gap;
            }
        for (size_t l = 0; j < d; j++, l++) {
            const float gap = fabsf(x[j] - rows[j]);
            sum[l] += cubes ? gap * gap * gap : gap;
        }
        to[i] = 0;
        for (size_t l = 0; l < 2 * MP_LANES; l++)
            to[i] += sum[l];
    }
}

/* All terms are positive: a sum is off by no more than a share of itself. */
static void look_at_sums(const struct mp_nearest *s, struct query *q, const float *sum,
                         size_t first, size_t n, float *spare)
{
    const double share = 1 - ((double)s->rows.d + 8) * rounding;
    const double unit = s->metric == MP_L1 ? s->unit : s->unit * s->unit * s->unit;
    for (size_t i = 0; i < n; i++)
        if (q->have < q->k || isinf(sum[i]) ||
            !((double)sum[i] * share > q->found[q->k - 1].distance * unit))
            consider(s, q, first + i, spare);
}

/* ------------------------------------------------------------------ blocks */

/* A thread's memory for one search. */
struct room {
    float *block;   /* BLOCK rows of bytes as floats */
    float *product; /* QUERIES x BLOCK */
    float *scaled;  /* QUERIES rows in units */
    uint8_t *levels; /* QUERIES rows */
    float *spare;   /* a row */
    struct query *q;
};

static int make_room(struct mp_ctx *c, const struct mp_nearest *s, size_t n, struct room *r)
{
    const size_t d = s->rows.d, size = sizeof(struct query) / sizeof(float) + 1;
    *r = (struct room){ .block = mp_scratch(c, BLOCK * d),
                        .product = mp_scratch(c, (size_t)QUERIES * BLOCK),
                        .scaled = mp_scratch(c, n * d) };
    r->levels = (uint8_t *)mp_scratch(c, n * d / sizeof(float) + 1);
    r->spare = mp_scratch(c, d);
    r->q = (struct query *)(void *)mp_scratch(c, n * size);
    return r->block != NULL && r->product != NULL && r->scaled != NULL && r->levels != NULL &&
                   r->spare != NULL && r->q != NULL ? MP_OK : -1;
}

static void begin(const struct mp_nearest *s, const struct room *r, const float *x, size_t i,
                  size_t k, struct mp_found *found)
{
    const size_t d = s->rows.d;
    struct query *q = &r->q[i];
    *q = (struct query){ .x = x + i * d, .scaled = r->scaled + i * d, .k = k, .found = found };
    uint8_t *levels = r->levels + i * d;
    if (mp_levels(q->x, d, levels))
        q->b = levels;
    for (size_t j = 0; j < d; j++)
        q->scaled[j] = q->b != NULL && s->rows.b != NULL ? (float)levels[j]
                                                         : q->x[j] * (float)s->unit;
    q->length = length_of(q->b, q->x, d);
    const double longest = fmax(s->most, q->length * s->unit);
    q->bound = longest < large ? 1.01 * ((double)d + 8) * rounding * q->length * s->unit : INFINITY;
}

/* All n queries and the rows from `first` on, `few` of them. */
static int compare(struct mp_ctx *c, const struct mp_nearest *s, const struct room *r, size_t n,
                   size_t first, size_t few)
{
    const size_t d = s->rows.d;
    const bool sums = s->metric == MP_L1 || s->metric == MP_L3;
    const float *rows = s->rows.b != NULL ? r->block : s->rows.x + first * d;
    for (size_t i = 0; i < few * d && s->rows.b != NULL; i++)
        r->block[i] = (float)s->rows.b[first * d + i];
    if (!sums && mp_gemm(false, true, n, few, d, 1, r->scaled, d, rows, d, 0, r->product,
                         BLOCK) < 0)
        return mp_fail(c, "no memory for products of %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        float *product = r->product + i * BLOCK;
        if (sums) {
            sum_rows(r->q[i].scaled, rows, few, d, s->metric == MP_L3, product);
            look_at_sums(s, &r->q[i], product, first, few, r->spare);
        } else {
            look_at_products(s, &r->q[i], product, first, few, r->spare);
        }
    }
    return MP_OK;
}

/* At most QUERIES rows. */
static int find(struct mp_ctx *c, const struct mp_nearest *s, const float *x, size_t n, size_t k,
                struct mp_found *found)
{
    struct room r;
    if (make_room(c, s, n, &r) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        begin(s, &r, x, i, k, found + i * k);
    for (size_t first = 0; first < s->rows.n; first += BLOCK) {
        const size_t left = s->rows.n - first;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (compare(c, s, &r, n, first, left < BLOCK ? left : BLOCK) < 0)
            return -1;
    }
    for (size_t i = 0; i < n * k; i++)
        found[i].distance = s->metric == MP_L2   ? sqrt(found[i].distance)
                            : s->metric == MP_L3 ? cbrt(found[i].distance)
                                                 : fmax(0, found[i].distance);
    return MP_OK;
}

int mp_nearest_find(struct mp_ctx *c, const struct mp_nearest *s, const float *x, size_t n,
                    size_t k, struct mp_found *found)
{
    for (size_t i = 0; i < n; i += QUERIES) {
        const int mark = mp_scratch_mark(c);
        const size_t some = n - i < QUERIES ? n - i : QUERIES;
        const int rc = find(c, s, x + i * s->rows.d, some, k, found + i * k);
        mp_scratch_release(c, mark);
        if (rc < 0)
            return rc;
    }
    return MP_OK;
}
