#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confidence.py - frozen numbers for src/report/statistics.c: writes confidence.h, which
tests/unit/statistics.c includes.

McNemar's test is SciPy's binomial test and, where rows are few enough, statsmodels' own;
both must agree.  Beyond 10^6 rows SciPy loses digits: there mpmath sums with 40 of them.
Tango's interval is found as he defines it, by numerical search: the likelihood of the
counts, held to a difference, is maximised by a root of its derivative, and the ends are
roots of the score statistic.  Holm's correction is statsmodels'.  Log loss, the binary
Brier score and the reliability curve are scikit-learn's; the calibration error is taken
over the curve that scikit-learn gives, weighed by rows."""
import textwrap
from pathlib import Path

import mpmath
import numpy as np
import scipy
import sklearn
import statsmodels
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import binomtest, norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

BINS, POINTS = 15, 7
HOLM = [[0.03], [0.01, 0.04, 0.03, 0.005], [0.2, 0.2, 0.001, 0.2, 1], [0.9, 0.5, 0.6],
        [2e-9, 0.013, 0.0125, 0.5, 0.05, 0.011, 1e-30]]
# both, only a, only b, neither
PAIRS = [(9900, 55, 30, 15), (9900, 30, 55, 15), (940, 3, 0, 57), (940, 0, 1, 59), (95, 0, 0, 5),
         (0, 0, 0, 7), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 12, 0, 0), (0, 0, 12, 0),
         (1, 1, 7, 12), (8000, 900, 900, 200), (10, 8, 2, 0), (59000, 311, 262, 427),
         (5000000, 20000, 19500, 60500)]
# only a, only b: too many for anything but the test itself
LARGE = [(499000, 501000), (5001000, 4999000), (499990000, 500010000), (50500, 49500), (0, 1000),
         (16, 15), (15, 16), (3000000000, 3000100000)]


def summed(a, b):
    mpmath.mp.dps, n, k = 40, a + b, min(a, b)
    term = sum_ = mpmath.exp(mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1) -
                             mpmath.loggamma(n - k + 1) - n * mpmath.log(2))
    while k > 0 and term > sum_ * 1e-20:
        term *= mpmath.mpf(k) / (n - k + 1)
        sum_ += term
        k -= 1
    return float(2 * sum_)


def exact(a, b):
    if a + b == 0:
        return 1.0
    if a + b >= 10 ** 6:
        return summed(a, b)
    p = binomtest(a, a + b).pvalue
    if a + b < 10 ** 5:
        assert np.isclose(p, mcnemar([[0, a], [b, 0]], exact=True).pvalue, rtol=1e-9, atol=0)
    return p


def tango(both, a, b, neither, level=0.95):
    n, z = both + a + b + neither, norm.ppf(0.5 + level / 2)

    def score(d):
        # Shares of the cells given the difference: q + d, q, 1 - 2q - d; q is free.
        low, high = max(0, -d), (1 - d) / 2

        def slope(q):
            rest = 1 - 2 * q - d
            return (a / (q + d) if a else 0) + (b / q if b else 0) - \
                (2 * (n - a - b) / rest if n > a + b else 0)
        eps = 1e-15
        inside = low + eps, high - eps
        if slope(inside[0]) <= 0:
            q = low
        elif slope(inside[1]) >= 0:
            q = high
        else:
            q = brentq(slope, *inside, xtol=1e-18, rtol=1e-15)
        return (a - b - n * d) / np.sqrt(n * (2 * q + d - d * d))
    d, edge = (a - b) / n, 1e-12
    low = -1.0 if d == -1 else brentq(lambda x: score(x) - z, -1 + edge, d - edge, xtol=1e-14)
    high = 1.0 if d == 1 else brentq(lambda x: score(x) + z, d + edge, 1 - edge, xtol=1e-14)
    return d, low, high


def judge(p, truth):
    """nll, Brier, calibration error, and (rows, confidence, accuracy) of the bins."""
    k, top = p.shape[1], p.argmax(1)
    confidence, right = p.max(1), p.argmax(1) == truth
    nll = log_loss(truth, p, labels=range(k), eps=1e-15)
    brier = np.mean(np.sum((p - np.eye(k)[truth]) ** 2, 1))
    if k == 2:
        assert np.isclose(brier, 2 * brier_score_loss(truth, p[:, 1], pos_label=1))
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    rows = np.histogram(np.ceil(confidence * BINS) - 1, np.arange(BINS + 1) - 0.5)[0]
    full = rows > 0
    ece = np.sum(rows[full] * np.abs(accuracy - mean)) / len(p)
    bins = np.full((BINS, 3), np.nan)
    bins[:, 0], bins[full, 1], bins[full, 2] = rows, mean, accuracy
    return (nll, brier, ece), bins, confidence, right


def reject(confidence, right):
    """The surest 1/7, 2/7 ... of the rows; those at the threshold count in equal parts."""
    n, points = len(right), []
    for i in range(1, POINTS + 1):
        kept = -(-n * i // POINTS)
        threshold = np.sort(confidence)[::-1][kept - 1]
        above, at = confidence > threshold, confidence == threshold
        rights = right[above].sum() + right[at].mean() * (kept - above.sum())
        points.append((kept, rights / kept, threshold))
    return points


def model(seed, n, k, sharp):
    """Scores of a model that is right more often than not, too sure if sharp > 1; some
    rows are equal to one another."""
    r = np.random.default_rng(seed)
    truth = r.integers(0, k, n)
    scores = r.normal(size=(n, k)) + 2 * np.eye(k)[truth]
    scores[n // 2:n // 2 + n // 10] = scores[n // 2]
    return truth, np.float32(np.round(sharp * scores, 2))


def number(v):
    return "NAN" if np.isnan(v) else f"{v:.15g}"


def wrapped(text):
    return textwrap.fill(text, 100, initial_indent=" " * 8, subsequent_indent=" " * 8)


def write(f):
    print("#include <math.h>\n#include <stdint.h>\n", file=f)
    print("static const struct oracle_pair {\n    uint64_t both, only_a, only_b, neither;\n"
          "    double difference, low, high, p;\n} oracle_pairs[] = {", file=f)
    for q in PAIRS:
        values = ", ".join(map(number, (*tango(*q), exact(q[1], q[2]))))
        print("    {", ", ".join(map(str, q)) + ",", values, "},", file=f)
    print("};\n\nstatic const struct oracle_test {\n    uint64_t only_a, only_b;\n    double p;\n"
          "} oracle_tests[] = {", file=f)
    for a, b in LARGE:
        print(f"    {{ {a}, {b}, {number(exact(a, b))} }},", file=f)
    print("};\n\nstatic const struct oracle_holm {\n    size_t n;\n    const double *p, "
          "*corrected;\n} oracle_holm[] = {", file=f)
    for p in HOLM:
        both = [", ".join(map(number, v)) for v in (p, multipletests(p, method="holm")[1])]
        print(f"    {{ {len(p)}, (const double[]){{\n{wrapped(both[0])}\n    }}, "
              f"(const double[]){{\n{wrapped(both[1])}\n    }} }},", file=f)
    print(f"}};\n\nenum {{ ORACLE_BINS = {BINS}, ORACLE_POINTS = {POINTS} }};\n"
          "static const struct oracle_model {\n    enum mp_scores kind;\n    size_t n;\n"
          "    int k;\n"
          "    const int *truth;\n    const float *scores;\n"
          "    double nll, brier, ece, bins[ORACLE_BINS][3], reject[ORACLE_POINTS][3];\n"
          "} oracle_models[] = {", file=f)
    for seed, n, k, sharp, kind in ((1, 150, 4, 1, "LOGITS"), (2, 150, 4, 3, "PROBABILITIES"),
                                    (3, 90, 2, 0.4, "LOGITS"), (4, 1, 3, 1, "PROBABILITIES"),
                                    (5, 40, 3, 60, "LOGITS")):
        truth, scores = model(seed, n, k, sharp)
        if kind == "PROBABILITIES":
            scores = np.float32(softmax(scores, 1))
        p = np.float64(scores) if kind == "PROBABILITIES" else softmax(np.float64(scores), 1)
        marks, bins, confidence, right = judge(p, truth)
        print(f"    {{ MP_{kind}, {n}, {k}, (const int[]){{", file=f)
        lists = truth.astype(str), [f"{v:#.9g}f" for v in scores.ravel()]
        for i, values in enumerate(lists):
            print(wrapped(", ".join(values)), file=f)
            print("    }, (const float[]){" if i == 0 else "    }, " +
                  ", ".join(map(number, marks)) + ",", file=f)
        for rows in bins, reject(confidence, right):
            rows = ", ".join("{ " + ", ".join(map(number, row)) + " }" for row in rows)
            print("    {\n" + wrapped(rows) + "\n    },", file=f)
        print("    },", file=f)
    print("};", file=f)


with open(Path(__file__).with_suffix(".h"), "w") as out:
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */", file=out)
    print(f"/* Made by confidence.py with mpmath {mpmath.__version__}, scipy {scipy.__version__}, "
          f"scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}; do not "
          "edit. */", file=out)
    write(out)
