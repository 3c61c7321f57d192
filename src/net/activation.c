/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation.c - the activations of layers, over whole arrays.
 *
 * exp, tanh and the error function are short approximations whose loops the compiler
 * turns into vectors.  Errors: tanh and sigmoid 3e-7 of the value, gelu 4e-7 absolute;
 * not-a-number stays so.  0.1 to 1 ns a value with AVX-512.
 *
 * exp: exp.h.
 * tanh: the rational function x p(x^2) / q(x^2) known from Eigen.
 * erfc: the Chebyshev fit of Press and others, Numerical Recipes, section 6.2.
 * gelu: Hendrycks and Gimpel 2016, x times the normal distribution function. */
#include "core/exp.h"
#include "core/layer.h"
#include "core/simd.h"
#include <string.h>

/* Below zero, leaky has this slope: Maas, Hannun and Ng 2013. */
#define LEAK 0.01f

static inline float tanh_of(float x)
{
    x = x < -7.9f ? -7.9f : x;
    x = x > 7.9f ? 7.9f : x;
    const float s = x * x;
    float p = -2.76076847742355e-16f, q = 1.19825839466702e-06f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s - 8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928935876e-04f;
    p = p * s + 4.89352455891786e-03f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

/* The normal distribution function: the probability of a value below x. */
static inline float normal(float x)
{
    const float z = (x < 0 ? -x : x) * 0.707106781f, t = 1 / (1 + 0.5f * z);
    float p = 0.17087277f;
    p = p * t - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    const float tail = 0.5f * t * mp_exp(p * t - 1.26551223f - z * z);
    return x < 0 ? tail : 1 - tail;
}

/* ------------------------------------------------------------------ forward */

MP_CLONES static void relu(float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = y[i] < 0 ? 0 : y[i];
}

MP_CLONES static void leaky(float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = y[i] < 0 ? LEAK * y[i] : y[i];
}

MP_CLONES static void hyperbolic(float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tanh_of(y[i]);
}

MP_CLONES static void sigmoid(float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = 1 / (1 + mp_exp(-y[i]));
}

MP_CLONES static void gelu(float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= normal(y[i]);
}

void mp_act_forward(enum mp_act act, float *y, size_t n, float *saved)
{
    switch (act) {
    case MP_ACT_NONE:
        break;
    case MP_ACT_RELU:
        relu(y, n);
        break;
    case MP_ACT_LEAKY:
        leaky(y, n);
        break;
    case MP_ACT_TANH:
        hyperbolic(y, n);
        break;
    case MP_ACT_SIGMOID:
        sigmoid(y, n);
        break;
    case MP_ACT_GELU:
        if (saved != NULL)
            memcpy(saved, y, n * sizeof *y);
        gelu(y, n);
        break;
    }
}

/* ----------------------------------------------------------------- backward */

MP_CLONES static void relu_back(const float *restrict y, float *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] = y[i] > 0 ? dy[i] : 0;
}

MP_CLONES static void leaky_back(const float *restrict y, float *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] *= y[i] > 0 ? 1 : LEAK;
}

MP_CLONES static void hyperbolic_back(const float *restrict y, float *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] *= 1 - y[i] * y[i];
}

MP_CLONES static void sigmoid_back(const float *restrict y, float *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] *= y[i] * (1 - y[i]);
}

MP_CLONES static void gelu_back(const float *restrict x, float *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float density = 0.398942280f * mp_exp(-0.5f * x[i] * x[i]);
        dy[i] *= normal(x[i]) + x[i] * density;
    }
}

void mp_act_backward(enum mp_act act, const float *y, const float *saved, float *dy, size_t n)
{
    switch (act) {
    case MP_ACT_NONE:
        break;
    case MP_ACT_RELU:
        relu_back(y, dy, n);
        break;
    case MP_ACT_LEAKY:
        leaky_back(y, dy, n);
        break;
    case MP_ACT_TANH:
        hyperbolic_back(y, dy, n);
        break;
    case MP_ACT_SIGMOID:
        sigmoid_back(y, dy, n);
        break;
    case MP_ACT_GELU:
        gelu_back(saved, dy, n);
        break;
    }
}

/* --------------------------------------------------------------------- bf16 */

enum { BLOCK = 1024 }; /* values that are floats for a while, in the nearest cache */

void mp_act_forward_bf16(enum mp_act act, mp_bf16 *y, size_t n, float *saved)
{
    float block[BLOCK];
    for (size_t i = 0; i < n && act != MP_ACT_NONE; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        mp_from_bf16(y + i, block, some);
        mp_act_forward(act, block, some, saved != NULL ? saved + i : NULL);
        mp_to_bf16(block, y + i, some);
    }
}

/* Of a number above 0 the sign is clear and something else is set. */
MP_CLONES static void relu_back_bf16(const mp_bf16 *restrict y, mp_bf16 *restrict dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] = (int16_t)y[i] > 0 ? dy[i] : 0;
}

void mp_act_backward_bf16(enum mp_act act, const mp_bf16 *y, const float *saved, mp_bf16 *dy,
                          size_t n)
{
    float block[BLOCK], up[BLOCK];
    if (act == MP_ACT_RELU)
        relu_back_bf16(y, dy, n);
    for (size_t i = 0; i < n && act != MP_ACT_NONE && act != MP_ACT_RELU; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        mp_from_bf16(y + i, block, some);
        mp_from_bf16(dy + i, up, some);
        mp_act_backward(act, block, saved != NULL ? saved + i : NULL, up, some);
        mp_to_bf16(up, dy + i, some);
    }
}
