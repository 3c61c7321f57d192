#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""discriminant.py - frozen numbers for discriminant: scikit-learn's LinearDiscriminantAnalysis, by
singular values.  A direction may have the other sign."""
import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from common import frozen, group, sample

FIT = 500
y, x = sample(0, 700)
x = x.reshape(-1, 28, 28)[:, 8:20, 8:20].reshape(len(x), -1) / 255
with frozen("discriminant.txt", np, sklearn) as f:
    a = LinearDiscriminantAnalysis(solver="svd", tol=1e-8).fit(x[:FIT], y[:FIT])
    for text, z in ("shrinkage=0", a.transform(x[600:605])), \
            ("components=3 shrinkage=0", a.transform(x[600:605])[:, :3]):
        group(f, f"case crop margin=8 | discriminant {text}\nfit {FIT}\nrows 600 5\nnear 2e-3\n"
                 f"sign free\nshape 1 {z.shape[1]} 1", z)
