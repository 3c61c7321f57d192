#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""linear.py - frozen numbers for svm and logistic.

The optimum of the squared hinge and of the logistic loss is unique, so it is found
here by another method than liblinear's: SciPy's L-BFGS on the objective itself,
in double precision.  The other losses, and all classes in one problem, come from
scikit-learn, which carries its own copy of liblinear.  The constant feature is
regularised, as liblinear has it."""
import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 300, 400, 12
TIGHT = {"tol": 1e-7, "max_iter": 1000000, "random_state": 0}

y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS)


def squared_hinge(margin):
    """The loss at each margin, and its derivative."""
    slack = np.maximum(0, 1 - margin)
    return slack ** 2, -2 * slack


def logistic(margin):
    return np.logaddexp(0, -margin), -1 / (1 + np.exp(margin))


def optimum(rows, sign, cost, loss):
    """The w at which w.w / 2 + sum of cost loss(sign row.w) is least."""
    def objective(w):
        value, slope = loss(sign * (rows @ w))
        return 0.5 * w @ w + (cost * value).sum(), w + rows.T @ (cost * slope * sign)
    return minimize(objective, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B",
                    options={"maxiter": 20000, "maxfun": 40000, "ftol": 0, "gtol": 1e-9}).x


def by_lbfgs(loss, c, bias=1, factors=None):
    """Each class against the rest.  A factor counts for the class itself, not where it
    is in the rest, as in liblinear."""
    biased = np.hstack([x, np.full((len(x), 1), bias)])
    scores = []
    for label in range(10):
        own = y == label
        cost = c * np.where(own, (factors or {}).get(label, 1), 1)
        w = optimum(biased[:FIT], np.where(own, 1, -1), cost, loss)
        scores.append(biased[FIRST:] @ w)
    return np.transpose(scores)


def by_sklearn(model):
    return model.fit(x[:FIT], y).decision_function(x[FIRST:])


def multinomial(c, factors=None):
    """All classes in one problem; the constant feature as one of the features."""
    biased = np.hstack([x, np.ones((len(x), 1))])
    model = LogisticRegression(C=c, multi_class="multinomial", solver="newton-cg", tol=1e-8,
                               max_iter=10000, fit_intercept=False, class_weight=factors)
    return model.fit(biased[:FIT], y).decision_function(biased[FIRST:])


def case(f, line, near, scores):
    group(f, f"case {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear {near}\nshape 1 10 1", scores)


with frozen("svm.txt", np, scipy, sklearn) as f:
    exact = by_lbfgs(squared_hinge, 0.1)
    case(f, "svm C=0.1 solver=l2loss_primal tolerance=1e-7", 1e-4, exact)
    case(f, "svm C=0.1 solver=dense tolerance=1e-8", 1e-4, exact)
    case(f, "svm C=0.1 solver=l2loss_dual tolerance=1e-7", 1e-4, exact)
    case(f, "svm C=0.1 bias=2 weights=3:5,8:0.2 solver=l2loss_primal tolerance=1e-7", 1e-4,
         by_lbfgs(squared_hinge, 0.1, 2, {3: 5, 8: 0.2}))
    case(f, "svm C=0.1 bias=2 weights=3:5,8:0.2 solver=dense tolerance=1e-9", 1e-4,
         by_lbfgs(squared_hinge, 0.1, 2, {3: 5, 8: 0.2}))
    case(f, "svm C=0.1 solver=l1loss_dual tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, loss="hinge", **TIGHT)))
    case(f, "svm C=0.1 solver=crammer_singer tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, multi_class="crammer_singer", **TIGHT)))
    case(f, "svm C=0.1 solver=l1reg tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, penalty="l1", dual=False, **TIGHT)))
with frozen("logistic.txt", np, scipy, sklearn) as f:
    exact = by_lbfgs(logistic, 0.5)
    case(f, "logistic C=0.5 solver=primal tolerance=1e-7", 1e-4, exact)
    case(f, "logistic C=0.5 solver=dense tolerance=1e-8", 1e-4, exact)
    case(f, "logistic C=0.5 solver=multinomial tolerance=1e-8", 1e-4, multinomial(0.5))
    case(f, "logistic C=0.5 weights=3:5,8:0.2 solver=multinomial tolerance=1e-8", 1e-4,
         multinomial(0.5, {3: 5, 8: 0.2}))
    case(f, "logistic C=0.5 solver=dual tolerance=1e-7", 1e-4, exact)
    case(f, "logistic C=0.5 solver=l1reg tolerance=1e-6", 2e-3,
         by_sklearn(LogisticRegression(C=0.5, penalty="l1", solver="liblinear", **TIGHT)))
