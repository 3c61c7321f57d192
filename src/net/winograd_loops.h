/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd_loops.h - the loops of winograd.c.
 * Private to winograd*.c.
 *
 * They are compiled for vectors of each width: a compiler that is given wider ones than the
 * processor has passes them through memory.  winograd_*.c say LANES, floats in a vector, TARGET,
 * the instructions that functions may use, and LOOPS, the name of all; winograd.c takes one. */
#ifndef MP_WINOGRAD_LOOPS_H
#define MP_WINOGRAD_LOOPS_H
#include "core/simd.h"
#include <stdbool.h>

enum { MP_TILE = 4 }; /* outputs on a side of a tile */

/* What lies in a square: the distances, in floats, of its rows and columns. */
struct mp_square {
    float *at;
    size_t row, column;
};

/* From inputs and to outputs, and the transposed of both: B', A', A, B. */
enum mp_way { MP_INPUT, MP_OUTPUT, MP_BACK_OUTPUT, MP_BACK_INPUT };

/* c = a b, or with `add` c += a b: rows x k by k x columns, rows a multiple of 8, columns of
 * MP_LANES. */
struct mp_product {
    const float *a, *b;
    float *c;
    size_t a_row, a_step; /* floats from row to row, and along k */
    size_t b_step, c_row;
    size_t rows, k, columns;
    bool add;
};

struct mp_winograd_loops {
    /* One tile of so many channels, a multiple of MP_LANES, to or from n x n points, 6 or 8.
     * Outputs get their bias, and relu; gradients of inputs, which tiles share, are added. */
    void (*turn)(enum mp_way way, size_t n, struct mp_square from, struct mp_square to,
                 size_t channels, const float *bias, bool relu);

    /* Kernels of k x k weights to points, with `back` gradients from there: of so many pairs
     * of a channel and a filter. */
    void (*turn_kernels)(bool back, size_t k, struct mp_square from, struct mp_square to,
                         size_t pairs);

    void (*multiply)(const struct mp_product *q);
};

extern const struct mp_winograd_loops mp_winograd_avx512, mp_winograd_avx2, mp_winograd_plain;
#endif

#ifdef LANES
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

enum { POINTS = 8 }; /* most on a side */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* ---------------------------------------------------------- to and from points */

INLINE void input(const size_t n, const vec *d, vec *t)
{
    if (n == 6) {
        const vec e = d[4] - 4 * d[2], o = d[3] - 4 * d[1];
        const vec f = d[4] - d[2], p = 2 * (d[3] - d[1]);
        t[0] = 4 * d[0] - 5 * d[2] + d[4];
        t[1] = e + o;
        t[2] = e - o;
        t[3] = f + p;
        t[4] = f - p;
        t[5] = 4 * d[1] - 5 * d[3] + d[5];
    } else {
        const vec e = d[2] + d[6] - 4.25f * d[4], o = d[1] + d[5] - 4.25f * d[3];
        const vec f = d[6] + 0.25f * d[2] - 1.25f * d[4];
        const vec p = 0.5f * d[1] - 2.5f * d[3] + 2 * d[5];
        const vec h = d[6] + 4 * d[2] - 5 * d[4];
        const vec q = 2 * d[1] - 2.5f * d[3] + 0.5f * d[5];
        t[0] = d[0] - d[6] + 5.25f * (d[4] - d[2]);
        t[1] = e + o;
        t[2] = e - o;
        t[3] = f + p;
        t[4] = f - p;
        t[5] = h + q;
        t[6] = h - q;
        t[7] = d[7] - d[1] + 5.25f * (d[3] - d[5]);
    }
}

INLINE void back_input(const size_t n, const vec *t, vec *d)
{
    const vec e = t[1] + t[2], o = t[1] - t[2], f = t[3] + t[4], p = t[3] - t[4];
    if (n == 6) {
        d[0] = 4 * t[0];
        d[1] = 4 * (t[5] - o) - 2 * p;
        d[2] = -5 * t[0] - 4 * e - f;
        d[3] = o + 2 * p - 5 * t[5];
        d[4] = t[0] + e + f;
        d[5] = t[5];
    } else {
        const vec h = t[5] + t[6], q = t[5] - t[6];
        d[0] = t[0];
        d[1] = o - t[7] + 0.5f * p + 2 * q;
        d[2] = e - 5.25f * t[0] + 0.25f * f + 4 * h;
        d[3] = 5.25f * t[7] - 4.25f * o - 2.5f * (p + q);
        d[4] = 5.25f * t[0] - 4.25f * e - 1.25f * f - 5 * h;
        d[5] = o - 5.25f * t[7] + 2 * p + 0.5f * q;
        d[6] = e - t[0] + f + h;
        d[7] = t[7];
    }
}

INLINE void output(const size_t n, const vec *m, vec *y)
{
    const vec e = m[1] + m[2], o = m[1] - m[2], f = m[3] + m[4], p = m[3] - m[4];
    y[0] = m[0] + e + f;
    y[1] = o + 2 * p;
    y[2] = e + 4 * f;
    y[3] = o + 8 * p + m[n - 1];
    if (n == 8) {
        const vec h = m[5] + m[6], q = m[5] - m[6];
        y[0] += 8 * h;
        y[1] += 4 * q;
        y[2] += 2 * h;
        y[3] += q;
    }
}

INLINE void back_output(const size_t n, const vec *y, vec *m)
{
    const vec e = y[0] + y[2], o = y[1] + y[3];
    const vec f = y[0] + 4 * y[2], p = 2 * y[1] + 8 * y[3];
    m[0] = y[0];
    m[1] = e + o;
    m[2] = e - o;
    m[3] = f + p;
    m[4] = f - p;
    m[n - 1] = y[3];
    if (n == 8) {
        const vec h = 8 * y[0] + 2 * y[2], q = 4 * y[1] + y[3];
        m[5] = h + q;
        m[6] = h - q;
    }
}

INLINE void turn(const enum mp_way way, const size_t n, const vec *from, vec *to)
{
    if (way == MP_INPUT)
        input(n, from, to);
    else if (way == MP_OUTPUT)
        output(n, from, to);
    else if (way == MP_BACK_OUTPUT)
        back_output(n, from, to);
    else
        back_input(n, from, to);
}

INLINE vec *place(const struct mp_square *s, size_t y, size_t x)
{
    return (vec *)(s->at + y * s->row + x * s->column);
}

/* Both directions, of LANES channels.  Outputs get their bias, and relu; gradients of
 * inputs, which tiles share, are added. */
INLINE void turn_both(const enum mp_way way, const size_t n, const struct mp_square *from,
                      const struct mp_square *to, const float *bias, bool relu)
{
    const size_t ins = way == MP_BACK_OUTPUT ? MP_TILE : n, outs = way == MP_OUTPUT ? MP_TILE : n;
    vec half[POINTS][POINTS], line[POINTS], made[POINTS];
    for (size_t x = 0; x < ins; x++) {
        UNROLL
        for (size_t y = 0; y < ins; y++)
            line[y] = *place(from, y, x);
        turn(way, n, line, made);
        UNROLL
        for (size_t y = 0; y < outs; y++)
            half[y][x] = made[y];
    }
    for (size_t y = 0; y < outs; y++) {
        turn(way, n, half[y], made);
        UNROLL
        for (size_t x = 0; x < outs; x++) {
            vec v = made[x];
            if (way == MP_OUTPUT) {
                v += *(const vec *)bias;
                v = relu ? (vec)((bits)v & ~(v < 0)) : v; /* NaN stays */
            } else if (way == MP_BACK_INPUT) {
                v += *place(to, y, x);
            }
            *place(to, y, x) = v;
        }
    }
}

/* Of all channels. */
INLINE void turn_all(const enum mp_way way, const size_t n, struct mp_square from,
                     struct mp_square to, size_t channels, const float *bias, bool relu)
{
    for (size_t f = 0; f < channels; f += LANES) {
        turn_both(way, n, &from, &to, bias + f, relu);
        from.at += LANES;
        to.at += LANES;
    }
}

#define TURN(way)                                                                                \
    if (n == 6)                                                                                  \
        turn_all(way, 6, from, to, channels, bias, relu);                                        \
    else                                                                                         \
        turn_all(way, 8, from, to, channels, bias, relu);                                        \
    break;

TARGET static void turn_tile(enum mp_way way, size_t n, struct mp_square from,
                             struct mp_square to, size_t channels, const float *bias, bool relu)
{
    switch (way) {
    case MP_INPUT: TURN(MP_INPUT)
    case MP_OUTPUT: TURN(MP_OUTPUT)
    case MP_BACK_OUTPUT: TURN(MP_BACK_OUTPUT)
    case MP_BACK_INPUT: TURN(MP_BACK_INPUT)
    }
}

/* ------------------------------------------------------------- the weights */

/* G of 3 x 3 and 5 x 5. */
static const float kernel3[6][3] = {
    { 1 / 4.f, 0, 0 },
    { -1 / 6.f, -1 / 6.f, -1 / 6.f },
    { -1 / 6.f, 1 / 6.f, -1 / 6.f },
    { 1 / 24.f, 1 / 12.f, 1 / 6.f },
    { 1 / 24.f, -1 / 12.f, 1 / 6.f },
    { 0, 0, 1 },
};
static const float kernel5[8][5] = {
    { 1, 0, 0, 0, 0 },
    { -2 / 9.f, -2 / 9.f, -2 / 9.f, -2 / 9.f, -2 / 9.f },
    { -2 / 9.f, 2 / 9.f, -2 / 9.f, 2 / 9.f, -2 / 9.f },
    { 1 / 90.f, 1 / 45.f, 2 / 45.f, 4 / 45.f, 8 / 45.f },
    { 1 / 90.f, -1 / 45.f, 2 / 45.f, -4 / 45.f, 8 / 45.f },
    { 4 / 45.f, 2 / 45.f, 1 / 45.f, 1 / 90.f, 1 / 180.f },
    { 4 / 45.f, -2 / 45.f, 1 / 45.f, -1 / 90.f, 1 / 180.f },
    { 0, 0, 0, 0, 1 },
};

/* G g G', and with `back` G' g G. */
INLINE void turn_kernel(const bool back, const size_t k, const struct mp_square *from,
                        const struct mp_square *to)
{
    const size_t n = k + MP_TILE - 1, ins = back ? n : k, outs = back ? k : n;
    const float *g = k == 3 ? &kernel3[0][0] : &kernel5[0][0];
    const size_t in_step = back ? k : 1, out_step = back ? 1 : k;
    vec half[POINTS][POINTS];
    for (size_t x = 0; x < ins; x++)
        for (size_t y = 0; y < outs; y++) {
            vec sum = { 0 };
            for (size_t i = 0; i < ins; i++)
                sum += g[y * out_step + i * in_step] * *place(from, i, x);
            half[y][x] = sum;
        }
    for (size_t y = 0; y < outs; y++)
        for (size_t x = 0; x < outs; x++) {
            vec sum = { 0 };
            for (size_t i = 0; i < ins; i++)
                sum += g[x * out_step + i * in_step] * half[y][i];
            *place(to, y, x) = sum;
        }
}

INLINE void turn_pairs(const bool back, const size_t k, struct mp_square from,
                       struct mp_square to, size_t pairs)
{
    for (size_t i = 0; i < pairs; i += LANES) {
        turn_kernel(back, k, &from, &to);
        from.at += LANES;
        to.at += LANES;
    }
}

TARGET static void turn_kernels(bool back, size_t k, struct mp_square from, struct mp_square to,
                                size_t pairs)
{
    if (k == 3 && !back)
        turn_pairs(false, 3, from, to, pairs);
    else if (k == 3)
        turn_pairs(true, 3, from, to, pairs);
    else if (!back)
        turn_pairs(false, 5, from, to, pairs);
    else
        turn_pairs(true, 5, from, to, pairs);
}

/* ---------------------------------------------------------------- products */

INLINE void block(const size_t rows, const size_t vecs, const struct mp_product *q, size_t i,
                  size_t j)
{
    const size_t a_row = q->a_row, c_row = q->c_row;
    const float *a = q->a + i * a_row, *b = q->b + j;
    float *c = q->c + i * c_row + j;
    vec sum[rows][vecs], w[vecs];
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            sum[r][v] = q->add ? *(const vec *)(c + r * c_row + v * LANES) : (vec){ 0 };
    for (size_t k = 0; k < q->k; k++, a += q->a_step, b += q->b_step) {
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            w[v] = *(const vec *)(b + v * LANES);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            UNROLL
            for (size_t v = 0; v < vecs; v++)
                sum[r][v] += a[r * a_row] * w[v];
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            *(vec *)(c + r * c_row + v * LANES) = sum[r][v];
}

/* Columns from j on, as far as there are so many together. */
INLINE size_t columns(const size_t rows, const size_t vecs, const struct mp_product *q, size_t j)
{
    for (; j + vecs * LANES <= q->columns; j += vecs * LANES)
        for (size_t i = 0; i < q->rows; i += rows)
            block(rows, vecs, q, i, j);
    return j;
}

/* With as many sums as there are registers for. */
TARGET static void multiply(const struct mp_product *q)
{
    if (LANES == MP_LANES)
        columns(8, 1, q, columns(8, 2, q, columns(4, 4, q, 0)));
    else
        columns(4, 2, q, 0);
}

const struct mp_winograd_loops LOOPS = { turn_tile, turn_kernels, multiply };
#endif
