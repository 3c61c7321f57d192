#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""rbf_svm.py - frozen numbers for rbf_svm: the decision function of scikit-learn's SVC, which
carries its own copy of libsvm and predicts by it, in double."""
import numpy as np
import sklearn
from sklearn.svm import SVC

from common import digits, frozen, group, sample, vectors

FIT, FIRST, ROWS = 250, 700, 12
y = sample(0, FIT)[0]
pixels = vectors(FIRST + ROWS)
means = digits(0, FIRST + ROWS).reshape(-1, 4, 7, 4, 7).mean((2, 4), dtype=float).reshape(-1, 16)

with frozen("rbf_svm.txt", np, sklearn) as f:
    for before, x, line, keys in (
            ("", pixels, "C=10", {"C": 10}),
            ("", pixels, "C=2 gamma=0.01 weights=0:4,7:0.25",
             {"C": 2, "gamma": 0.01, "class_weight": {0: 4, 7: 0.25}}),
            ("", pixels, "kernel=poly degree=4 gamma=0.01 constant=0.5 C=3",
             {"kernel": "poly", "degree": 4, "gamma": 0.01, "coef0": 0.5, "C": 3}),
            ("", pixels, "C=10 cache=1 solver=libsvm", {"C": 10}),
            ("zoning rows=4 columns=4 | ", means, "kernel=poly",
             {"kernel": "poly"})):
        model = SVC(tol=1e-7, **keys).fit(x[:FIT], y)
        group(f, f"case {before}rbf_svm tolerance=1e-7 {line}\nfit {FIT}\n"
                 f"rows {FIRST} {ROWS}\nnear 1e-4\nshape 1 10 1",
              model.decision_function(x[FIRST:]))
