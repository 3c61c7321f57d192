#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""boost.py - frozen numbers for boost: scores of scikit-learn's HistGradientBoostingClassifier.
The fits have fewer rows than there are bins; ours rounds derivatives, and so differs a little; trees are
so few and small, and leaves of few rows worth so little, that no question is as good as another on
any processor."""
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier

from common import digits, frozen, group, sample

FIT, FIRST, ROWS = 250, 700, 12
y = sample(0, FIT)[0]
means = digits(0, FIRST + ROWS).reshape(-1, 4, 7, 4, 7).mean((2, 4), dtype=float).reshape(-1, 16)

PRIOR = np.log(np.bincount(y) / FIT).mean()  # which it takes off all scores

with frozen("boost.txt", np, sklearn) as f:
    for line, keys in (("rounds=1 leaves=3", {"max_iter": 1, "max_leaf_nodes": 3}),
                       ("rounds=3 leaves=3", {"max_iter": 3, "max_leaf_nodes": 3}),
                       ("rounds=5 depth=1", {"max_iter": 5, "max_depth": 1})):
        model = HistGradientBoostingClassifier(l2_regularization=10, min_samples_leaf=1,
                                               early_stopping=False, **keys).fit(means[:FIT], y)
        group(f, f"case zoning rows=4 columns=4 | boost bins=256 l2=10 min_weight=0.001 {line}\n"
                 f"fit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-3\nshape 1 10 1",
              model.decision_function(means[FIRST:]) + PRIOR)
