/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smo.c - what is found fulfils the conditions of the optimum (Karush, Kuhn, Tucker), by plain
 * sums, however few kernels are kept and whatever the rows are. */
#include "linear/smo.h"
#include "core/ctx.h"
#include "core/random.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>

enum { D = 6, N = 500, M = 300, ALL = N + M };

static double kernel(const struct mp_kernel_rules *k, const float *a, const float *b)
{
    double gap = 0, product = 0;
    for (size_t j = 0; j < D; j++) {
        gap += ((double)a[j] - (double)b[j]) * ((double)a[j] - (double)b[j]);
        product += (double)a[j] * (double)b[j];
    }
    return k->kernel == MP_RBF ? exp(-k->gamma * gap) : pow(k->gamma * product + k->constant,
                                                             k->degree);
}

/* Levels, or other values: two clouds that overlap. */
static void fill(float *x, bool levels)
{
    for (size_t i = 0; i < ALL * D; i++) {
        double v = i / D < N ? -0.3 : 0;
        for (int k = 0; k < 3; k++)
            v += (double)(mp_random_at(5, 0, (uint64_t)k, i) >> 40) * 0x1p-24 / 2;
        x[i] = levels ? (float)(int)(255 * fmin(1, fmax(0, v))) / 255.0f : (float)v;
    }
}

/* By how much rows that may move lie on the wrong side of each other; INFINITY: not allowed.
 * *rounding: what kernels that are floats may make of it. */
static double violation(const struct mp_smo *s, const float *x, const double *a, double rho,
                        double *rounding)
{
    double up = INFINITY, low = -INFINITY, sum = 0;
    *rounding = 1e-6;
    for (size_t i = 0; i < ALL; i++) {
        const double y = i < N ? 1 : -1, own = a[i] * y, most = s->C[i < N ? 0 : 1];
        double f = -y, off = 0;
        for (size_t j = 0; j < ALL; j++) {
            const double term = a[j] * kernel(&s->kernel, x + i * D, x + j * D);
            f += term;
            off += 2 * 0x1p-24 * fabs(term);
        }
        *rounding = fmax(*rounding, off);
        if (own < 0 || own > most)
            return INFINITY;
        up = (i < N ? own < most : own > 0) ? fmin(up, f) : up;
        low = (i < N ? own > 0 : own < most) ? fmax(low, f) : low;
        sum += a[i];
    }
    return fabs(sum) < 1e-9 * ALL && rho > up - 1e-3 && rho < low + 1e-3 ? low - up : INFINITY;
}

static void check(struct tap *t, struct mp_ctx *c, const struct mp_smo *s, bool levels)
{
    static float x[ALL * D];
    static double a[ALL];
    static uint32_t rows[ALL];
    struct mp_kernel_rows *r = mp_kernel_rows_open(c, ALL, D);
    double rho = 0;
    bool good = r != NULL, early = false;
    fill(x, levels);
    for (size_t i = 0; i < ALL && good; i++) {
        rows[i] = (uint32_t)(ALL - 1 - i); /* in another order than they came */
        good = mp_kernel_rows_add(c, r, x + (ALL - 1 - i) * D) == 0;
    }
    good = good && mp_smo_solve(c, s, r, rows, N, M, a, &rho, &early) == 0 &&
           early == (s->steps < 1000);
    double rounding = 0;
    const double v = good ? violation(s, x, a, rho, &rounding) : INFINITY;
    tap_ok(t, early ? v > s->tolerance && v < 10 : v < s->tolerance + rounding,
           "%s of %s, %g MiB: violated by %.3g, at most %g and, of rounding, %.1g",
           s->kernel.kernel == MP_RBF ? "rbf" : "poly", levels ? "levels" : "other values",
           s->cache, v, s->tolerance, rounding);
    mp_kernel_rows_close(r);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    for (int i = 0; i < 4; i++) {
        struct mp_smo s = { .kernel = { MP_RBF, 2, 0, 0 }, .C = { 3, 1 }, .tolerance = 1e-4,
                            .cache = i < 2 ? 50 : 0.1, /* all of them, or of 32 rows */
                            .steps = 1000000 };
        check(&t, &c, &s, i % 2 > 0);
        s.kernel = (struct mp_kernel_rules){ MP_POLY, 1, 0.5, 3 };
        check(&t, &c, &s, i % 2 > 0);
        s.steps = 20; /* not there yet, and says so */
        check(&t, &c, &s, i % 2 > 0);
    }
    mp_ctx_free(&c);
    return tap_end(&t);
}
