/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics.c - tests, intervals and the calibration of probabilities.
 *
 * McNemar's test is summed exactly, in O(sqrt(rows)): GSL's binomial distribution is
 * good to ten digits only and gives up on 10^9 rows.  The interval of a difference
 * is Tango's score interval (1998): the differences that McNemar's test, in its
 * asymptotic form, would not reject.  So the two agree, it has a width even where no
 * row is discordant, and its coverage holds for the few discordant rows that good
 * models leave, where the usual +- 1.96 s fails (Fagerland, Lydersen and Laake 2014,
 * Statistics in Medicine 33, compare them).  Calibration error: Guo and others 2017,
 * On calibration of modern neural networks; score: Brier 1950. */
#include "report/statistics.h"
#include "engine/metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------- two models, same rows */

struct mp_pair mp_pair_count(size_t n, const int *truth, const int *a, const int *b)
{
    struct mp_pair q = { 0, 0, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        const bool x = a[i] == truth[i], y = b[i] == truth[i];
        q.both += x && y;
        q.only_a += x && !y;
        q.only_b += !x && y;
        q.neither += !x && !y;
    }
    return q;
}

/* log(n!) - log(sqrt(2 pi n) (n / e)^n): what Stirling's formula leaves out. */
static double stirling_rest(double n)
{
    const double pi = acos(-1.0), n2 = n * n;
    if (n < 16)
        return lgamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * pi);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / (1680 * n2)) / n2) / n2) / n;
}

/* log of C(n, k) / 2^n for k <= n / 2, to full precision however large n is
 * (Loader 2000, Fast and accurate computation of binomial probabilities). */
static double log_binomial_half(double n, double k)
{
    const double pi = acos(-1.0), d = (n - 2 * k) / n;
    if (k == 0)
        return -n * log(2);
    return 0.5 * log(n / (2 * pi * k * (n - k))) + stirling_rest(n) - stirling_rest(k) -
           stirling_rest(n - k) - 0.5 * n * (log1p(-d * d) + 2 * d * atanh(d));
}

double mp_mcnemar(uint64_t only_a, uint64_t only_b)
{
    const double less = (double)(only_a < only_b ? only_a : only_b);
    const double n = (double)only_a + (double)only_b;
    double sum = 1, term = 1;
    if (only_a == only_b)
        return 1;
    for (double k = less; k > 0 && term > 1e-17 * sum; k--)
        sum += term *= k / (n - k + 1);
    return fmin(1, 2 * sum * exp(log_binomial_half(n, less)));
}

/* McNemar's statistic for a true difference d, from the likeliest shares of
 * discordant rows that have it: falls with d. */
static double score(struct mp_pair q, double n, double d)
{
    const double b = (double)q.only_a, c = (double)q.only_b;
    const double half = ((2 * n - b + c) * d - b - c) / 2, last = c * d * (1 - d);
    const double share = (sqrt(half * half + 2 * n * last) - half) / (2 * n);
    const double variance = n * (2 * share + d * (1 - d)), over = b - c - n * d;
    return variance > 0 ? over / sqrt(variance) : over > 0 ? INFINITY : over < 0 ? -INFINITY : 0;
}

/* Where the statistic is z, between `low` and `high`. */
static double score_root(struct mp_pair q, double n, double z, double low, double high)
{
    for (int i = 0; i < 100; i++) {
        const double d = (low + high) / 2;
        if (score(q, n, d) > z)
            low = d;
        else
            high = d;
    }
    return (low + high) / 2;
}

struct mp_comparison mp_compare(struct mp_pair q)
{
    const double n = (double)q.both + (double)q.only_a + (double)q.only_b + (double)q.neither;
    const double d = ((double)q.only_a - (double)q.only_b) / n;
    const double z = MP_NORMAL_95;
    if (n == 0)
        return (struct mp_comparison){ NAN, -1, 1, 1 };
    return (struct mp_comparison){ d, score_root(q, n, z, -1, d), score_root(q, n, -z, d, 1),
                                   mp_mcnemar(q.only_a, q.only_b) };
}

static int by_value(const void *a, const void *b)
{
    const double *const p = *(const double *const *)a, *const q = *(const double *const *)b;
    if (*p != *q)
        return *p < *q ? -1 : 1;
    return p < q ? -1 : p > q;
}

/* The i-th smallest of n counts n - i times, and never less than those before. */
int mp_holm(struct mp_ctx *c, const double *p, size_t n, double *corrected)
{
    const double **sorted = mp_alloc(c, n, sizeof *sorted);
    double least = 0;
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &p[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = 0; i < n; i++) {
        least = fmax(least, fmin(1, (double)(n - i) * *sorted[i]));
        corrected[sorted[i] - p] = least;
    }
    free(sorted);
    return MP_OK;
}

/* ---------------------------------------------------------- probabilities */

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

/* One row into the sums; false: its probabilities are no numbers.  A class that training never
 * had has the probability 0. */
static bool add_row(struct mp_calibration *s, enum mp_scores kind, const float *row, int k,
                    int truth)
{
    const int top = mp_argmax(row, k);
    const double best = (double)row[top];
    double sum = 0, squares = truth >= k, first = 0, own = 0;
    for (int j = 0; j < k && kind == MP_LOGITS; j++)
        sum += exp((double)row[j] - best);
    for (int j = 0; j < k; j++) {
        const double p = kind == MP_LOGITS ? exp((double)row[j] - best) / sum : (double)row[j];
        const double off = p - (j == truth);
        squares += off * off;
        first = j == top ? p : first;
        own = j == truth ? p : own;
    }
    if (!isfinite(squares))
        return false;
    int bin = (int)ceil(first * MP_BINS) - 1;
    bin = bin < 0 ? 0 : bin >= MP_BINS ? MP_BINS - 1 : bin;
    s->brier += squares;
    s->nll -= log(fmax(own, 1e-15)); /* a floor, as scikit-learn has it */
    s->bins[bin].rows++;
    s->bins[bin].confidence += first;
    s->bins[bin].accuracy += top == truth;
    return true;
}

bool mp_calibration(enum mp_scores kind, size_t n, int k, const float *scores, const int *truth,
                    struct mp_calibration *out)
{
    bool numbers = true;
    memset(out, 0, sizeof *out);
    if (kind == MP_MARGINS)
        return false;
    for (size_t i = 0; i < n; i++)
        numbers = add_row(out, kind, scores + i * (size_t)k, k, truth[i]) && numbers;
    for (int i = 0; i < MP_BINS; i++) {
        struct mp_bin *b = &out->bins[i];
        const double rows = (double)b->rows;
        out->ece += fabs(b->accuracy - b->confidence);
        b->confidence = ratio(b->confidence, rows);
        b->accuracy = ratio(b->accuracy, rows);
    }
    const double rows = numbers ? (double)n : 0;
    out->nll = ratio(out->nll, rows);
    out->brier = ratio(out->brier, rows);
    out->ece = ratio(out->ece, rows);
    return true;
}

/* ------------------------------------------------------------ reject curve */

struct verdict {
    double confidence;
    bool right;
};

/* The surest first. */
static int by_confidence(const void *a, const void *b)
{
    const double x = ((const struct verdict *)a)->confidence;
    const double y = ((const struct verdict *)b)->confidence;
    return x < y ? 1 : -(x > y);
}

int mp_reject_curve(struct mp_ctx *c, size_t n, const double *confidence, const bool *right,
                    int n_points, struct mp_reject *points)
{
    struct verdict *v = mp_alloc(c, n > 0 ? n : 1, sizeof *v);
    size_t from = 0, to = 0; /* rows of equal confidence */
    double before = 0, within = 0; /* right ones above them, and among them */
    if (v == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct verdict){ isnan(confidence[i]) ? -INFINITY : confidence[i], right[i] };
    qsort(v, n, sizeof *v, by_confidence);
    for (size_t i = 1, m = (size_t)n_points; i <= m; i++) {
        const size_t kept = n / m * i + (n % m * i + m - 1) / m;
        while (to < kept) {
            before += within;
            within = 0;
            for (from = to; to < n && !(v[to].confidence < v[from].confidence); to++)
                within += v[to].right;
        }
        const double share = ratio((double)(kept - from), (double)(to - from));
        points[i - 1] = (struct mp_reject){ kept, (before + share * within) / (double)kept,
                                            kept > 0 ? v[from].confidence : NAN };
    }
    free(v);
    return MP_OK;
}
