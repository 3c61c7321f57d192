/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.c - accuracy, its interval, confusion, precision, recall, F1, the first of several. */
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

/* A class that training never had has no score. */
static bool among_first(const float *scores, int k, int truth, int first)
{
    int before = 0;
    for (int j = 0; j < k && truth < k; j++)
        before += scores[j] > scores[truth] || (j < truth && !(scores[j] < scores[truth]));
    return truth < k && before < first;
}

uint64_t mp_among_first(size_t n, int k, const float *scores, const int *truth, int first)
{
    uint64_t there = 0;
    for (size_t i = 0; i < n; i++)
        there += among_first(scores + i * (size_t)k, k, truth[i], first);
    return there;
}

int mp_first(int i, int classes)
{
    static const int first[] = { 2, 3, 5 };
    return i < (int)(sizeof first / sizeof *first) && first[i] < classes ? first[i] : 0;
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

static int by_classes(const void *a, const void *b)
{
    const struct mp_confused *p = a, *q = b;
    if (p->truth != q->truth)
        return p->truth < q->truth ? -1 : 1;
    return (p->predicted > q->predicted) - (p->predicted < q->predicted);
}

uint64_t mp_confusion(const struct mp_metrics *m, int truth, int predicted)
{
    const struct mp_confused key = { truth, predicted, 0 };
    const struct mp_confused *found = bsearch(&key, m->confused, m->n_confused, sizeof key,
                                              by_classes);
    return found != NULL ? found->rows : 0;
}

/* Sorts the rows by what they are and were taken for, and counts those that are alike. */
static int count(struct mp_ctx *c, size_t n, const int *truth, const int *predicted,
                 struct mp_metrics *m)
{
    struct mp_confused *q = m->confused = mp_alloc(c, n, sizeof *q);
    if (q == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        q[i] = (struct mp_confused){ truth[i], predicted[i], 1 };
    qsort(q, n, sizeof *q, by_classes);
    for (size_t i = 0; i < n; i++)
        if (m->n_confused > 0 && by_classes(&q[m->n_confused - 1], &q[i]) == 0)
            q[m->n_confused - 1].rows++;
        else
            q[m->n_confused++] = q[i];
    return MP_OK;
}

static void per_class(struct mp_metrics *m)
{
    double sum = 0, recall = 0;
    int n = 0;
    for (size_t i = 0; i < m->n_confused; i++) {
        const struct mp_confused *q = &m->confused[i];
        m->class[q->truth].rows += q->rows;
        m->class[q->predicted].predicted += q->rows;
        if (q->truth == q->predicted)
            m->class[q->truth].hits = q->rows;
    }
    for (int i = 0; i < m->k; i++) {
        struct mp_class_metrics *q = &m->class[i];
        m->tested += q->rows > 0;
        q->precision = ratio(q->hits, q->predicted);
        q->recall = ratio(q->hits, q->rows);
        q->f1 = ratio(2 * q->hits, q->rows + q->predicted);
        recall += q->rows > 0 ? q->recall : 0;
        if (q->rows + q->predicted > 0) {
            sum += q->f1;
            n++;
        }
    }
    m->macro_f1 = n > 0 ? sum / n : NAN;
    m->balanced = m->tested > 0 ? recall / m->tested : NAN;
}

int mp_metrics_compute(struct mp_ctx *c, int k, size_t n, const int *truth, const int *predicted,
                       struct mp_metrics *m)
{
    memset(m, 0, sizeof *m);
    m->k = k;
    m->class = mp_alloc(c, (size_t)k, sizeof *m->class);
    if (m->class == NULL || count(c, n, truth, predicted, m) < 0) {
        mp_metrics_free(m);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        m->errors += truth[i] != predicted[i];
    m->rows = n;
    m->accuracy = ratio(n - m->errors, n);
    mp_wilson(n - m->errors, n, &m->low, &m->high);
    per_class(m);
    return MP_OK;
}

void mp_metrics_free(struct mp_metrics *m)
{
    free(m->confused);
    free(m->class);
    memset(m, 0, sizeof *m);
}

/* ---------------------------------------------------------- probabilities */

bool mp_probabilities(enum mp_scores kind, const float *scores, int k, double *p)
{
    double sum = 0;
    const double top = (double)scores[mp_argmax(scores, k)];
    if (kind == MP_MARGINS)
        return false;
    for (int j = 0; j < k; j++)
        sum += p[j] = kind == MP_LOGITS ? exp((double)scores[j] - top) : (double)scores[j];
    for (int j = 0; j < k && kind == MP_LOGITS; j++)
        p[j] /= sum;
    return true;
}

double mp_confidence(enum mp_scores kind, const float *scores, int k)
{
    const int top = mp_argmax(scores, k);
    const double best = (double)scores[top];
    double sum = 0, second = -INFINITY;
    if (kind == MP_PROBABILITIES)
        return best;
    for (int j = 0; j < k; j++) {
        sum += exp((double)scores[j] - best);
        if (j != top)
            second = fmax(second, (double)scores[j]);
    }
    return kind == MP_LOGITS ? 1 / sum : best - second;
}
