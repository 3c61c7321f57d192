#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""forest.py - frozen numbers for forest: trees without chance by scikit-learn's
DecisionTreeClassifier.  The fits have fewer rows than there are bins, and trees so few questions
that none is as good as another."""
import numpy as np
import sklearn
from sklearn.tree import DecisionTreeClassifier

from common import digits, frozen, group, sample, vectors

FIT, FIRST, ROWS = 250, 700, 12
y = sample(0, FIT)[0]
pixels = vectors(FIRST + ROWS)
means = digits(0, FIRST + ROWS).reshape(-1, 4, 7, 4, 7).mean((2, 4), dtype=float).reshape(-1, 16)
ALONE = "forest trees=1 features=all bootstrap=no"

with frozen("forest.txt", np, sklearn) as f:
    for before, x, line, keys in (
            ("", pixels, "depth=3", {"max_depth": 3}),
            ("", pixels, "min_leaf=20", {"min_samples_leaf": 20}),
            ("zoning rows=4 columns=4 | ", means, "depth=5", {"max_depth": 5}),
            ("zoning rows=4 columns=4 | ", means, "depth=4 weights=0:4,7:0.25",
             {"max_depth": 4, "class_weight": {k: {0: 4, 7: 0.25}.get(k, 1) for k in range(10)}})):
        found = [DecisionTreeClassifier(random_state=seed, **keys).fit(x[:FIT], y)
                 .predict_proba(x[FIRST:]) for seed in range(4)]
        assert all(np.allclose(found[0], other) for other in found)  # no chance in it
        group(f, f"case {before}{ALONE} {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-5\n"
                 f"shape 1 10 1", found[0])
