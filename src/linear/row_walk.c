/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_walk.c - learning from one row after another, epoch by epoch. */
#include "linear/row_walk.h"
#include "core/finite.h"
#include "core/learner.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include <stdlib.h>

enum { PIECE = 256 }; /* rows that are fetched at a time */

int mp_row_walk_open(struct mp_ctx *c, struct mp_row_walk *k, const char *weights,
                     struct mp_linear *m)
{
    const uint64_t classes = (uint64_t)mp_classes(c, NULL);
    k->n = mp_pull_rows(c, &k->y);
    k->d = mp_len(mp_pull_shape(c));
    *m = (struct mp_linear){ .features = k->d, .columns = classes, .classes = classes, .bias = 1 };
    if (k->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (k->n == 0)
        return mp_fail(c, "no rows to learn from");
    if (classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", (int)classes);
    m->w = mp_alloc(c, mp_product(classes, k->d + 1), sizeof *m->w);
    k->weight = mp_alloc(c, classes, sizeof *k->weight);
    k->order = mp_alloc(c, k->n, sizeof *k->order);
    k->rows = mp_alloc(c, mp_product(PIECE, k->d), sizeof *k->rows);
    if (m->w == NULL || k->weight == NULL || k->order == NULL || k->rows == NULL)
        return -1;
    for (size_t i = 0; i < k->n; i++)
        k->order[i] = i;
    return mp_class_weights(c, weights, k->y, k->n, k->weight);
}

void mp_row_walk_close(struct mp_row_walk *k)
{
    free(k->weight);
    free(k->order);
    free(k->rows);
}

/* Knuth's shuffle: any order is as likely. */
static void shuffle(struct mp_ctx *c, const struct mp_row_walk *k, size_t epoch)
{
    for (size_t i = k->n; i-- > 1;) {
        const size_t j = mp_random(c, epoch, i) % (i + 1), was = k->order[i];
        k->order[i] = k->order[j];
        k->order[j] = was;
    }
}

int mp_row_walk_epoch(struct mp_ctx *c, struct mp_row_walk *k, size_t epoch,
                      void (*take)(void *arg, const float *x, size_t class), void *arg)
{
    const size_t n = k->n;
    if (k->shuffle)
        shuffle(c, k, epoch);
    for (size_t i = 0, some; i < n; i += some) {
        some = n - i < PIECE ? n - i : PIECE;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        if (mp_pull(c, k->order + i, some, true, epoch, k->rows) < 0)
            return -1;
        if (!mp_all_finite(k->rows, some * k->d))
            return mp_fail(c, "a value of training rows is infinite or not a number");
        for (size_t r = 0; r < some; r++)
            take(arg, k->rows + r * k->d, (size_t)k->y[k->order[i + r]]);
        mp_progress(c, (double)(epoch * n + i), (double)k->epochs * (double)n);
    }
    return MP_OK;
}

/* Sixteen sums side by side, so that the order of additions is the same on every call. */
MP_CLONES double mp_row_dot(const float *restrict x, const double *restrict w, size_t d)
{
    double sum[MP_LANES] = { 0 };
    size_t i = 0;
    for (; i + MP_LANES <= d; i += MP_LANES)
        for (size_t l = 0; l < MP_LANES; l++)
            sum[l] += (double)x[i + l] * w[i + l];
    for (size_t l = 0; i < d; i++, l++)
        sum[l] += (double)x[i] * w[i];
    for (size_t half = MP_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

MP_CLONES void mp_row_step(const float *restrict x, size_t d, double by, double before,
                           double *restrict w, double *restrict moment)
{
    for (size_t j = 0; j < d; j++) {
        w[j] += by * (double)x[j];
        moment[j] += by * before * (double)x[j];
    }
}
