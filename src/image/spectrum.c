/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectrum.c - Fourier transforms of sixteen images side by side. */
#include "image/spectrum.h"
#include <math.h>

/* Part of the transform whatever its size, so that it is compiled along with it. */
#define INLINE static inline __attribute__((always_inline))

enum { WIDEST = 5 };

static bool only_small_factors(int n)
{
    for (int p = 2; p <= WIDEST; p++)
        while (n % p == 0)
            n /= p;
    return n == 1;
}

int mp_line_length(int n, int of)
{
    int m = (n + of - 1) / of;
    while (!only_small_factors(m * of))
        m++;
    return m * of;
}

void mp_line_of(int n, float *turn, struct mp_line *line)
{
    static const int radix[] = { 4, 2, 3, 5 };
    *line = (struct mp_line){ .n = n, .turn = turn };
    for (size_t i = 0, left = (size_t)n; i < sizeof radix / sizeof *radix; i++)
        for (; left % (size_t)radix[i] == 0; left /= (size_t)radix[i])
            line->radix[line->steps++] = radix[i];
    for (int i = 0; i < n; i++) {
        turn[2 * i] = (float)cos(2 * M_PI * i / n);
        turn[2 * i + 1] = (float)sin(2 * M_PI * i / n);
    }
}

struct value {
    mp_vector re, im;
};

INLINE struct value plus(struct value a, struct value b)
{
    return (struct value){ a.re + b.re, a.im + b.im };
}

INLINE struct value minus(struct value a, struct value b)
{
    return (struct value){ a.re - b.re, a.im - b.im };
}

/* sign: -1 turns the other way, as the way there does. */
INLINE struct value turned(const struct mp_line *l, int i, float sign, struct value a)
{
    const float co = l->turn[2 * i], si = sign * l->turn[2 * i + 1];
    return (struct value){ a.re * co - a.im * si, a.re * si + a.im * co };
}

INLINE struct value times(float by, struct value a)
{
    return (struct value){ by * a.re, by * a.im };
}

/* a - b a quarter of a turn on, times `by`. */
INLINE struct value quarter(float by, struct value a, struct value b)
{
    return (struct value){ by * (b.im - a.im), by * (a.re - b.re) };
}

/* Sines of a third of a turn, of a fifth and of two; cosines of these. */
static const float sine[] = { 0.8660254f, 0.9510565f, 0.5877853f };
static const float cosine[] = { 0.309017f, -0.809017f };

/* out[t] = the sum of in[i] turned by t i / p. */
INLINE void small(int p, float sign, const struct value *in, struct value *out)
{
    if (p == 2) {
        out[0] = plus(in[0], in[1]);
        out[1] = minus(in[0], in[1]);
    } else if (p == 4) {
        const struct value a = plus(in[0], in[2]), b = minus(in[0], in[2]);
        const struct value d = plus(in[1], in[3]), e = minus(in[1], in[3]);
        const struct value f = { -sign * e.im, sign * e.re };
        out[0] = plus(a, d);
        out[1] = plus(b, f);
        out[2] = minus(a, d);
        out[3] = minus(b, f);
    } else if (p == 3) {
        const struct value sum = plus(in[1], in[2]), side = quarter(sign * sine[0], in[1], in[2]);
        const struct value middle = plus(in[0], times(-0.5f, sum));
        out[0] = plus(in[0], sum);
        out[1] = plus(middle, side);
        out[2] = minus(middle, side);
    } else {
        const struct value a = plus(in[1], in[4]), b = plus(in[2], in[3]);
        const struct value c = quarter(sign, in[1], in[4]), d = quarter(sign, in[2], in[3]);
        const struct value e = plus(in[0], plus(times(cosine[0], a), times(cosine[1], b)));
        const struct value f = plus(in[0], plus(times(cosine[1], a), times(cosine[0], b)));
        const struct value g = plus(times(sine[1], c), times(sine[2], d));
        const struct value h = minus(times(sine[2], c), times(sine[1], d));
        out[0] = plus(in[0], plus(a, b));
        out[1] = plus(e, g);
        out[2] = plus(f, h);
        out[3] = minus(f, h);
        out[4] = minus(e, g);
    }
}

/* One step: `left` values are still to be transformed, of `step` lines side by side. */
INLINE void go(const struct mp_line *l, int p, int left, int step, float sign,
               const struct value *from, struct value *to)
{
    const int m = left / p;
    struct value in[WIDEST], out[WIDEST];
    for (int k = 0; k < m; k++)
        for (int q = 0; q < step; q++) {
            for (int i = 0; i < p; i++)
                in[i] = from[q + step * (k + m * i)];
            small(p, sign, in, out);
            to[q + step * p * k] = out[0];
            for (int t = 1; t < p; t++)
                to[q + step * (p * k + t)] = k > 0 ? turned(l, k * t * step, sign, out[t])
                                                   : out[t];
        }
}

INLINE const struct value *transform(const struct mp_line *l, float sign, struct value *a,
                                     struct value *b)
{
    int left = l->n, step = 1;
    for (int i = 0; i < l->steps; i++) {
        const int p = l->radix[i];
        struct value *const was = a;
        if (p == 4)
            go(l, 4, left, step, sign, a, b);
        else if (p == 2)
            go(l, 2, left, step, sign, a, b);
        else if (p == 3)
            go(l, 3, left, step, sign, a, b);
        else
            go(l, 5, left, step, sign, a, b);
        left /= p;
        step *= p;
        a = b;
        b = was;
    }
    return a;
}

MP_CLONES static void along(const struct mp_line *l, float sign, size_t lines, size_t next,
                            size_t step, mp_vector *re, mp_vector *im, mp_vector *room)
{
    struct value *a = (struct value *)room, *b = a + l->n;
    for (size_t k = 0; k < lines; k++, re += next, im += next) {
        for (size_t i = 0; i < (size_t)l->n; i++)
            a[i] = (struct value){ re[i * step], im[i * step] };
        const struct value *y = transform(l, sign, a, b);
        for (size_t i = 0; i < (size_t)l->n; i++) {
            re[i * step] = y[i].re;
            im[i * step] = y[i].im;
        }
    }
}

void mp_spectrum(const struct mp_line *high, const struct mp_line *wide, bool back,
                 mp_vector *re, mp_vector *im, mp_vector *room)
{
    const float sign = back ? 1 : -1;
    const size_t h = (size_t)high->n, w = (size_t)wide->n;
    along(wide, sign, h, w, 1, re, im, room);
    along(high, sign, w, 1, w, re, im, room);
}
