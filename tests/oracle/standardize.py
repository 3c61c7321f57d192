#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""standardize.py - frozen numbers for standardize: scikit-learn's StandardScaler in
double precision.  floor= is not in scikit-learn: there its scale_ is raised by hand."""
import numpy as np
import sklearn
from sklearn.preprocessing import StandardScaler

from common import frozen, group, vectors

CASES = [  # stage; floor; rows fitted on; rows
    ("standardize", 0, 300, 298, 4),
    ("standardize floor=0.2", 0.2, 100, 5, 3),
]

x = vectors(400)
with frozen("standardize.txt", np, sklearn) as f:
    for line, floor, fit, first, n in CASES:
        s = StandardScaler().fit(x[:fit])
        s.scale_ = np.where(s.var_ > 0, np.maximum(s.scale_, floor), 1)
        group(f, f"case {line}\nfit {fit}\nrows {first} {n}\nnear 2e-5\nshape 28 28 1",
              s.transform(x[first:first + n]))
