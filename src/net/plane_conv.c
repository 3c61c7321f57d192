/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plane_conv.c - convolutions of images of one channel.
 *
 * An image gets its border of zeros, and a kernel's filters are padded to vectors, so that
 * no loop asks where it is.  Forward, a few neighbouring outputs are summed in registers
 * while the kernel's weights go by; backward, the sums of all weights of a kernel are,
 * while a row of gradients goes by.  Outputs are not padded: a vector that reaches beyond
 * one output is written before the next one, which lies there, and what is read beyond
 * goes to sums that nobody asks for.  Cost, measured with AVX-512: 60 to 120 G
 * multiply-adds a second. */
#include "net/plane_conv.h"
#include "core/simd.h"
#include <string.h>

typedef float vec __attribute__((vector_size(4 * MP_LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * MP_LANES), aligned(4), may_alias));

enum { BLOCK = 6 }; /* outputs: their sums and a weight fit 16 registers of 32 bytes */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

/* An image with its border, and rows of outputs with padded filters. */
struct plane {
    size_t row;            /* floats */
    size_t outputs;        /* of a row */
    size_t filters, wide;  /* wide: padded */
    bool relu;
    float *image, *line;   /* line: one row of outputs */
    float *w, *b;          /* padded: taps x wide, wide */
};

bool mp_plane_conv_fits(const struct mp_conv_dims *d)
{
    return d->in.c == 1 && (d->kernel == 3 || d->kernel == 5) && d->stride == 1 &&
           d->out.w >= BLOCK;
}

/* ------------------------------------------------------------------ a row */

INLINE void correlate(const size_t kernel, const struct plane *q, const float *x)
{
    for (size_t u = 0; u < q->outputs; u += BLOCK) {
        /* The last block moves back: some outputs are made twice. */
        const size_t at = u + BLOCK <= q->outputs ? u : q->outputs - BLOCK;
        for (size_t f = q->wide; f > 0;) {
            vec sum[BLOCK];
            f -= MP_LANES;
            UNROLL
            for (size_t p = 0; p < BLOCK; p++)
                sum[p] = *(const vec *)(q->b + f);
            UNROLL
            for (size_t i = 0; i < kernel; i++) {
                UNROLL
                for (size_t j = 0; j < kernel; j++) {
                    const vec w = *(const vec *)(q->w + (i * kernel + j) * q->wide + f);
                    UNROLL
                    for (size_t p = 0; p < BLOCK; p++)
                        sum[p] += w * x[i * q->row + at + p + j];
                }
            }
            UNROLL
            for (size_t p = 0; p < BLOCK; p++)
                *(vec *)(q->line + (at + p) * q->filters + f) =
                    q->relu ? (vec)((bits)sum[p] & ~(sum[p] < 0)) : sum[p]; /* NaN stays */
        }
    }
}

/* Adds what a row's gradients, in q->line, say of weights and bias. */
INLINE void gather(const size_t kernel, const struct plane *q, const float *x)
{
    const size_t taps = kernel * kernel;
    for (size_t f = 0; f < q->wide; f += MP_LANES) {
        vec sum[25], bias = *(const vec *)(q->b + f);
        UNROLL
        for (size_t t = 0; t < taps; t++)
            sum[t] = *(const vec *)(q->w + t * q->wide + f);
        for (size_t u = 0; u < q->outputs; u++) {
            const vec dy = *(const vec *)(q->line + u * q->filters + f);
            bias += dy;
            UNROLL
            for (size_t t = 0; t < taps; t++)
                sum[t] += dy * x[t / kernel * q->row + u + t % kernel];
        }
        UNROLL
        for (size_t t = 0; t < taps; t++)
            *(vec *)(q->w + t * q->wide + f) = sum[t];
        *(vec *)(q->b + f) = bias;
    }
}

MP_CLONES static void correlate3(const struct plane *q, const float *x)
{
    correlate(3, q, x);
}

MP_CLONES static void correlate5(const struct plane *q, const float *x)
{
    correlate(5, q, x);
}

MP_CLONES static void gather3(const struct plane *q, const float *x)
{
    gather(3, q, x);
}

MP_CLONES static void gather5(const struct plane *q, const float *x)
{
    gather(5, q, x);
}

/* ------------------------------------------------------------- all images */

static size_t taps_of(const struct mp_conv_dims *d)
{
    return (size_t)d->kernel * (size_t)d->kernel;
}

static int open(struct mp_ctx *c, const struct mp_conv_dims *d, struct plane *q)
{
    const size_t lines = (size_t)(d->out.h + d->kernel - 1);
    *q = (struct plane){ .row = (size_t)(d->out.w + d->kernel - 1), .outputs = (size_t)d->out.w,
                         .filters = (size_t)d->out.c, .wide = (size_t)mp_lanes(d->out.c),
                         .relu = d->relu };
    const size_t line = q->outputs * q->filters + MP_LANES;
    q->image = mp_scratch(c, lines * q->row);
    q->line = mp_scratch(c, line);
    q->w = mp_scratch(c, taps_of(d) * q->wide);
    q->b = mp_scratch(c, q->wide);
    if (q->image == NULL || q->line == NULL || q->w == NULL || q->b == NULL)
        return -1;
    memset(q->image, 0, lines * q->row * sizeof(float));
    memset(q->line, 0, line * sizeof(float));
    memset(q->w, 0, taps_of(d) * q->wide * sizeof(float));
    memset(q->b, 0, q->wide * sizeof(float));
    return MP_OK;
}

static void get(const struct mp_conv_dims *d, const void *all, size_t at, float *x, size_t n)
{
    if (d->precision == MP_BF16)
        mp_from_bf16((const mp_bf16 *)all + at, x, n);
    else
        memcpy(x, (const float *)all + at, n * sizeof *x);
}

static void put(const struct mp_conv_dims *d, const float *x, void *all, size_t at, size_t n)
{
    if (d->precision == MP_BF16)
        mp_to_bf16(x, (mp_bf16 *)all + at, n);
    else
        memcpy((float *)all + at, x, n * sizeof *x);
}

static void get_image(const struct mp_conv_dims *d, const struct plane *q, const void *x, size_t i)
{
    const size_t w = (size_t)d->in.w, h = (size_t)d->in.h;
    for (size_t y = 0; y < h; y++)
        get(d, x, (i * h + y) * w, q->image + (y + (size_t)d->top) * q->row + d->left, w);
}

int mp_plane_conv_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const void *x,
                          const float *w, const float *b, void *y)
{
    const size_t filters = (size_t)d->out.c, h = (size_t)d->out.h;
    const int mark = mp_scratch_mark(c);
    struct plane q;
    if (open(c, d, &q) < 0)
        return -1;
    for (size_t t = 0; t < taps_of(d); t++)
        memcpy(q.w + t * q.wide, w + t * filters, filters * sizeof *w);
    if (d->bias)
        memcpy(q.b, b, filters * sizeof *b);
    for (size_t i = 0; i < d->n; i++) {
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        get_image(d, &q, x, i);
        for (size_t v = 0; v < h; v++) {
            (d->kernel == 3 ? correlate3 : correlate5)(&q, q.image + v * q.row);
            put(d, q.line, y, (i * h + v) * q.outputs * filters, q.outputs * filters);
        }
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

int mp_plane_conv_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const void *x,
                           const void *dy, float *dw, float *db)
{
    const size_t filters = (size_t)d->out.c, h = (size_t)d->out.h;
    const int mark = mp_scratch_mark(c);
    struct plane q;
    if (open(c, d, &q) < 0)
        return -1;
    for (size_t i = 0; i < d->n; i++) {
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        get_image(d, &q, x, i);
        for (size_t v = 0; v < h; v++) {
            get(d, dy, (i * h + v) * q.outputs * filters, q.line, q.outputs * filters);
            (d->kernel == 3 ? gather3 : gather5)(&q, q.image + v * q.row);
        }
    }
    for (size_t t = 0; t < taps_of(d); t++)
        memcpy(dw + t * filters, q.w + t * q.wide, filters * sizeof *dw);
    if (db != NULL)
        memcpy(db, q.b, filters * sizeof *db);
    mp_scratch_release(c, mark);
    return MP_OK;
}
