/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eigen.c - eigenpairs are those of the matrix, and whoever asks to stop need not wait for them. */
#include "core/clock.h"
#include "core/ctx.h"
#include "linear/eigen.h"
#include "../tap.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
    stopped = sig;
}

/* Symmetric, of positive eigenvalues, which fall off. */
static double *matrix(struct mp_ctx *c, size_t n)
{
    double *a = calloc(n * n, sizeof *a);
    for (size_t i = 0; i < n && a != NULL; i++)
        for (size_t j = i; j < n; j++) {
            const double noise = (double)(mp_random(c, i, j) >> 11) * 0x1p-53 - 0.5;
            const double falls = 1 / ((1 + (double)i / 10) * (1 + (double)j / 10));
            a[i * n + j] = a[j * n + i] = falls * (noise + (i == j ? 2 * sqrt((double)n) : 0));
        }
    return a;
}

/* The largest of |A v - l v| and |v'w - (v == w)| of the first k pairs. */
static double residual(const double *a, size_t n, size_t k, const double *values,
                       const double *vectors)
{
    double worst = 0;
    for (size_t j = 0; j < k; j++) {
        const double *v = vectors + j * n;
        for (size_t i = 0; i < n; i++) {
            double sum = -values[j] * v[i];
            for (size_t m = 0; m < n; m++)
                sum += a[i * n + m] * v[m];
            worst = fmax(worst, fabs(sum));
        }
        for (size_t other = 0; other <= j; other++) {
            double sum = other == j ? -1 : 0;
            for (size_t i = 0; i < n; i++)
                sum += v[i] * vectors[other * n + i];
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

static void pairs(struct tap *t, size_t n, size_t k)
{
    struct mp_run run = { .seed = 3, .threads = 2 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    double *a = matrix(&c, n), *values = calloc(k, sizeof *values),
           *vectors = calloc(n * k, sizeof *vectors);
    const bool good = a != NULL && values != NULL && vectors != NULL &&
                      mp_eigen_top(&c, a, n, k, values, vectors) == MP_OK;
    const double found = good ? residual(a, n, k, values, vectors) : NAN;
    if (!tap_ok(t, found < 1e-5, "%zu eigenpairs of a matrix of %zu", k, n))
        tap_note("%s; residual %g", c.msg, found);
    free(a);
    free(values);
    free(vectors);
    mp_ctx_free(&c);
}

/* In a process of its own: what cannot be stopped may still work when it ends. */
static int stopped_late(size_t n, size_t k)
{
    struct mp_run run = { .seed = 3, .threads = 1, .stopped = &stopped };
    const struct itimerval soon = { .it_value.tv_usec = 700000 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    double *a = matrix(&c, n), *values = calloc(k, sizeof *values),
           *vectors = calloc(n * k, sizeof *vectors);
    if (a == NULL || values == NULL || vectors == NULL || mp_eigen_load(&c) < 0)
        return 2;
    signal(SIGALRM, stop);
    setitimer(ITIMER_REAL, &soon, NULL);
    const double start = mp_seconds();
    const int rc = mp_eigen_top(&c, a, n, k, values, vectors);
    const double late = mp_seconds() - start - 0.7;
    if (rc >= 0)
        return 3; /* it was done before: a larger matrix would tell */
    return strcmp(c.msg, "interrupted") != 0 ? 4 : late > 1 ? 5 : 0;
}

static void stops(struct tap *t, size_t n, size_t k)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        _exit(stopped_late(n, k));
    if (!tap_ok(t, child > 0 && waitpid(child, &status, 0) == child && status == 0,
                "%zu of %zu: stops within a second", k, n))
        tap_note("status %d", WEXITSTATUS(status));
}

int main(void)
{
    struct tap t = { 0 };
    stops(&t, 1800, 1800); /* before there are threads, which a fork would not have */
    stops(&t, 4000, 1000);
    pairs(&t, 20, 20);
    pairs(&t, 300, 300);
    pairs(&t, 400, 20);
    pairs(&t, 900, 200);
    return tap_end(&t);
}
