/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.c - accuracy, its interval, confusion, precision, recall, F1. */
#include "engine/metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void mp_wilson(uint64_t hits, uint64_t n, double *low, double *high)
{
    if (n == 0) {
        *low = 0;
        *high = 1;
        return;
    }
    const double z = MP_NORMAL_95, m = (double)n, p = (double)hits / m;
    const double centre = p + z * z / (2 * m), scale = 1 + z * z / m;
    const double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
    *low = fmax(0, (centre - half) / scale);
    *high = fmin(1, (centre + half) / scale);
}

int mp_argmax(const float *scores, int k)
{
    int best = 0;
    for (int j = 1; j < k; j++)
        if (scores[j] > scores[best])
            best = j;
    return best;
}

void mp_share_text(char text[16], double share)
{
    if (isfinite(share))
        snprintf(text, 16, "%.4f", share);
    else
        snprintf(text, 16, "-");
}

static double ratio(uint64_t a, uint64_t b)
{
    return b > 0 ? (double)a / (double)b : NAN;
}

static void per_class(struct mp_metrics *m)
{
    const size_t k = (size_t)m->k;
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < k; i++) {
        struct mp_class_metrics *q = &m->class[i];
        q->hits = m->confusion[i * k + i];
        for (size_t j = 0; j < k; j++) {
            q->rows += m->confusion[i * k + j];
            q->predicted += m->confusion[j * k + i];
        }
        m->tested += q->rows > 0;
        q->precision = ratio(q->hits, q->predicted);
        q->recall = ratio(q->hits, q->rows);
        q->f1 = ratio(2 * q->hits, q->rows + q->predicted);
        if (q->rows + q->predicted > 0) {
            sum += q->f1;
            n++;
        }
    }
    m->macro_f1 = n > 0 ? sum / n : NAN;
}

int mp_metrics_compute(struct mp_ctx *c, int k, size_t n, const int *truth, const int *predicted,
                       struct mp_metrics *m)
{
    memset(m, 0, sizeof *m);
    m->k = k;
    m->confusion = mp_alloc(c, (size_t)k * (size_t)k, sizeof *m->confusion);
    m->class = mp_alloc(c, (size_t)k, sizeof *m->class);
    if (m->confusion == NULL || m->class == NULL) {
        mp_metrics_free(m);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        m->confusion[(size_t)truth[i] * (size_t)k + (size_t)predicted[i]]++;
        m->errors += truth[i] != predicted[i];
    }
    m->rows = n;
    m->accuracy = ratio(n - m->errors, n);
    mp_wilson(n - m->errors, n, &m->low, &m->high);
    per_class(m);
    return MP_OK;
}

void mp_metrics_free(struct mp_metrics *m)
{
    free(m->confusion);
    free(m->class);
    memset(m, 0, sizeof *m);
}
