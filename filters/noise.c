/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noise.c - adds noise to the training images, afresh every epoch.
 *
 * Normal noise by G. E. P. Box and M. E. Muller ("A note on the generation of random normal
 * deviates", Ann. Math. Stat. 29, 1958, 610-611): 64 random bits make two values, one for the
 * first half of the pixels and one for the second.  Logarithm and sine are short polynomials
 * (Cephes' logf, Moshier; Taylor's, up to a quarter of pi), whose loops the compiler turns into
 * vectors: within 1e-6.  Then impulses: a share of the pixels becomes paper or ink, with a draw
 * of their own for each.
 *
 * Every draw is keyed by the row, the epoch and the pixel, so that one parameter's value does not
 * change what the other draws.
 */
#include "core/pixel.h"
#include "core/random.h"
#include "core/simd.h"
#include "core/stage.h"
#include <math.h>

struct params {
    double sigma, impulse;
};

static const struct mp_param table[] = {
    MP_PARAM(sigma, .def = "0.1", .min = 0, .max = 10,
             .doc = "standard deviation of the normal noise that is added"),
    MP_PARAM(impulse, .def = "0", .min = 0, .max = 1,
             .doc = "share of the pixels that become paper or full ink, as many the one as the "
                    "other"),
    MP_END
};

static const uint64_t IMPULSES = UINT64_C(1) << 32; /* their draws come after those of pixels */

/* The logarithm of u, above 0. */
static inline float log_of(float u)
{
    union {
        float f;
        uint32_t u;
    } bits = { .f = u }, part;
    const uint32_t root_half = 0x3f3504f3, at = bits.u - root_half;
    const float e = (float)((int32_t)at >> 23); /* u = 2^e (x + 1), x from sqrt(1/2) - 1 on */
    part.u = (at & 0x7fffff) + root_half;
    const float x = part.f - 1, z = x * x;
    float p = 7.0376836292e-2f;
    p = p * x - 1.1514610310e-1f;
    p = p * x + 1.1676998740e-1f;
    p = p * x - 1.2420140846e-1f;
    p = p * x + 1.4249322787e-1f;
    p = p * x - 1.6668057665e-1f;
    p = p * x + 2.0000714765e-1f;
    p = p * x - 2.4999993993e-1f;
    p = p * x + 3.3333331174e-1f;
    return e * 0.693359375f + (x + (x * z * p - 0.5f * z - e * 2.12194440e-4f));
}

/* Sine and cosine of so many whole turns, 0 .. 1. */
static inline void turn(float turns, float *sine, float *cosine)
{
    const int quarter = (int)(4 * turns + 0.5f);
    const float x = (turns - 0.25f * (float)quarter) * (float)(2 * M_PI), z = x * x;
    const float s = x + x * z * (-1 / 6.0f + z * (1 / 120.0f - z * (1 / 5040.0f)));
    const float c = 1 + z * (-0.5f + z * (1 / 24.0f + z * (-1 / 720.0f + z * (1 / 40320.0f))));
    const float a = quarter & 1 ? c : s, b = quarter & 1 ? -s : c;
    *sine = quarter & 2 ? -a : a;
    *cosine = quarter & 2 ? -b : b;
}

/* 2 n normal values; u and v are room for n. */
MP_CLONES static void normals(uint64_t key, float sigma, size_t n, float *restrict u,
                              float *restrict v, float *restrict to)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = mp_mix(key ^ i);
        u[i] = ((float)(int32_t)(bits >> 40) + 1) * 0x1p-24f;
        v[i] = (float)(int32_t)(bits & 0xffffff) * 0x1p-24f;
    }
    for (size_t i = 0; i < n; i++) {
        const float r = sigma * sqrtf(-2 * log_of(u[i]));
        float sine, cosine;
        turn(v[i], &sine, &cosine);
        to[i] = r * cosine;
        to[n + i] = r * sine;
    }
}

/* Adds what was drawn for a pixel to all of its channels; to may be x. */
static void add(const float *x, const float *noise, size_t n, size_t channels, float *to)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < channels; k++)
            to[i * channels + k] = mp_cut(x[i * channels + k] + noise[i]);
}

/* What pixels are struck with, 0 or 1, or -1 where nothing strikes. */
MP_CLONES static void strikes(uint64_t key, double share, size_t n, float *to)
{
    const uint64_t most = (uint64_t)(share * 0x1p53);
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = mp_mix(key ^ (IMPULSES + i));
        const float with = (float)(int32_t)(bits & 1);
        to[i] = bits >> 11 < most ? with : -1;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape), channels = (size_t)in->shape.c, n = len / channels;
    const size_t half = (n + 1) / 2;
    float *noise = mp_scratch(c, 2 * half), *u = mp_scratch(c, half), *v = mp_scratch(c, half);
    (void)state;

    if (noise == NULL || u == NULL || v == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        const uint64_t key = mp_random(c, mp_row(in, i), in->epoch);
        float *y = out->x + i * len;
        normals(key, (float)p->sigma, half, u, v, noise);
        add(in->x + i * len, noise, n, channels, y);
        if (p->impulse > 0)
            strikes(key, p->impulse, n, noise);
        for (size_t k = 0; k < len && p->impulse > 0; k++)
            y[k] = noise[k / channels] >= 0 ? noise[k / channels] : y[k];
    }
    return MP_OK;
}

MP_STAGE(noise) = {
    .brief = "Add noise to training images, afresh every epoch",
    .doc = "Adds normal noise of standard deviation sigma to every pixel and cuts the sum to\n"
           "0..1; then a share of the pixels, impulse, becomes paper or full ink (salt and\n"
           "pepper).  All channels of a pixel get the same.  Only training rows get noise, in\n"
           "every epoch another, as augment distorts them: what learns from them has to tell\n"
           "digits from it.  Rows that are tested or predicted pass unchanged.  What is drawn\n"
           "depends on the seed, the row's number and the epoch alone.",
    .example = "noise sigma=0.2 impulse=0.01",
    .flags = MP_INPLACE | MP_TRAIN_ONLY,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
