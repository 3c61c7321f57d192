#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quadratic.py - frozen numbers for quadratic: logarithms of probabilities by scikit-learn's
discriminant analyses, and where these do not shrink as Friedman does, by SciPy's normal
distributions."""
import numpy as np
import scipy
import sklearn
from scipy.special import log_softmax
from scipy.stats import multivariate_normal
from sklearn.covariance import shrunk_covariance
from sklearn.discriminant_analysis import (LinearDiscriminantAnalysis,
                                           QuadraticDiscriminantAnalysis)

from common import digits, frozen, group, sample

FIT, FIRST, ROWS = 3000, 3000, 12
INNER = slice(None), slice(12, 16), slice(12, 16)     # what `crop margin=12` leaves
y = sample(0, FIT)[0]
x = digits(0, FIRST + ROWS).astype(float)[INNER].reshape(FIRST + ROWS, -1)
known, new = x[:FIT], x[FIRST:]
EVEN = np.full(10, 0.1)


def friedman(shrinkage, pool):
    """Each class's covariance, brought nearer to that of all and to a ball."""
    parts = [known[y == k] for k in range(10)]
    products = [(len(p) - 1) * np.cov(p.T) for p in parts]
    scores = []
    for part, own in zip(parts, products):
        freedom = (1 - pool) * (len(part) - 1) + pool * (FIT - 10)
        covariance = ((1 - pool) * own + pool * sum(products)) / freedom
        normal = multivariate_normal(part.mean(0), shrunk_covariance(covariance, shrinkage))
        scores.append(normal.logpdf(new) + np.log(len(part) / FIT))
    return log_softmax(np.transpose(scores), axis=1)


def by_sklearn(model):
    return model.fit(known, y).predict_log_proba(new)


with frozen("quadratic.txt", np, scipy, sklearn) as f:
    for line, scores in (
            ("shrinkage=0", by_sklearn(QuadraticDiscriminantAnalysis())),
            ("shrinkage=0 weights=balanced", by_sklearn(QuadraticDiscriminantAnalysis(priors=EVEN))),
            ("shrinkage=0 pool=1", by_sklearn(LinearDiscriminantAnalysis())),
            ("shrinkage=0.2", friedman(0.2, 0)),
            ("shrinkage=1", friedman(1, 0)),
            ("shrinkage=0.1 pool=0.3", friedman(0.1, 0.3))):
        group(f, f"case crop margin=12 | quadratic {line}\nfit {FIT}\nrows {FIRST} {ROWS}\n"
                 "near 1e-4\nshape 1 10 1", scores)
