/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statistics.c - McNemar's test, Tango's interval, calibration and the reject curve
 * against SciPy, statsmodels and scikit-learn (tests/oracle/confidence.py), and where
 * there is little or nothing to count. */
#include "../tap.h"
#include "core/ctx.h"
#include "report/statistics.h"
#include "../oracle/confidence.h"
#include <stdlib.h>
#include <string.h>

_Static_assert((int)ORACLE_BINS == (int)MP_BINS, "the oracle's bins are the program's");

/* Relative, or absolute below 1; NAN is near NAN. */
static bool near(double a, double b, double tolerance)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * fmax(1, fabs(b));
}

/* Small probabilities too have to agree in their digits. */
static bool same_digits(double a, double b)
{
    return a == b || fabs(a - b) <= 2e-9 * fabs(b);
}

static void test_pairs(struct tap *t)
{
    for (size_t i = 0; i < sizeof oracle_pairs / sizeof *oracle_pairs; i++) {
        const struct oracle_pair *o = &oracle_pairs[i];
        const struct mp_comparison m =
            mp_compare((struct mp_pair){ o->both, o->only_a, o->only_b, o->neither });
        if (!tap_ok(t, near(m.difference, o->difference, 1e-12) && near(m.low, o->low, 1e-9) &&
                           near(m.high, o->high, 1e-9) && same_digits(m.p, o->p),
                    "difference, interval and test of %d, %d, %d, %d", (int)o->both,
                    (int)o->only_a, (int)o->only_b, (int)o->neither))
            tap_note("got %.15g in %.15g .. %.15g, p %.15g", m.difference, m.low, m.high, m.p);
    }
    for (size_t i = 0; i < sizeof oracle_tests / sizeof *oracle_tests; i++) {
        const struct oracle_test *o = &oracle_tests[i];
        const double p = mp_mcnemar(o->only_a, o->only_b);
        if (!tap_ok(t, same_digits(p, o->p), "McNemar's test of %.0f against %.0f",
                    (double)o->only_a, (double)o->only_b))
            tap_note("got %.15g", p);
    }
}

/* Swapping the models turns the sign, and nothing else. */
static void test_holm(struct tap *t)
{
    struct mp_ctx c;
    double got[8];
    mp_ctx_init(&c, NULL);
    for (size_t i = 0; i < sizeof oracle_holm / sizeof *oracle_holm; i++) {
        const struct oracle_holm *o = &oracle_holm[i];
        bool good = mp_holm(&c, o->p, o->n, got) == MP_OK;
        for (size_t k = 0; k < o->n; k++)
            good = good && same_digits(got[k], o->corrected[k]);
        tap_ok(t, good, "Holm's correction of %zu probabilities", o->n);
    }
    tap_ok(t, mp_holm(&c, NULL, 0, got) == MP_OK, "and of none");
    mp_ctx_free(&c);
}

static void test_swap(struct tap *t)
{
    bool good = true;
    for (uint64_t a = 0; a < 12; a++)
        for (uint64_t b = 0; b < 12; b++) {
            const struct mp_comparison x = mp_compare((struct mp_pair){ 20, a, b, 3 });
            const struct mp_comparison y = mp_compare((struct mp_pair){ 20, b, a, 3 });
            good = good && near(x.difference, -y.difference, 1e-15) && x.p == y.p &&
                   near(x.low, -y.high, 1e-12) && x.low <= x.difference &&
                   x.difference <= x.high && x.p > 0 && x.p <= 1;
        }
    tap_ok(t, good, "swapped models: the same, with the other sign");
    const struct mp_comparison none = mp_compare((struct mp_pair){ 0, 0, 0, 0 });
    tap_ok(t, isnan(none.difference) && none.low == -1 && none.high == 1 && none.p == 1,
           "no rows, no knowledge");
    const int truth[] = { 0, 1, 2, 3, 4 }, a[] = { 0, 1, 9, 9, 4 }, b[] = { 0, 9, 9, 3, 4 };
    const struct mp_pair q = mp_pair_count(5, truth, a, b);
    tap_ok(t, q.both == 2 && q.only_a == 1 && q.only_b == 1 && q.neither == 1, "rows are counted");
}

static bool same_bins(const struct mp_calibration *m, const struct oracle_model *o)
{
    bool good = true;
    for (int i = 0; i < MP_BINS; i++)
        good = good && near((double)m->bins[i].rows, o->bins[i][0], 0) &&
               near(m->bins[i].confidence, o->bins[i][1], 1e-12) &&
               near(m->bins[i].accuracy, o->bins[i][2], 1e-12);
    return good;
}

static bool same_curve(struct mp_ctx *c, const struct oracle_model *o)
{
    struct mp_reject points[ORACLE_POINTS];
    double *confidence = calloc(o->n, sizeof *confidence);
    bool *right = calloc(o->n, sizeof *right), good = confidence != NULL && right != NULL;
    for (size_t i = 0; i < o->n && good; i++) {
        const float *row = o->scores + i * (size_t)o->k;
        int top = 0;
        for (int j = 1; j < o->k; j++)
            top = row[j] > row[top] ? j : top;
        confidence[i] = mp_confidence(o->kind, row, o->k);
        right[i] = top == o->truth[i];
    }
    good = good && mp_reject_curve(c, o->n, confidence, right, ORACLE_POINTS, points) == MP_OK;
    for (int i = 0; i < ORACLE_POINTS && good; i++)
        good = near((double)points[i].kept, o->reject[i][0], 0) &&
               near(points[i].accuracy, o->reject[i][1], 1e-12) &&
               near(points[i].threshold, o->reject[i][2], 1e-12);
    free(confidence);
    free(right);
    return good;
}

static void test_models(struct tap *t)
{
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    for (size_t i = 0; i < sizeof oracle_models / sizeof *oracle_models; i++) {
        const struct oracle_model *o = &oracle_models[i];
        struct mp_calibration m;
        const char *kind = o->kind == MP_LOGITS ? "logits" : "probabilities";
        tap_ok(t, mp_calibration(o->kind, o->n, o->k, o->scores, o->truth, &m),
               "%zu rows of %d %s", o->n, o->k, kind);
        if (!tap_ok(t, near(m.nll, o->nll, 1e-7) && near(m.brier, o->brier, 1e-9) &&
                           near(m.ece, o->ece, 1e-9), "their log loss, Brier score and ECE"))
            tap_note("got %.15g %.15g %.15g", m.nll, m.brier, m.ece);
        tap_ok(t, same_bins(&m, o), "their reliability curve");
        tap_ok(t, same_curve(&c, o), "their reject curve");
    }
    mp_ctx_free(&c);
}

static void test_edges(struct tap *t)
{
    static const float scores[] = { NAN, 0, 1, 0.25f, 0.75f, 0, 0, 1, 0 };
    static const int truth[] = { 2, 1, 0 };
    const double confidence[] = { 0.5, NAN, 0.5, 0.5 };
    const bool right[] = { true, true, false, false };
    struct mp_calibration m;
    struct mp_reject points[4];
    struct mp_ctx c;
    double p[3];
    tap_ok(t, !mp_calibration(MP_MARGINS, 1, 3, scores, truth, &m), "margins have no calibration");
    tap_ok(t, mp_calibration(MP_PROBABILITIES, 3, 3, scores, truth, &m) && isnan(m.nll) &&
                  isnan(m.brier) && isnan(m.ece) && m.bins[11].rows == 1 && m.bins[14].rows == 1,
           "scores that are no numbers: no figure, and no place in the curve");
    tap_ok(t, mp_calibration(MP_PROBABILITIES, 2, 3, scores + 3, truth + 1, &m) &&
                  near(m.nll, (-log(0.75) - log(1e-15)) / 2, 1e-12),
           "a true class held impossible costs -log 1e-15");
    tap_ok(t, mp_calibration(MP_LOGITS, 0, 3, scores, truth, &m) && isnan(m.nll) && isnan(m.ece),
           "no rows, no figure");
    tap_ok(t, mp_probabilities(MP_LOGITS, (const float[]){ 3000, 3000, -3000 }, 3, p) &&
                  p[0] == 0.5 && p[1] == 0.5 && p[2] == 0, "softmax of large logits");
    tap_ok(t, mp_confidence(MP_MARGINS, (const float[]){ 1, 4, -2 }, 3) == 3,
           "a margin's confidence is its lead");
    mp_ctx_init(&c, NULL);
    tap_ok(t, mp_reject_curve(&c, 4, confidence, right, 4, points) == MP_OK &&
                  points[0].kept == 1 && near(points[0].accuracy, 1.0 / 3, 1e-15) &&
                  near(points[2].accuracy, 1.0 / 3, 1e-15) && near(points[3].accuracy, 0.5, 0) &&
                  points[2].threshold == 0.5 && points[3].threshold == -INFINITY,
           "equal confidence: no order among the rows; without any: rejected first");
    tap_ok(t, mp_reject_curve(&c, 0, NULL, NULL, 2, points) == MP_OK && points[1].kept == 0 &&
                  isnan(points[1].accuracy), "a reject curve of nothing");
    mp_ctx_free(&c);
}

int main(void)
{
    struct tap t = { 0 };
    test_pairs(&t);
    test_holm(&t);
    test_swap(&t);
    test_models(&t);
    test_edges(&t);
    return tap_end(&t);
}
