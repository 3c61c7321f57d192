#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""stack.py - frozen numbers for `stack`: logistic regressions, one for each class, on the
scores of two models, fitted on the very rows that these learned from, as the stages do when
they are run one by one; margins go in as they are, probabilities as logarithms.  All
regressions are liblinear's, by scikit-learn; the temperature is SciPy's."""
import numpy as np
import scipy
import sklearn
from common import frozen, group, vectors, sample
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression

FIT, FIRST, ROWS = 300, 400, 12
x, y = vectors(FIRST + ROWS), sample(0, FIT)[0].astype(int)


def margins(rows, c, factors=None):
    """Of all rows, by a model of its own for every class, fitted on the first ones.  A factor
    counts for the class itself, not where it is in the rest."""
    return np.stack([LogisticRegression(C=c, solver="liblinear", tol=1e-9, max_iter=10000,
                                        class_weight={True: (factors or {}).get(k, 1)})
                     .fit(rows[:FIT], y == k).decision_function(rows) for k in range(10)], 1)


def calibrated(scores):
    best = minimize_scalar(lambda t: -log_softmax(scores[:FIT] / np.exp(t), axis=1)
                           [np.arange(FIT), y].sum(), bounds=(-8, 8), method="bounded",
                           options={"xatol": 1e-12})
    return softmax(scores / np.exp(best.x), axis=1)


with frozen("stack.txt", np, scipy, sklearn) as f:
    one, two, own = 0.0003, 0.001, 0.1
    logs = np.log(np.maximum(1e-6, calibrated(margins(x, two))))
    seen = np.hstack([margins(x, one), logs])
    for weights, factors in ("", None), (" weights=3:5,8:0.2", {3: 5, 8: 0.2}):
        p = expit(margins(seen, own, factors))[FIRST:]
        group(f, f"case stack C={own} tolerance=1e-9{weights}\n"
                 f"    branch\n      logistic C={one} tolerance=1e-9\n"
                 f"    branch\n      logistic C={two} tolerance=1e-9\n      calibrate\n"
                 f"fit {FIT}\nrows {FIRST} {ROWS}\nnear 0.0001\nshape 1 10 1",
              p / p.sum(axis=1, keepdims=True))
