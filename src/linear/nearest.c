/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - the nearest of many rows.
 *
 * In the first look all rows are compared by products of matrices, in the second those that may be
 * near by the plain distance.  Shadows of rows (shadow.h) take an eighth of the products, and of
 * MNIST's 60 000 rows leave some 200 for the second look.
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
#include "linear/byte_products.h"
#include "linear/dnn.h"
#include "linear/shadow.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 512,   /* rows that are compared with QUERIES at a time */
    QUERIES = 256,
    LISTED = 128,  /* that are fetched from memory before they are looked at again */
    GROUP = 32,    /* of them that are passed over in one step */
    MANY = 512,    /* rows that are asked for without shadows, whose making takes as long */
    SAMPLE = 2048, /* rows that say what shadows are of */
    FUTILE = 16,   /* one in so many pairs may be looked at again, which takes as long as ten */
    NO_ROOM = -2   /* no mp_fail() yet */
};

static const double rounding = 0x1p-24; /* of a float, at most */
static const double large = 1e18;       /* lengths whose squares floats may not hold */

/* Rows as they are multiplied in the first look: those to search, or their shadows. */
struct look {
    struct mp_nearest_rows rows;
    enum mp_metric metric;
    struct mp_shadow *by; /* NULL: rows are what they are */
    double unit;    /* what a value is multiplied by in products */
    double most;    /* the longest row, in units */
    bool whole;     /* products are of whole numbers, levels less `zero` */
    int zero;       /* the level of 0: 0, or 128 where there are values below 0 */
    double share;   /* what is lost of a row is about this share of its length */
    double slack;   /* what `base` may be off */
    /* A row's place among the nearest of x goes by base - gain (row . x), which is off by no more
     * than x's bound times `reach`: floats, of each row. */
    float *base, *gain, *reach;
    double *length; /* of each row, not in units; of a shadow that of the row less the centre */
    int8_t *levels; /* of rows of floats, less 128, if whole */
    float *shadows; /* until they are levels */
};

/* Shadows are cast when some rows have been asked for, by the thread that comes by then; others
 * meanwhile go on without. */
enum { SHADOWS_NOT_YET, SHADOWS_BEGUN, SHADOWS_THERE, SHADOWS_NEVER };
struct shadows {
    struct look look;
    int have;
    uint64_t asked;              /* rows */
    uint64_t pairs, looked_at;   /* of them by shadows, and again */
};

struct mp_nearest {
    struct mp_nearest_rows rows;
    enum mp_metric metric;
    struct look own;
    struct shadows *shadows;
};

/* A row that neighbours are sought of. */
struct query {
    const float *x;    /* as it came */
    const uint8_t *b;  /* as levels; NULL: it has others */
    double length;     /* of x */
    const float *seen; /* x, or its shadow, and the same of it */
    const uint8_t *seen_b;
    double seen_length;
    float *scaled;     /* that in units */
    int offset;        /* of products of levels */
    float limit;       /* on rows' places, of those that may be nearer than the k-th so far */
    double bound;      /* on what a product is off, for a row of length 1; INFINITY: not known */
    size_t k, have, looked_at;
    struct mp_found *found; /* `distance` is without its root until the end */
};

/* ------------------------------------------------------------------ levels */

/* Compares and clamps bits, as whole numbers: of comparisons of floats the compiler makes jumps.
 * What is shifted out is the sign, of -0. */
MP_CLONES bool mp_levels(const float *restrict x, size_t n, uint8_t *restrict to)
{
    union bits {
        float f;
        int32_t i;
    };
    const union bits one = { .f = 1 };
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        const union bits given = { .f = x[i] };
        union bits v = { .i = given.i > 0 ? given.i : 0 };
        v.i = v.i < one.i ? v.i : one.i;
        const int level = (int)(v.f * 255 + 0.5f);
        const union bits back = { .f = (float)level / 255.0f };
        to[i] = (uint8_t)level;
        bad |= (uint32_t)(back.i ^ given.i) << 1;
    }
    return bad == 0;
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
    const double both = q->length * s->own.length[row];
    return both > 0 ? 1 - sum / both : 1;
}

/* Rows come in their order, so that the first of equals stays. */
static void consider(const struct mp_nearest *s, struct query *q, size_t row, float *spare)
{
    double distance = exact(s, q, row, spare);
    q->looked_at++;
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

/* What is lost of a row before it is rounded: of a shadow. */
static double lost(const struct look *l, double length)
{
    return l->by != NULL ? mp_shadow_off(l->by, length) * l->unit : 0;
}

/* A row as levels; the length of what these are off, and of what rounding may hide of it. */
static double round_row(const struct look *l, const float *x, uint8_t *levels)
{
    const size_t d = l->rows.d;
    const double off = round_values(x, d, (float)l->unit, (float)l->zero, levels);
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
static void weigh_row(struct look *l, size_t i, uint8_t *levels)
{
    const size_t d = l->rows.d;
    const bool cosine = l->metric == MP_COSINE;
    const uint8_t *b = l->rows.b != NULL ? l->rows.b + i * d : levels;
    const float *x = l->rows.x != NULL ? l->rows.x + i * d : NULL;
    double off = 0, length = l->length[i] * l->unit, added = 0;
    if (l->whole && x != NULL)
        off = round_row(l, x, levels);
    off += lost(l, l->length[i]);
    if (l->whole)
        added = l->zero * ((double)sum_of(b, d) - 128 * (double)d);
    if (l->levels != NULL)
        make_signed(levels, d, l->levels + i * d);
    l->gain[i] = !cosine ? 1 : length > 0 ? (float)(1 / length) : 0;
    l->base[i] = (float)(cosine ? (double)l->gain[i] * added : length * length / 2 + added);
    length = l->share > 0 ? fmax(length, off / l->share) : length;
    l->slack = fmax(l->slack, 8 * rounding * (fabs((double)l->base[i]) +
                                              fabs((double)l->gain[i] * added)));
    l->reach[i] = (float)(cosine ? (double)l->gain[i] * length : length);
}

/* Levels for floats: 0 is one of them.  False: too coarse to tell rows apart. */
static bool choose_levels(struct look *l, uint8_t *levels)
{
    const size_t d = l->rows.d;
    double off = 0, all = 0;
    float low = 0, high = 0;
    for (size_t i = 0; i < l->rows.n * d; i++) {
        low = l->rows.x[i] < low ? l->rows.x[i] : low;
        high = l->rows.x[i] > high ? l->rows.x[i] : high;
    }
    l->zero = low < 0 ? 128 : 0;
    l->unit = (low < 0 ? 127 : 255) / fmax(fmax(-(double)low, (double)high), 1e-30);
    for (size_t i = 0; i < l->rows.n; i++) {
        off += round_row(l, l->rows.x + i * d, levels);
        all += l->length[i] * l->unit;
    }
    l->share = all > 0 ? off / all : 0;
    return l->share < (l->by != NULL ? 0.1 : 0.02); /* shadows are coarse anyway */
}

/* How rows are multiplied. */
static int choose_products(struct mp_ctx *c, struct look *l, uint8_t *levels)
{
    const bool products = l->metric == MP_L2 || l->metric == MP_COSINE;
    l->unit = l->rows.b != NULL ? 255 : 1;
    l->whole = false;
    if (!products || l->rows.d > PRODUCTS || !mp_dnn_multiplies_bytes())
        return MP_OK;
    l->whole = l->rows.b != NULL || choose_levels(l, levels);
    if (l->whole && mp_byte_products(c, false, l->rows.d, &l->whole) < 0)
        return -1;
    if (!l->whole && l->rows.b == NULL) {
        l->unit = 1;
        l->zero = 0;
        l->share = l->by != NULL ? 2 * l->by->share : 0;
    }
    return MP_OK;
}

/* Once it is known what rows are and, of shadows, how long what casts them is. */
static int weigh_rows(struct mp_ctx *c, struct look *l)
{
    const struct mp_nearest_rows *r = &l->rows;
    const size_t d = r->d;
    uint8_t *levels = calloc(d, sizeof *levels);
    l->base = calloc(r->n, sizeof *l->base);
    l->gain = calloc(r->n, sizeof *l->gain);
    l->reach = calloc(r->n, sizeof *l->reach);
    int rc = levels != NULL && l->base != NULL && l->gain != NULL && l->reach != NULL
                 ? choose_products(c, l, levels) : NO_ROOM;
    if (rc == MP_OK && l->whole && r->x != NULL &&
        (l->levels = calloc(mp_product(r->n, d), sizeof *l->levels)) == NULL)
        rc = NO_ROOM;
    for (size_t i = 0; i < r->n && rc == MP_OK; i++) {
        weigh_row(l, i, levels);
        l->most = fmax(l->most, l->length[i] * l->unit);
    }
    free(levels);
    return rc;
}

static void close_look(struct look *l)
{
    free(l->base);
    free(l->gain);
    free(l->reach);
    free(l->length);
    free(l->levels);
    free(l->shadows);
    mp_shadow_close(l->by);
}

static int open_look(struct mp_ctx *c, struct mp_nearest *s)
{
    struct look *l = &s->own;
    const struct mp_nearest_rows *r = &s->rows;
    *l = (struct look){ .rows = *r, .metric = s->metric };
    l->length = mp_alloc(c, r->n, sizeof *l->length);
    for (size_t i = 0; i < r->n && l->length != NULL; i++)
        l->length[i] = length_of(r->b != NULL ? r->b + i * r->d : NULL,
                                 r->x != NULL ? r->x + i * r->d : NULL, r->d);
    const int rc = l->length != NULL ? weigh_rows(c, l) : -1;
    return rc != NO_ROOM ? rc : mp_fail(c, "no memory for products with %zu rows", r->n);
}

struct mp_nearest *mp_nearest_open(struct mp_ctx *c, const struct mp_nearest_rows *rows,
                                   enum mp_metric metric)
{
    struct mp_nearest *s = mp_alloc(c, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct mp_nearest){ .rows = *rows, .metric = metric };
    s->shadows = mp_alloc(c, 1, sizeof *s->shadows);
    if (s->shadows == NULL || mp_dnn_load(c) < 0 || open_look(c, s) < 0) {
        mp_nearest_close(s);
        return NULL;
    }
    const bool products = metric == MP_L2 || metric == MP_COSINE;
    if (!products || mp_shadow_width(rows->n, rows->d) == 0 || !(s->own.most < large))
        s->shadows->have = SHADOWS_NEVER;
    return s;
}

void mp_nearest_close(struct mp_nearest *s)
{
    if (s == NULL)
        return;
    close_look(&s->own);
    if (s->shadows != NULL)
        close_look(&s->shadows->look);
    free(s->shadows);
    free(s);
}

/* ------------------------------------------------------------------ shadows */

/* A row as floats, of the cosine of length 1: their squared distance is twice its own. */
static void scale_row(const struct mp_nearest *s, const float *x, const uint8_t *b, double length,
                      float *to)
{
    const size_t d = s->rows.d;
    if (b != NULL)
        mp_of_levels(b, d, to);
    else
        memcpy(to, x, d * sizeof *to);
    if (s->metric == MP_COSINE && length > 0)
        for (size_t j = 0; j < d; j++)
            to[j] *= (float)(1 / length);
}

static void take_row(const struct mp_nearest *s, size_t i, float *to)
{
    const size_t d = s->rows.d;
    scale_row(s, s->rows.x != NULL ? s->rows.x + i * d : NULL,
              s->rows.b != NULL ? s->rows.b + i * d : NULL, s->own.length[i], to);
}

/* Shadows of all rows.  block: BLOCK rows. */
static int cast_all(struct mp_ctx *c, const struct mp_nearest *s, struct look *l, float *block)
{
    const size_t d = s->rows.d, width = l->by->width;
    for (size_t i = 0; i < s->rows.n; i += BLOCK) {
        const size_t n = s->rows.n - i < BLOCK ? s->rows.n - i : BLOCK;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        for (size_t r = 0; r < n; r++)
            take_row(s, i + r, block + r * d);
        if (mp_shadow_cast(l->by, block, n, l->shadows + i * width, l->length + i) < 0)
            return NO_ROOM;
        for (size_t r = i; r < i + n; r++)
            l->length[r] = sqrt(l->length[r]);
    }
    return MP_OK;
}

/* Negative: an mp_fail(), or NO_ROOM, with which the search goes on. */
static int open_shadows(struct mp_ctx *c, const struct mp_nearest *s, struct look *l)
{
    const size_t n = s->rows.n, d = s->rows.d, few = n < SAMPLE ? n : SAMPLE;
    float *sample = calloc(mp_product(few, d), sizeof *sample);
    for (size_t i = 0; i < few && sample != NULL; i++)
        take_row(s, (size_t)((double)i * (double)n / (double)few), sample + i * d);
    *l = (struct look){ .metric = MP_L2 };
    l->by = sample != NULL ? mp_shadow_open(sample, few, d) : NULL;
    l->length = calloc(n, sizeof *l->length);
    l->shadows = l->by != NULL ? calloc(mp_product(n, l->by->width), sizeof *l->shadows) : NULL;
    int rc = l->shadows != NULL && l->length != NULL ? cast_all(c, s, l, sample) : NO_ROOM;
    free(sample);
    if (rc != MP_OK)
        return rc;
    l->rows = (struct mp_nearest_rows){ .n = n, .d = l->by->width, .x = l->shadows };
    rc = weigh_rows(c, l);
    if (rc == MP_OK && l->whole) {
        free(l->shadows);
        l->shadows = NULL;
    }
    return rc;
}

uint64_t mp_nearest_by_shadows(const struct mp_nearest *s)
{
    return __atomic_load_n(&s->shadows->pairs, __ATOMIC_RELAXED);
}

/* By what n rows are compared now. */
static int choose_look(struct mp_ctx *c, const struct mp_nearest *s, size_t n,
                       const struct look **l)
{
    struct shadows *h = s->shadows;
    int have = __atomic_load_n(&h->have, __ATOMIC_ACQUIRE), rc = MP_OK;
    if (have == SHADOWS_NOT_YET &&
        __atomic_add_fetch(&h->asked, n, __ATOMIC_RELAXED) > MANY &&
        __atomic_compare_exchange_n(&h->have, &have, SHADOWS_BEGUN, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        rc = open_shadows(c, s, &h->look);
        have = rc == MP_OK ? SHADOWS_THERE : SHADOWS_NEVER;
        __atomic_store_n(&h->have, have, __ATOMIC_RELEASE);
    }
    *l = have == SHADOWS_THERE ? &h->look : &s->own;
    return rc != NO_ROOM ? rc : MP_OK;
}

/* Rows that do not lie near a space of few directions have shadows that tell little. */
static void judge_shadows(const struct mp_nearest *s, const struct query *q, size_t n)
{
    struct shadows *h = s->shadows;
    uint64_t looked_at = 0;
    for (size_t i = 0; i < n; i++)
        looked_at += q[i].looked_at;
    looked_at = __atomic_add_fetch(&h->looked_at, looked_at, __ATOMIC_RELAXED);
    const uint64_t pairs = __atomic_add_fetch(&h->pairs, n * s->rows.n, __ATOMIC_RELAXED);
    if (looked_at > pairs / FUTILE)
        __atomic_store_n(&h->have, SHADOWS_NEVER, __ATOMIC_RELEASE);
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
static float limit_of(const struct mp_nearest *s, const struct look *l, const struct query *q)
{
    const double length = q->seen_length * l->unit, most = l->most;
    if (q->have < q->k)
        return INFINITY;
    double kth = q->found[q->k - 1].distance;
    if (l->metric == MP_COSINE)
        return (float)((kth - 1) * length + 1e-6 * length + l->slack);
    kth *= s->metric == MP_COSINE ? 2 : 1; /* of shadows of rows of length 1 */
    return (float)((kth * l->unit * l->unit - length * length) / 2 +
                   1e-6 * (most * most + most * length + length * length) + l->slack);
}

/* Rows of a block that may be near, and whose neighbours they would be. */
struct listed {
    struct { uint16_t query, row; } at[LISTED];
    size_t n;
};

static bool is_near(const struct look *l, const struct query *q, const float *product,
                    size_t first, size_t j)
{
    const size_t i = first + j;
    return !(l->base[i] - product[j] * l->gain[i] - (float)q->bound * l->reach[i] > q->limit);
}

/* Those listed are looked at in their order.  product: of the first query; see below. */
static void look_again(const struct mp_nearest *s, const struct look *l, struct query *q,
                       const float *product, size_t first, struct listed *some, float *spare)
{
    for (size_t e = 0; e < some->n; e++) {
        const size_t i = some->at[e].query, j = some->at[e].row;
        if (!is_near(l, &q[i], product + i * BLOCK, first, j)) /* any more */
            continue;
        consider(s, &q[i], first + j, spare);
        q[i].limit = limit_of(s, l, &q[i]);
    }
    some->n = 0;
}

static void fetch(const struct mp_nearest_rows *r, size_t row)
{
    const size_t bytes = r->b != NULL ? r->d : r->d * sizeof *r->x;
    const char *at = r->b != NULL ? (const char *)(r->b + row * r->d)
                                  : (const char *)(r->x + row * r->d);
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(at + i);
}

/* Products of n queries, BLOCK apart, with `few` rows from number `first` on. */
static void look_at_products(const struct mp_nearest *s, const struct look *l, struct query *q,
                             size_t n, const float *product, size_t first, size_t few,
                             float *spare)
{
    const float *base = l->base + first, *gain = l->gain + first, *reach = l->reach + first;
    struct listed some = { .n = 0 };
    for (size_t i = 0; i < n; i++) {
        const float *own = product + i * BLOCK, bound = (float)q[i].bound;
        for (size_t j = 0; j < few; j += GROUP) {
            j = next_group(own, base, gain, reach, bound, q[i].limit, j, few);
            for (size_t r = j; r < few && r < j + GROUP; r++) {
                if (!is_near(l, &q[i], own, first, r))
                    continue;
                fetch(&s->rows, first + r);
                some.at[some.n].query = (uint16_t)i;
                some.at[some.n++].row = (uint16_t)r;
                if (some.n == LISTED)
                    look_again(s, l, q, product, first, &some, spare);
            }
        }
    }
    look_again(s, l, q, product, first, &some, spare);
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
    const double one = s->own.unit, unit = s->metric == MP_L1 ? one : one * one * one;
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
    float *cast;    /* as many shadows, of */
    float *from;    /* rows; */
    double *square; /* how long these are */
    uint8_t *levels, *seen; /* QUERIES rows as they came, and as they are multiplied */
    float *spare;   /* a row */
    struct query *q;
};

static int make_room(struct mp_ctx *c, const struct mp_nearest *s, const struct look *l, size_t n,
                     struct room *r)
{
    const size_t d = s->rows.d, size = sizeof(struct query) / sizeof(float) + 1;
    *r = (struct room){ .block = mp_scratch(c, BLOCK * l->rows.d),
                        .product = mp_scratch(c, (size_t)QUERIES * BLOCK),
                        .scaled = mp_scratch(c, n * l->rows.d) };
    r->levels = (uint8_t *)mp_scratch(c, n * d / sizeof(float) + 1);
    r->seen = r->levels;
    r->spare = mp_scratch(c, d);
    r->q = (struct query *)(void *)mp_scratch(c, n * size);
    if (l->by != NULL) {
        r->cast = mp_scratch(c, n * l->rows.d);
        r->from = mp_scratch(c, n * d);
        r->square = (double *)(void *)mp_scratch(c, 2 * n);
        r->seen = (uint8_t *)mp_scratch(c, n * l->rows.d / sizeof(float) + 1);
    }
    const bool cast = l->by == NULL || (r->cast != NULL && r->from != NULL && r->square != NULL);
    return r->block != NULL && r->product != NULL && r->scaled != NULL && r->levels != NULL &&
                   r->seen != NULL && r->spare != NULL && r->q != NULL && cast ? MP_OK : -1;
}

/* The products that are made are of levels and rows less 128 each, where levels less `zero` of both
 * are wanted: the rest is `offset`, and in `base`. */
static void round_query(const struct look *l, struct query *q, uint8_t *levels)
{
    const size_t d = l->rows.d;
    const double off = q->seen_b != NULL ? 0 : round_row(l, q->seen, levels);
    double length = 0;
    for (size_t j = 0; j < d; j++)
        length += (levels[j] - l->zero) * (levels[j] - l->zero);
    q->offset = (128 - l->zero) * (sum_of(levels, d) - l->zero * (int)d);
    q->bound = 1.01 * (off + lost(l, q->seen_length) + sqrt(length) * l->share +
                       8 * rounding * q->seen_length * l->unit);
}

/* Row i as it is multiplied, when it is known what is seen of it. */
static void ready(const struct look *l, const struct room *r, size_t i)
{
    const size_t d = l->rows.d;
    struct query *q = &r->q[i];
    const double length = q->seen_length * l->unit;
    q->scaled = r->scaled + i * d;
    for (size_t j = 0; j < d && !l->whole; j++)
        q->scaled[j] = q->seen_b != NULL ? (float)q->seen_b[j] : q->seen[j] * (float)l->unit;
    q->bound = 1.01 * (((double)d + 8) * rounding * length + lost(l, q->seen_length) +
                       length * l->share);
    if (l->whole)
        round_query(l, q, r->seen + i * d);
    if (!(fmax(l->most, length) < large))
        q->bound = INFINITY;
}

static int begin(struct mp_ctx *c, const struct mp_nearest *s, const struct look *l,
                 const struct room *r, const float *x, size_t n, size_t k, struct mp_found *found)
{
    const size_t d = s->rows.d;
    for (size_t i = 0; i < n; i++) {
        struct query *q = &r->q[i];
        uint8_t *levels = r->levels + i * d;
        *q = (struct query){ .x = x + i * d, .k = k, .limit = INFINITY,
                              .found = found + i * k };
        if (s->rows.b != NULL && mp_levels(q->x, d, levels))
            q->b = levels;
        q->length = q->seen_length = length_of(q->b, q->x, d);
        q->seen = q->x;
        q->seen_b = q->b;
        if (l->by != NULL)
            scale_row(s, q->x, q->b, q->length, r->from + i * d);
    }
    if (l->by != NULL && mp_shadow_cast(l->by, r->from, n, r->cast, r->square) < 0)
        return mp_fail(c, "no memory for products of %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        if (l->by != NULL) {
            r->q[i].seen = r->cast + i * l->rows.d;
            r->q[i].seen_b = NULL;
            r->q[i].seen_length = sqrt(r->square[i]);
        }
        ready(l, r, i);
    }
    return MP_OK;
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

static int multiply_levels(struct mp_ctx *c, const struct look *l, const struct room *r,
                           size_t n, size_t first, size_t few)
{
    const size_t d = l->rows.d;
    const int8_t *rows = l->levels != NULL ? l->levels + first * d : (int8_t *)r->block;
    if (l->levels == NULL)
        make_signed(l->rows.b + first * d, few * d, (int8_t *)r->block);
    if (mp_gemm_bytes(n, few, d, r->seen, rows, (int32_t *)(void *)r->product, BLOCK) < 0)
        return mp_fail(c, "no memory for products of %zu rows", n);
    for (size_t i = 0; i < n; i++)
        make_floats(r->product + i * BLOCK, few, r->q[i].offset);
    return MP_OK;
}

/* All n queries and the rows from `first` on, `few` of them. */
static int compare(struct mp_ctx *c, const struct mp_nearest *s, const struct look *l,
                   const struct room *r, size_t n, size_t first, size_t few)
{
    const size_t d = l->rows.d;
    const bool sums = l->metric == MP_L1 || l->metric == MP_L3;
    if (l->whole && multiply_levels(c, l, r, n, first, few) < 0)
        return -1;
    const float *rows = l->rows.b != NULL ? r->block : l->rows.x + first * d;
    for (size_t i = 0; i < few * d && l->rows.b != NULL && !l->whole; i++)
        r->block[i] = (float)l->rows.b[first * d + i];
    if (!l->whole && !sums && mp_gemm(false, true, n, few, d, 1, r->scaled, d, rows, d, 0,
                                      r->product, BLOCK) < 0)
        return mp_fail(c, "no memory for products of %zu rows", n);
    if (!sums)
        look_at_products(s, l, r->q, n, r->product, first, few, r->spare);
    for (size_t i = 0; i < n && sums; i++) {
        sum_rows(r->q[i].scaled, rows, few, d, l->metric == MP_L3, r->product);
        look_at_sums(s, &r->q[i], r->product, first, few, r->spare);
    }
    return MP_OK;
}

/* At most QUERIES rows. */
static int find(struct mp_ctx *c, const struct mp_nearest *s, const float *x, size_t n, size_t k,
                struct mp_found *found)
{
    struct room r;
    const struct look *l;
    if (choose_look(c, s, n, &l) < 0 || make_room(c, s, l, n, &r) < 0 ||
        begin(c, s, l, &r, x, n, k, found) < 0)
        return -1;
    for (size_t first = 0; first < s->rows.n; first += BLOCK) {
        const size_t left = s->rows.n - first;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (compare(c, s, l, &r, n, first, left < BLOCK ? left : BLOCK) < 0)
            return -1;
    }
    if (l->by != NULL)
        judge_shadows(s, r.q, n);
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
