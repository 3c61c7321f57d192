#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pca.py - frozen numbers for pca: scikit-learn's full decomposition in double
precision.  A component may have the other sign."""
import numpy as np
import sklearn
from sklearn.decomposition import PCA

from common import frozen, group, vectors

FIT = 500
CASES = [  # parameters; components or share, and whitening, as scikit-learn has them; rows
    ("components=40", 40, False, 0, 12),
    ("components=20 whiten=yes", 20, True, 490, 15),
    ("components=0 variance=0.8", 0.8, False, 700, 8),
    ("components=300", 300, False, 20, 3),
]

x = vectors(1000)
with frozen("pca.txt", np, sklearn) as f:
    for text, keep, whiten, first, n in CASES:
        p = PCA(n_components=keep, svd_solver="full", whiten=whiten).fit(x[:FIT])
        y = p.transform(x[first:first + n])
        group(f, f"case pca {text}\nfit {FIT}\nrows {first} {n}\nnear 1e-4\nsign free\n"
                 f"shape 1 {y.shape[1]} 1", y)
