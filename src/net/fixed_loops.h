/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_loops.h - the loops of fixed_winograd.c.
 * Private to fixed_*.c.
 *
 * fixed_vnni.c compiles them for AVX-512 with VNNI, which multiplies pairs of 16-bit numbers and
 * adds them in 32 bits as often as it multiplies 16 floats; fixed_plain.c for all processors.
 * They say TARGET, the instructions that functions may use, LOOPS, the name of all, and may say
 * DOT, what is added to sums of pairs, and ROUND, how floats become bf16. */
#ifndef MP_FIXED_LOOPS_H
#define MP_FIXED_LOOPS_H
#include "core/bfloat.h"
#include "core/simd.h"
#include <stdbool.h>

enum { MP_FIXED_TILE = 4,   /* outputs on a side of a tile */
       MP_FIXED_SIDE = 8 }; /* points on a side, at most; rows of a matrix lie so far apart */

/* A tile of an image to the points, in 16 bits.  `first` and `second` turn columns, then rows. */
struct mp_fixed_take {
    const mp_bf16 *from;
    size_t row, column, channels;
    const float *first, *second;
    int16_t *rows;       /* a row of channels at every point, so far apart */
    size_t rows_point;
    int32_t *pairs;      /* or, with that of the next tile in the upper halves */
    size_t pairs_point;
    bool odd;            /* this one is the next tile */
    float *squares;      /* sums of squares are added: of each row of points, of each channel */
    float *sums;         /* the values themselves, too: of each channel */
};

/* Sums of 16 columns at one point, for so many rows. */
struct mp_fixed_product {
    const int16_t *a;    /* of `pairs` pairs a row */
    const int32_t *b;    /* pairs of 16 columns */
    int32_t *c;          /* 16 sums a row */
    size_t rows, pairs;  /* rows: a multiple of 4 */
};

/* Sums of one tile at all points, 16 channels of them, back to an image. */
struct mp_fixed_give {
    const int32_t *from;
    size_t point;
    const float *undo;   /* 16 factors a point */
    const float *first, *second, *bias;
    float scale;
    bool relu;
    mp_bf16 *to;         /* outputs: sums times `scale` and bias; */
    float *sum;          /* or gradients of inputs, which are added */
    size_t row, column;
};

/* c += scale a' b at one point, of so many pairs of tiles. */
struct mp_fixed_gather {
    const int32_t *a, *b;
    float *c;
    size_t rows, columns, pairs;
    float scale;
};

enum mp_fixed_way { MP_FIXED_INPUT, MP_FIXED_INPUT_PAIRS, MP_FIXED_GRADIENT };

struct mp_fixed_loops {
    void (*take)(enum mp_fixed_way way, size_t n, const struct mp_fixed_take *q);
    void (*multiply)(const struct mp_fixed_product *q);
    void (*give)(bool gradient, size_t n, const struct mp_fixed_give *q);
    void (*gather)(const struct mp_fixed_gather *q);

    /* Of n magnitudes, as bits: infinity and what is no number are the largest. */
    mp_bf16 (*largest)(const mp_bf16 *x, size_t n);

    /* Both halves of n pairs by so many bits fewer, rounded; n is a multiple of MP_LANES. */
    void (*give_away)(int32_t *pairs, size_t n, int bits);
};

extern const struct mp_fixed_loops mp_fixed_vnni, mp_fixed_plain;
#endif

#ifdef TARGET
enum { LANES = MP_LANES, TILE = MP_FIXED_TILE, SIDE = MP_FIXED_SIDE };
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t words __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t halves __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint16_t wide_halves __attribute__((vector_size(4 * LANES), aligned(2), may_alias));
typedef int16_t wide_shorts __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

#ifndef DOT
#define DOT(sum, a, b) dot(&(sum), a, &(b))
INLINE void dot(bits *sum, int32_t a, const bits *b)
{
    const int32_t low = (int16_t)(a & 0xffff), high = a >> 16;
    *sum += low * ((bits)((words)*b << 16) >> 16) + high * (*b >> 16);
}
#endif

#ifndef ROUND
#define ROUND(to, v) round_to(to, &(v))
INLINE void round_to(mp_bf16 *to, const vec *v)
{
    for (size_t i = 0; i < LANES; i++)
        to[i] = mp_bf16_of((*v)[i]);
}
#endif

/* ---------------------------------------------------------- to and from points */

/* n values to n points, of which 1 and 2, 3 and 4 ... are opposite: what the matrix k has of
 * even and of odd powers there differs by no more than a sign. */
INLINE void input(const size_t n, const float *k, const vec *d, vec *t)
{
    t[0] = k[0] * d[0];
    t[n - 1] = k[(n - 1) * SIDE + 1] * d[1];
    UNROLL
    for (size_t j = 2; j < n; j++)
        t[j % 2 == 0 ? 0 : n - 1] += k[(j % 2 == 0 ? 0 : (n - 1) * SIDE) + j] * d[j];
    UNROLL
    for (size_t i = 1; i + 1 < n; i += 2) {
        vec o = k[i * SIDE + 1] * d[1], e = k[i * SIDE + 2] * d[2];
        UNROLL
        for (size_t j = 3; j + 1 < n; j++)
            if (j % 2 == 0)
                e += k[i * SIDE + j] * d[j];
            else
                o += k[i * SIDE + j] * d[j];
        t[i] = e + o;
        t[i + 1] = e - o;
    }
}

/* The transposed. */
INLINE void back_input(const size_t n, const float *k, const vec *t, vec *d)
{
    d[0] = k[0] * t[0];
    UNROLL
    for (size_t j = 1; j < n; j++) {
        const size_t end = j % 2 == 0 ? 0 : n - 1;
        d[j] = k[end * SIDE + j] * t[end];
    }
    UNROLL
    for (size_t i = 1; i + 1 < n; i += 2) {
        const vec e = t[i] + t[i + 1], o = t[i] - t[i + 1];
        UNROLL
        for (size_t j = 1; j + 1 < n; j++)
            d[j] += k[i * SIDE + j] * (j % 2 == 0 ? e : o);
    }
}

/* n points to a tile's outputs; powers of the points at k. */
INLINE void output(const size_t n, const float *k, const vec *m, vec *y)
{
    y[0] = k[0] * m[0];
    y[TILE - 1] = k[(n - 1) * SIDE + TILE - 1] * m[n - 1];
    UNROLL
    for (size_t i = 1; i + 1 < n; i += 2) {
        const vec e = m[i] + m[i + 1], o = m[i] - m[i + 1];
        y[0] += k[i * SIDE] * e;
        y[1] = i == 1 ? k[i * SIDE + 1] * o : y[1] + k[i * SIDE + 1] * o;
        y[2] = i == 1 ? k[i * SIDE + 2] * e : y[2] + k[i * SIDE + 2] * e;
        y[3] += k[i * SIDE + 3] * o;
    }
}

INLINE void back_output(const size_t n, const float *k, const vec *y, vec *m)
{
    m[0] = k[0] * y[0];
    m[n - 1] = k[(n - 1) * SIDE + TILE - 1] * y[TILE - 1];
    UNROLL
    for (size_t i = 1; i + 1 < n; i += 2) {
        const float *r = k + i * SIDE;
        const vec e = r[0] * y[0] + r[2] * y[2], o = r[1] * y[1] + r[3] * y[3];
        m[i] = e + o;
        m[i + 1] = e - o;
    }
}

#ifndef WIDEN
#define WIDEN(x) __builtin_convertvector(*(const halves *)(x), words)
#define NARROW(to, v) (*(halves *)(to) = __builtin_convertvector(v, halves))
#endif

INLINE void read_at(const mp_bf16 *x, vec *to)
{
    *to = (vec)(WIDEN(x) << 16);
}

/* ------------------------------------------------------------ to the points */

/* Adding 1.5 * 2^23 leaves the nearest whole number in the lowest bits. */
INLINE void put(const enum mp_fixed_way way, const bool odd, int16_t *row, int32_t *pair,
                const vec *v)
{
    const words w = (words)(*v + 12582912.0f);
    if (way != MP_FIXED_INPUT_PAIRS)
        NARROW(row, w);
    if (way != MP_FIXED_INPUT)
        *(words *)pair = odd ? *(const words *)pair | w << 16 : w & 0xffff;
}

INLINE void take_both(const enum mp_fixed_way way, const size_t n, const bool odd,
                      const struct mp_fixed_take *q, size_t c)
{
    const size_t ins = way == MP_FIXED_GRADIENT ? TILE : n;
    vec half[SIDE][SIDE], line[SIDE], made[SIDE], sum = { 0 };
    for (size_t x = 0; x < ins; x++) {
        UNROLL
        for (size_t y = 0; y < ins; y++) {
            read_at(q->from + y * q->row + x * q->column + c, &line[y]);
            if (way == MP_FIXED_GRADIENT)
                sum += line[y];
        }
        if (way == MP_FIXED_GRADIENT)
            back_output(n, q->first, line, made);
        else
            input(n, q->first, line, made);
        UNROLL
        for (size_t y = 0; y < n; y++)
            half[y][x] = made[y];
    }
    if (way == MP_FIXED_GRADIENT)
        *(vec *)(q->sums + c) += sum;
    int16_t *row = way != MP_FIXED_INPUT_PAIRS ? q->rows + c : NULL;
    int32_t *pair = way != MP_FIXED_INPUT ? q->pairs + c : NULL;
    const size_t row_step = q->rows_point, pair_step = q->pairs_point;
    for (size_t y = 0; y < n; y++) {
        vec square = { 0 };
        if (way == MP_FIXED_GRADIENT)
            back_output(n, q->second, half[y], made);
        else
            input(n, q->second, half[y], made);
        UNROLL
        for (size_t x = 0; x < n; x++) {
            square += made[x] * made[x];
            put(way, odd, row, pair, &made[x]);
            row += way != MP_FIXED_INPUT_PAIRS ? row_step : 0;
            pair += way != MP_FIXED_INPUT ? pair_step : 0;
        }
        if (way != MP_FIXED_INPUT)
            *(vec *)(q->squares + y * q->channels + c) += square;
    }
}

INLINE void take_all(const enum mp_fixed_way way, const size_t n, const bool odd,
                     const struct mp_fixed_take *all)
{
    const struct mp_fixed_take q = *all; /* which what is written may not change */
    for (size_t c = 0; c < q.channels; c += LANES)
        take_both(way, n, odd, &q, c);
}

#define TAKE(way)                                                                                \
    if (n == 6 && !q->odd)                                                                       \
        take_all(way, 6, false, q);                                                              \
    else if (n == 6)                                                                             \
        take_all(way, 6, true, q);                                                               \
    else if (!q->odd)                                                                            \
        take_all(way, 8, false, q);                                                              \
    else                                                                                         \
        take_all(way, 8, true, q);                                                               \
    break;

TARGET static void take(enum mp_fixed_way way, size_t n, const struct mp_fixed_take *q)
{
    switch (way) {
    case MP_FIXED_INPUT: TAKE(MP_FIXED_INPUT)
    case MP_FIXED_INPUT_PAIRS: TAKE(MP_FIXED_INPUT_PAIRS)
    case MP_FIXED_GRADIENT: TAKE(MP_FIXED_GRADIENT)
    }
}

/* ---------------------------------------------------------- from the points */

INLINE void give_both(const bool gradient, const size_t n, const struct mp_fixed_give *all)
{
    const struct mp_fixed_give copy = *all, *q = &copy; /* which what is written may not change */
    const size_t outs = gradient ? n : TILE;
    vec half[SIDE][SIDE], line[SIDE], made[SIDE];
    for (size_t x = 0; x < n; x++) {
        UNROLL
        for (size_t y = 0; y < n; y++) {
            const size_t p = y * n + x;
            line[y] = __builtin_convertvector(*(const bits *)(q->from + p * q->point), vec) *
                      *(const vec *)(q->undo + p * LANES);
        }
        if (gradient)
            back_input(n, q->first, line, made);
        else
            output(n, q->first, line, made);
        UNROLL
        for (size_t y = 0; y < outs; y++)
            half[y][x] = made[y];
    }
    for (size_t y = 0; y < outs; y++) {
        if (gradient)
            back_input(n, q->second, half[y], made);
        else
            output(n, q->second, half[y], made);
        UNROLL
        for (size_t x = 0; x < outs; x++) {
            const size_t at = y * q->row + x * q->column;
            if (gradient) {
                *(vec *)(q->sum + at) += made[x];
                continue;
            }
            vec v = made[x] * q->scale + *(const vec *)q->bias;
            v = q->relu ? (vec)((bits)v & ~(v < 0)) : v; /* NaN stays */
            ROUND(q->to + at, v);
        }
    }
}

TARGET static void give(bool gradient, size_t n, const struct mp_fixed_give *q)
{
    if (gradient && n == 6)
        give_both(true, 6, q);
    else if (gradient)
        give_both(true, 8, q);
    else if (n == 6)
        give_both(false, 6, q);
    else
        give_both(false, 8, q);
}

/* ---------------------------------------------------------------- products */

/* Pairs begin at even places. */
INLINE int32_t pair_at(const int16_t *a)
{
    int32_t v;
    __builtin_memcpy(&v, a, sizeof v);
    return v;
}

enum { ROWS = 12, BY = 4 }; /* sums at a time: rows; or rows and as many vectors, at most */

INLINE void some_rows(const size_t rows, const size_t pairs, const struct mp_fixed_product *q,
                      size_t i)
{
    const int16_t *a = q->a + i * 2 * pairs;
    const int32_t *w = q->b;
    bits sum[ROWS];
    UNROLL
    for (size_t r = 0; r < rows; r++)
        sum[r] = (bits){ 0 };
    for (size_t k = 0; k < pairs; k++, a += 2, w += LANES) {
        const bits b = *(const bits *)w;
        UNROLL
        for (size_t r = 0; r < rows; r++)
            DOT(sum[r], pair_at(a + r * 2 * pairs), b);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        *(bits *)(q->c + (i + r) * LANES) = sum[r];
}

INLINE void all_rows(const size_t pairs, const struct mp_fixed_product *q)
{
    size_t i = 0;
    for (; i + 12 <= q->rows; i += 12)
        some_rows(12, pairs, q, i);
    for (; i + 8 <= q->rows; i += 8)
        some_rows(8, pairs, q, i);
    for (; i < q->rows; i += 4)
        some_rows(4, pairs, q, i);
}

/* Where rows lie a known distance apart, one register finds all. */
TARGET static void multiply(const struct mp_fixed_product *q)
{
    if (q->pairs == 16)
        all_rows(16, q);
    else if (q->pairs == 32)
        all_rows(32, q);
    else if (q->pairs == 8)
        all_rows(8, q);
    else
        all_rows(q->pairs, q);
}

INLINE void gather_block(const size_t rows, const size_t vecs, const struct mp_fixed_gather *q,
                         size_t i, size_t j)
{
    const int32_t *a = q->a + i, *b = q->b + j;
    float *c = q->c + i * q->columns + j;
    bits sum[2 * BY][BY], w[BY];
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            sum[r][v] = (bits){ 0 };
    for (size_t k = 0; k < q->pairs; k++, a += q->rows, b += q->columns) {
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            w[v] = *(const bits *)(b + v * LANES);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            UNROLL
            for (size_t v = 0; v < vecs; v++)
                DOT(sum[r][v], a[r], w[v]);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            *(vec *)(c + r * q->columns + v * LANES) +=
                __builtin_convertvector(sum[r][v], vec) * q->scale;
}

INLINE size_t gather_columns(const size_t rows, const size_t vecs,
                             const struct mp_fixed_gather *q, size_t j)
{
    for (; j + vecs * LANES <= q->columns; j += vecs * LANES)
        for (size_t i = 0; i < q->rows; i += rows)
            gather_block(rows, vecs, q, i, j);
    return j;
}

TARGET static void gather(const struct mp_fixed_gather *q)
{
    gather_columns(8, 1, q, gather_columns(8, 2, q, gather_columns(4, 4, q, 0)));
}

/* ------------------------------------------------------------------- units */

TARGET static mp_bf16 largest(const mp_bf16 *x, size_t n)
{
    wide_halves most[2] = { { 0 }, { 0 } };
    uint16_t all = 0;
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        UNROLL
        for (size_t k = 0; k < 2; k++) {
            const wide_halves v = *(const wide_halves *)(x + i + 2 * LANES * k) & 0x7fff;
            const wide_halves more = (wide_halves)(v > most[k]);
            most[k] = (v & more) | (most[k] & ~more);
        }
    for (; i < n; i++)
        all = (x[i] & 0x7fff) > all ? x[i] & 0x7fff : all;
    for (size_t l = 0; l < 2 * LANES; l++) {
        all = most[0][l] > all ? most[0][l] : all;
        all = most[1][l] > all ? most[1][l] : all;
    }
    return all;
}

TARGET static void give_away(int32_t *pairs, size_t n, int bits_less)
{
    for (size_t i = 0; i < n; i += LANES) {
        wide_shorts *v = (wide_shorts *)(pairs + i);
        *v = (*v >> bits_less) + (*v >> (bits_less - 1) & 1);
    }
}

const struct mp_fixed_loops LOOPS = { take, multiply, give, gather, largest, give_away };
#endif
