#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vote.py - frozen numbers for `vote by=mean`: the mean of the probabilities of two
logistic regressions, each calibrated on the very rows it learned from, as the stages do
when they are run one by one.  The regressions are liblinear's, by scikit-learn; the
temperatures are SciPy's."""
import numpy as np
import scipy
import sklearn
from common import frozen, group, vectors, sample
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

FIT, FIRST, ROWS = 300, 400, 12
x, y = vectors(FIRST + ROWS), sample(0, FIT)[0].astype(int)


def branch(c):
    """Probabilities of the rows that are asked for; every class has a model of its own."""
    scores = np.stack([LogisticRegression(C=c, solver="liblinear", tol=1e-9, max_iter=10000)
                       .fit(x[:FIT], y == k).decision_function(x) for k in range(10)], 1)
    best = minimize_scalar(lambda t: -log_softmax(scores[:FIT] / np.exp(t), axis=1)
                           [np.arange(FIT), y].sum(), bounds=(-8, 8), method="bounded",
                           options={"xatol": 1e-12})
    return softmax(scores[FIRST:] / np.exp(best.x), axis=1)


with frozen("vote.txt", np, scipy, sklearn) as f:
    one, two = 0.0003, 0.001
    lines = "\n  ".join(f"  branch\n      logistic C={c} tolerance=1e-9\n      calibrate"
                        for c in (one, two))
    group(f, f"case vote\n  {lines}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 0.0001\nshape 1 10 1",
          (branch(one) + branch(two)) / 2)
