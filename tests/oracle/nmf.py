#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nmf.py - frozen numbers for nmf: of one part scikit-learn's NMF, whose part and weights are scaled
so that the part has length 1."""
import numpy as np
import sklearn
from sklearn.decomposition import NMF

from common import frozen, group, vectors

with frozen("nmf.txt", np, sklearn) as f:
    x = vectors(60)
    for fit, first in (30, 30), (5, 3):
        n = NMF(1, init="nndsvd", tol=1e-10, max_iter=2000).fit(x[:fit])
        y = n.transform(x[first:first + 6]) * np.linalg.norm(n.components_)
        group(f, f"case nmf components=1\nfit {fit}\nrows {first} 6\nnear 1e-4\nshape 1 1 1", y)
