#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lda.py - frozen numbers for lda: decision values of scikit-learn's LinearDiscriminantAnalysis
and, where that shrinks otherwise, of its formula with scikit-learn's shrunken covariances of rows
about the means of their classes."""
import numpy as np
import sklearn
from sklearn.covariance import OAS, shrunk_covariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from common import MIDDLE, digits, frozen, group, sample

FIT, FIRST, ROWS = 600, 700, 12
y = sample(0, FIT)[0]
x = digits(0, FIRST + ROWS).astype(float)
inner = x[:, 10:18, 10:18].reshape(len(x), -1)          # what `crop margin=10` leaves
middle = x[MIDDLE].reshape(len(x), -1)
EVEN = np.full(10, 0.1)


def by_sklearn(rows, priors=None):
    model = LinearDiscriminantAnalysis(priors=priors).fit(rows[:FIT], y)
    return model.decision_function(rows[FIRST:])


def by_formula(rows, shrinkage=None):
    known = rows[:FIT]
    means = np.stack([known[y == k].mean(0) for k in range(10)])
    about = known - means[y]
    if shrinkage is None:
        shrinkage = OAS(assume_centered=True).fit(about).shrinkage_
    w = np.linalg.solve(shrunk_covariance(about.T @ about / (FIT - 10), shrinkage),
                        (means - known.mean(0)).T)
    middles = (means + known.mean(0)) / 2
    return rows[FIRST:] @ w - np.sum(middles.T * w, 0) + np.log(np.bincount(y) / FIT)


def case(f, line, near, scores):
    group(f, f"case {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear {near}\nshape 1 10 1", scores)


with frozen("lda.txt", np, sklearn) as f:
    case(f, "crop margin=10 | lda shrinkage=0", 1e-4, by_sklearn(inner))
    case(f, "crop margin=10 | lda", 1e-4, by_formula(inner))
    case(f, "crop margin=8 | lda", 1e-4, by_formula(middle))
    case(f, "crop margin=8 | lda shrinkage=0.2", 1e-4, by_formula(middle, 0.2))
    case(f, "crop margin=8 | lda shrinkage=1", 1e-4, by_formula(middle, 1))
