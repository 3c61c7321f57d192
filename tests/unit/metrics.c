/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.c - accuracy, intervals, precision, recall and F1 against SciPy and
 * scikit-learn; tests/oracle/metrics.py prints their numbers. */
#include "../tap.h"
#include "core/ctx.h"
#include "engine/metrics.h"
#include <math.h>
#include <string.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void test_wilson(struct tap *t)
{
    static const struct {
        uint64_t hits, n;
        double low, high;
    } cases[] = {
        { 9929, 10000, 0.9910545704274267, 0.9943668839787603 },
        { 985, 1000, 0.9753990230730931, 0.9908890211959183 },
        { 0, 10, 0.0, 0.27753279986288926 },
        { 10, 10, 0.7224672001371109, 1.0 },
        { 1, 3, 0.06149194472039626, 0.7923403991979523 },
        { 50, 100, 0.4038315303659956, 0.5961684696340044 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double low, high;
        mp_wilson(cases[i].hits, cases[i].n, &low, &high);
        if (!tap_ok(t, near(low, cases[i].low) && near(high, cases[i].high),
                    "Wilson interval of %llu in %llu", (unsigned long long)cases[i].hits,
                    (unsigned long long)cases[i].n))
            tap_note("got %.15g .. %.15g", low, high);
    }
    double low, high;
    mp_wilson(0, 0, &low, &high);
    tap_ok(t, low == 0 && high == 1, "no rows, no knowledge");
}

static void test_classes(struct tap *t)
{
    static const int truth[] = { 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0, 1 };
    static const int predicted[] = { 0, 1, 0, 1, 1, 2, 1, 2, 0, 0, 0, 1 };
    static const double expected[3][3] = { /* precision, recall, F1 */
        { 0.6, 0.75, 0.6666666666666665 },
        { 0.8, 0.8, 0.8000000000000002 },
        { 0.5, 0.3333333333333333, 0.4 },
    };
    struct mp_ctx c;
    struct mp_metrics m;
    mp_ctx_init(&c, NULL);
    tap_ok(t, mp_metrics_compute(&c, 3, 12, truth, predicted, &m) == MP_OK, "computes");
    tap_ok(t, m.rows == 12 && m.errors == 4 && near(m.accuracy, 8.0 / 12), "accuracy");
    for (int k = 0; k < 3; k++)
        tap_ok(t, near(m.class[k].precision, expected[k][0]) &&
                      near(m.class[k].recall, expected[k][1]) &&
                      near(m.class[k].f1, expected[k][2]),
               "precision, recall and F1 of class %d", k);
    tap_ok(t, near(m.macro_f1, 0.6222222222222222), "macro F1");
    tap_ok(t, near(m.balanced, 0.6277777777777778), "balanced accuracy");
    tap_ok(t, mp_confusion(&m, 0, 1) == 1 && mp_confusion(&m, 2, 0) == 2 &&
                  mp_confusion(&m, 1, 2) == 1 && mp_confusion(&m, 0, 2) == 0, "confusion: rows are the truth");
    mp_metrics_free(&m);

    /* A class that neither occurs nor is predicted has no precision and no recall,
     * and does not count in the mean. */
    static const int y[] = { 0, 0, 1 }, p[] = { 0, 0, 1 };
    tap_ok(t, mp_metrics_compute(&c, 3, 3, y, p, &m) == MP_OK && isnan(m.class[2].precision) &&
                  isnan(m.class[2].recall) && isnan(m.class[2].f1) && near(m.macro_f1, 1),
           "an empty class");
    mp_metrics_free(&m);
    mp_ctx_free(&c);
}

static void test_first(struct tap *t)
{
    static const float scores[8][4] = {
        { 670, 805, 22, 807 }, { 468, 515, 630, 285 }, { 979, 53, 277, 383 }, { 571, 408, 131, 45 },
        { 1, 48, 148, 999 }, { 190, 652, 750, 234 }, { 282, 434, 263, 974 }, { 177, 897, 797, 844 },
    };
    static const float same[4] = { 1, 1, 1, 1 };
    static const int truth[] = { 0, 1, 2, 3, 0, 1, 2, 3 }, second = 1, unknown = 4;
    static const uint64_t expected[] = { 0, 3, 5, 8 };
    for (int k = 1; k <= 4; k++)
        tap_ok(t, mp_among_first(8, 4, scores[0], truth, k) == expected[k - 1],
               "how many are among the first %d", k);
    tap_ok(t, mp_among_first(1, 4, same, &second, 1) == 0 &&
                  mp_among_first(1, 4, same, &second, 2) == 1, "of equal scores the first is higher");
    tap_ok(t, mp_among_first(1, 4, same, &unknown, 5) == 0, "a class without a score");
    tap_ok(t, mp_first(0, 10) == 2 && mp_first(2, 10) == 5 && mp_first(3, 10) == 0 &&
                  mp_first(2, 5) == 0 && mp_first(0, 2) == 0, "fewer than there are classes");
}

int main(void)
{
    struct tap t = { 0 };
    static const float scores[] = { -1, 3, 3, 2 };
    test_wilson(&t);
    test_classes(&t);
    test_first(&t);
    tap_ok(&t, mp_argmax(scores, 4) == 1, "the first of equal scores wins");
    return tap_end(&t);
}
