#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ridge.py - frozen numbers for ridge: scikit-learn's RidgeClassifier, which regresses on
targets 1 and -1, by singular values in double precision.  Its alpha is ours times the mean
diagonal of the rows' products."""
import sklearn
import numpy as np
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.utils.class_weight import compute_sample_weight

from common import MIDDLE, digits, frozen, group, sample

FIT, FIRST, ROWS = 300, 400, 12

y = sample(0, FIT)[0]
x = digits(0, FIRST + ROWS).astype(float)
middle = x[MIDDLE].reshape(len(x), -1)
x = x.reshape(len(x), -1)


def scores(rows, ridge, offset, weights=None):
    """weights: RidgeClassifier's class_weight."""
    each = compute_sample_weight(weights, y)
    known = rows[:FIT] - (np.average(rows[:FIT], 0, each) if offset else 0)
    alpha = ridge * (each[:, None] * known ** 2).sum(0).mean()
    model = RidgeClassifier(alpha=alpha, fit_intercept=offset, solver="svd", class_weight=weights)
    return model.fit(rows[:FIT], y).decision_function(rows[FIRST:])


def chosen(rows, penalties):
    """The one whose generalised cross-validation is least, from singular values."""
    known = rows[:FIT] - rows[:FIT].mean(0)
    targets = np.where(y[:, None] == np.arange(10), 1, -1)
    targets = targets - targets.mean(0)
    u, s, _ = np.linalg.svd(known, full_matrices=False)
    unit = (known ** 2).sum(0).mean()

    def error(ridge):
        share = s ** 2 / (s ** 2 + ridge * unit)
        left = targets - u @ (share[:, None] * (u.T @ targets))
        return (left ** 2).sum() / (FIT - 1 - share.sum()) ** 2
    return min(penalties, key=error)


def left_out(rows, penalties, offset=True, weights=None):
    """RidgeClassifierCV's choice, which leaves out one row after another, and its scores."""
    each = compute_sample_weight(weights, y)
    known = rows[:FIT] - (np.average(rows[:FIT], 0, each) if offset else 0)
    unit = (each[:, None] * known ** 2).sum(0).mean()
    model = RidgeClassifierCV(unit * np.array(penalties), fit_intercept=offset,
                              class_weight=weights).fit(rows[:FIT], y)
    assert penalties[0] < model.alpha_ / unit * 1.001 and model.alpha_ / unit < penalties[-1]
    print("loo", model.alpha_ / unit, "gcv", chosen(rows, penalties))
    return model.decision_function(rows[FIRST:])


def case(f, line, near, numbers):
    group(f, f"case {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear {near}\nshape 1 10 1", numbers)


with frozen("ridge.txt", np, sklearn) as f:
    case(f, "crop margin=8 | ridge ridge=1", 1e-5, scores(middle, 1, True))
    case(f, "crop margin=8 | ridge ridge=0.01", 1e-4, scores(middle, 0.01, True))
    case(f, "crop margin=8 | ridge", 1e-4, scores(middle, 1e-4, True))
    case(f, "crop margin=8 | ridge ridge=0.01 offset=no", 1e-4, scores(middle, 0.01, False))
    case(f, "crop margin=8 | ridge ridge=0.01 weights=balanced", 1e-4,
         scores(middle, 0.01, True, "balanced"))
    case(f, "crop margin=8 | ridge ridge=0.01 weights=3:5,8:0.2", 1e-4,
         scores(middle, 0.01, True, {3: 5, 8: 0.2}))
    case(f, "crop margin=8 | ridge ridge=0.01 offset=no weights=3:5,8:0.2", 1e-4,
         scores(middle, 0.01, False, {3: 5, 8: 0.2}))
    # As good with values whose mean is large beside what they differ by.
    case(f, "crop margin=8 | invert | ridge ridge=0.01", 1e-4, scores(1 - middle, 0.01, True))
    for before, rows, tried in (("crop margin=8 | ", middle, (1e-3, 1e-2, 0.1, 0.3, 1, 3, 10)),
                                ("", x, (0.1, 1, 10, 100))):
        best = chosen(rows, tried)
        assert tried[0] < best < tried[-1]
        text = ",".join(f"{penalty:g}" for penalty in tried)
        case(f, f"{before}ridge penalties={text}", 1e-4, scores(rows, best, True))
        case(f, f"{before}ridge choose=loo penalties={text}", 1e-4, left_out(rows, tried))
    tried = 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2, 2
    text = ",".join(f"{penalty:g}" for penalty in tried)
    case(f, f"crop margin=8 | ridge choose=loo penalties={text}", 1e-4, left_out(middle, tried))
    case(f, f"crop margin=8 | ridge choose=loo weights=balanced penalties={text}", 1e-4,
         left_out(middle, tried, weights="balanced"))
    case(f, f"crop margin=8 | ridge choose=loo offset=no penalties={text}", 1e-4,
         left_out(middle, tried, offset=False))
    # More values than rows: what little the rows tell is at the mercy of rounding.
    case(f, "ridge ridge=0.01", 2e-3, scores(x, 0.01, True))
