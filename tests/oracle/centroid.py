#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""centroid.py - frozen numbers for centroid: the means of scikit-learn's NearestCentroid, and
SciPy's distances to them, less than 0."""
import numpy as np
import scipy
import sklearn
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestCentroid

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 300, 400, 12
y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS)

with frozen("centroid.txt", np, scipy, sklearn) as f:
    for line, metric, shrink in (("centroid", "sqeuclidean", None),
                                 ("centroid metric=l1", "cityblock", None),
                                 ("centroid metric=cosine", "cosine", None),
                                 ("centroid shrink=0.5", "sqeuclidean", 0.5),
                                 ("centroid shrink=3 metric=cosine", "cosine", 3)):
        means = NearestCentroid(shrink_threshold=shrink).fit(x[:FIT], y).centroids_
        group(f, f"case {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-5\nshape 1 10 1",
              -cdist(x[FIRST:], means, metric))
