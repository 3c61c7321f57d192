#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""knn.py - frozen numbers for knn: votes by scikit-learn's KNeighborsClassifier, in double."""
import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 600, 700, 24
y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS)

with frozen("knn.txt", np, sklearn) as f:
    for line, keys in (
            ("", {"n_neighbors": 3}),
            ("k=1", {"n_neighbors": 1}),
            ("k=600", {"n_neighbors": 600}),
            ("k=9 vote=distance", {"n_neighbors": 9, "weights": "distance"}),
            ("k=9 metric=l1 vote=distance", {"n_neighbors": 9, "metric": "manhattan",
                                             "weights": "distance"}),
            ("k=9 metric=l3 vote=distance", {"n_neighbors": 9, "p": 3, "weights": "distance"}),
            ("k=9 metric=cosine vote=distance", {"n_neighbors": 9, "metric": "cosine",
                                                 "weights": "distance"})):
        model = KNeighborsClassifier(algorithm="brute", **keys).fit(x[:FIT], y)
        group(f, f"case knn {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-6\nshape 1 10 1",
              model.predict_proba(x[FIRST:]))
