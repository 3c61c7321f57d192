/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - the nearest of many rows.
 *
 * A block of rows is compared with all rows of the chunk before the next is, and stays in the
 * cache meanwhile.  Where the processor multiplies bytes four times as fast as floats, products
 * are of values rounded to 256 levels: of rows that are bytes nothing is lost, of others it is
 * known how long what is lost is, x = x' + e and y = y' + f, and by Cauchy and Schwarz
 * |x . y - x' . y'| <= |e| |y| + |x'| |f|.  Otherwise they are of floats.
 *
 * Cost: d multiply-adds for each pair, and for each row some dozens of rows to look at again. */
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
    double unit;    /* what a value is multiplied by in products */
    double most;    /* the longest row, in units */
    bool whole;     /* products are of whole numbers, levels less `zero` */
    int zero;       /* the level of 0: 0, or 128 where there are values below 0 */
    double share;   /* |f| / |y| of all rows */
    double slack;   /* what `base` may be off */
    /* A row's place among the nearest of x goes by base - gain (row . x), which is off by no more
     * than x's bound times `reach`: floats, of each row. */
    float *base, *gain, *reach;
    double *length; /* of each row, not in units */
    int8_t *levels; /* of rows of floats, less 128, if whole */
};

/* A row that neighbours are sought of. */
struct query {
    const float *x;    /* as it came */
    const uint8_t *b;  /* as levels; NULL: it has others */
    float *scaled;     /* x in units */
    int offset;        /* of products of levels */
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
        const float v = x[i] >= 0 && x[i] <= 1 ? x[i] : 0;
        to[i] = (uint8_t)(v * 255 + 0.5f);
        good = good & (x[i] == (float)to[i] / 255.0f);
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
enum { SQUARES = 1 << 15, GAPS = 1 << 24, CUBES = 1 << 8, PRODUCTS = 1 << 15 };

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

uint64_t mp_square_gap(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i += SQUARES)
        sum += square_bytes(a + i, b + i, n - i < SQUARES ? n - i : SQUARES);
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
    const size_t step = metric == MP_L1 ? GAPS : metric == MP_L3 ? CUBES : PRODUCTS;
    uint64_t sum = 0;
    if (metric == MP_L2)
        return (double)mp_square_gap(a, b, d);
    for (size_t i = 0; i < d; i += step) {
        const size_t n = d - i < step ? d - i : step;
        sum += metric == MP_L1 ? gap_bytes(a + i, b + i, n)
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

/* n values in units as the nearest levels; what these are off, squared and added up. */
MP_CLONES static double round_values(const float *restrict x, size_t n, float unit, float zero,
                                     uint8_t *restrict to)
{
    double off[8] = { 0 };
    for (size_t i = 0; i < n; i += 8)
        for (size_t l = 0; l < 8 && i + l < n; l++) {
            const float v = x[i + l] * unit + zero, cut = v > 0 ? v < 255 ? v : 255 : 0;
            const int level = (int)(cut + 0.5f);
            const double gap = (double)v - level;
            to[i + l] = (uint8_t)level;
            off[l] += gap * gap;
        }
    return ((off[0] + off[4]) + (off[2] + off[6])) + ((off[1] + off[5]) + (off[3] + off[7]));
}

/* Levels become these less 128. */
MP_CLONES static void make_signed(const uint8_t *from, size_t n, int8_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (int8_t)(from[i] - 128);
}

/* A row as levels; the length of what these are off, and of what rounding may hide of it. */
static double round_row(const struct mp_nearest *s, const float *x, uint8_t *levels)
{
    const size_t d = s->rows.d;
    const double off = round_values(x, d, (float)s->unit, (float)s->zero, levels);
    return sqrt(off) + 512 * rounding * sqrt((double)d);
}

static int sum_of(const uint8_t *b, size_t d)
{
    int sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += b[i];
    return sum;
}

/* Room for d values of a row to be rounded into. */
static void weigh_row(struct mp_nearest *s, size_t i, uint8_t *levels)
{
    const size_t d = s->rows.d;
    const bool cosine = s->metric == MP_COSINE;
    const uint8_t *b = s->rows.b != NULL ? s->rows.b + i * d : levels;
    const float *x = s->rows.x != NULL ? s->rows.x + i * d : NULL;
    double off = 0, length = s->length[i] * s->unit, added = 0;
    if (s->whole && x != NULL)
        off = round_row(s, x, levels);
    if (s->whole)
        added = s->zero * ((double)sum_of(b, d) - 128 * (double)d);
    if (s->levels != NULL)
        make_signed(levels, d, s->levels + i * d);
    s->gain[i] = !cosine ? 1 : length > 0 ? (float)(1 / length) : 0;
    s->base[i] = (float)(cosine ? (double)s->gain[i] * added : length * length / 2 + added);
    length = s->share > 0 ? fmax(length, off / s->share) : length;
    s->slack = fmax(s->slack, 8 * rounding * (fabs((double)s->base[i]) +
                                              fabs((double)s->gain[i] * added)));
    s->reach[i] = (float)(cosine ? (double)s->gain[i] * length : length);
}

/* Levels for floats: 0 is one of them.  False: too coarse to tell rows apart. */
static bool choose_levels(struct mp_nearest *s, uint8_t *levels)
{
    const size_t d = s->rows.d;
    double off = 0, all = 0;
    float low = 0, high = 0;
    for (size_t i = 0; i < s->rows.n * d; i++) {
        low = s->rows.x[i] < low ? s->rows.x[i] : low;
        high = s->rows.x[i] > high ? s->rows.x[i] : high;
    }
    s->zero = low < 0 ? 128 : 0;
    s->unit = (low < 0 ? 127 : 255) / fmax(fmax(-(double)low, (double)high), 1e-30);
    for (size_t i = 0; i < s->rows.n; i++) {
        off += round_row(s, s->rows.x + i * d, levels);
        all += s->length[i] * s->unit;
    }
    s->share = all > 0 ? off / all : 0;
    return s->share < 0.02;
}

/* Products of the rows' length that are as large as can be are made both ways: where the library
 * gives other numbers, it multiplies floats. */
static int check_bytes(struct mp_ctx *c, struct mp_nearest *s)
{
    enum { M = 24, N = 40 };
    const size_t d = s->rows.d;
    uint8_t *a = mp_alloc(c, M * d, sizeof *a);
    int8_t *b = mp_alloc(c, N * d, sizeof *b);
    int32_t y[M * N];
    int rc = a != NULL && b != NULL ? MP_OK : -1;
    for (size_t i = 0; i < M * d && rc == MP_OK; i++)
        a[i] = i % 3 == 0 ? (uint8_t)(i * 37) : 255;
    for (size_t i = 0; i < N * d && rc == MP_OK; i++)
        b[i] = (int8_t)(i / d % 3 == 0 ? 127 : i / d % 3 == 1 ? -128 : (int)(i * 29 % 256) - 128);
    if (rc == MP_OK && mp_gemm_bytes(M, N, d, a, b, y, N) < 0)
        rc = mp_fail(c, "no memory for products of %d rows", M);
    for (size_t i = 0; i < (size_t)M * N && rc == MP_OK; i++) {
        int32_t sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += a[i / N * d + j] * b[i % N * d + j];
        s->whole = s->whole && y[i] == sum;
    }
    free(a);
    free(b);
    return rc;
}

/* How rows are multiplied. */
static int choose_products(struct mp_ctx *c, struct mp_nearest *s, uint8_t *levels)
{
    const bool products = s->metric == MP_L2 || s->metric == MP_COSINE;
    s->unit = s->rows.b != NULL ? 255 : 1;
    s->whole = false;
    if (!products || s->rows.d > PRODUCTS || !mp_dnn_multiplies_bytes())
        return MP_OK;
    s->whole = s->rows.b != NULL || choose_levels(s, levels);
    if (s->whole && check_bytes(c, s) < 0)
        return -1;
    if (!s->whole && s->rows.b == NULL) {
        s->unit = 1;
        s->zero = 0;
        s->share = 0;
    }
    return MP_OK;
}

static int weigh_rows(struct mp_ctx *c, struct mp_nearest *s)
{
    const struct mp_nearest_rows *r = &s->rows;
    const size_t d = r->d;
    uint8_t *levels = mp_alloc(c, d, sizeof *levels);
    for (size_t i = 0; i < r->n && levels != NULL; i++)
        s->length[i] = length_of(r->b != NULL ? r->b + i * d : NULL,
                                 r->x != NULL ? r->x + i * d : NULL, d);
    int rc = levels != NULL ? choose_products(c, s, levels) : -1;
    if (rc == MP_OK && s->whole && r->x != NULL &&
        (s->levels = mp_alloc(c, mp_product(r->n, d), sizeof *s->levels)) == NULL)
        rc = -1;
    for (size_t i = 0; i < r->n && rc == MP_OK; i++) {
        weigh_row(s, i, levels);
        s->most = fmax(s->most, s->length[i] * s->unit);
    }
    free(levels);
    return rc;
}

struct mp_nearest *mp_nearest_open(struct mp_ctx *c, const struct mp_nearest_rows *rows,
                                   enum mp_metric metric)
{
    struct mp_nearest *s = mp_alloc(c, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct mp_nearest){ .rows = *rows, .metric = metric };
    s->base = mp_alloc(c, rows->n, sizeof *s->base);
    s->gain = mp_alloc(c, rows->n, sizeof *s->gain);
    s->reach = mp_alloc(c, rows->n, sizeof *s->reach);
    s->length = mp_alloc(c, rows->n, sizeof *s->length);
    const bool room = s->base != NULL && s->gain != NULL && s->reach != NULL && s->length != NULL;
    if (!room || mp_dnn_load(c) < 0 || weigh_rows(c, s) < 0) {
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
    free(s->levels);
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
        return (float)((kth - 1) * length + 1e-6 * length + s->slack);
    return (float)((kth * s->unit * s->unit - length * length) / 2 +
                   1e-6 * (most * most + most * length + length * length) + s->slack);
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

/* The products that are made are of levels and rows less 128 each, where levels less `zero` of both
 * are wanted: the rest is `offset`, and in `base`. */
static void round_query(const struct mp_nearest *s, struct query *q, uint8_t *levels)
{
    const size_t d = s->rows.d;
    const double off = q->b != NULL ? 0 : round_row(s, q->x, levels);
    double length = 0;
    for (size_t j = 0; j < d; j++)
        length += (levels[j] - s->zero) * (levels[j] - s->zero);
    q->offset = (128 - s->zero) * (sum_of(levels, d) - s->zero * (int)d);
    q->bound = 1.01 * (off + sqrt(length) * s->share + 8 * rounding * q->length * s->unit);
}

static void begin(const struct mp_nearest *s, const struct room *r, const float *x, size_t i,
                  size_t k, struct mp_found *found)
{
    const size_t d = s->rows.d;
    struct query *q = &r->q[i];
    *q = (struct query){ .x = x + i * d, .scaled = r->scaled + i * d, .k = k, .found = found };
    uint8_t *levels = r->levels + i * d;
    if (s->rows.b != NULL && mp_levels(q->x, d, levels))
        q->b = levels;
    for (size_t j = 0; j < d && !s->whole; j++)
        q->scaled[j] = q->b != NULL ? (float)levels[j] : q->x[j] * (float)s->unit;
    q->length = length_of(q->b, q->x, d);
    const double longest = fmax(s->most, q->length * s->unit);
    q->bound = 1.01 * ((double)d + 8) * rounding * q->length * s->unit;
    if (s->whole)
        round_query(s, q, levels);
    if (!(longest < large))
        q->bound = INFINITY;
}

/* n whole numbers and an offset become floats, where they are. */
MP_CLONES static void make_floats(void *at, size_t n, int offset)
{
    for (size_t i = 0; i < n; i++) {
        int32_t whole;
        memcpy(&whole, (char *)at + i * sizeof whole, sizeof whole);
        const float v = (float)(whole + offset);
        memcpy((char *)at + i * sizeof v, &v, sizeof v);
    }
}

static int multiply_levels(struct mp_ctx *c, const struct mp_nearest *s, const struct room *r,
                           size_t n, size_t first, size_t few)
{
    const size_t d = s->rows.d;
    const int8_t *rows = s->levels != NULL ? s->levels + first * d : (int8_t *)r->block;
    if (s->levels == NULL)
        make_signed(s->rows.b + first * d, few * d, (int8_t *)r->block);
    if (mp_gemm_bytes(n, few, d, r->levels, rows, (int32_t *)(void *)r->product, BLOCK) < 0)
        return mp_fail(c, "no memory for products of %zu rows", n);
    for (size_t i = 0; i < n; i++)
        make_floats(r->product + i * BLOCK, few, r->q[i].offset);
    return MP_OK;
}

/* All n queries and the rows from `first` on, `few` of them. */
static int compare(struct mp_ctx *c, const struct mp_nearest *s, const struct room *r, size_t n,
                   size_t first, size_t few)
{
    const size_t d = s->rows.d;
    const bool sums = s->metric == MP_L1 || s->metric == MP_L3;
    if (s->whole && multiply_levels(c, s, r, n, first, few) < 0)
        return -1;
    const float *rows = s->rows.b != NULL ? r->block : s->rows.x + first * d;
    for (size_t i = 0; i < few * d && s->rows.b != NULL && !s->whole; i++)
        r->block[i] = (float)s->rows.b[first * d + i];
    if (!s->whole && !sums && mp_gemm(false, true, n, few, d, 1, r->scaled, d, rows, d, 0,
                                      r->product, BLOCK) < 0)
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
