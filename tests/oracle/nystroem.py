#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nystroem.py - frozen numbers for nystroem: scikit-learn's Nystroem with all rows as landmarks, its
values put into the order of the rows."""
import numpy as np
import sklearn
from sklearn.kernel_approximation import Nystroem

from common import frozen, group, vectors

with frozen("nystroem.txt", np, sklearn) as f:
    x = vectors(60)
    for fit, components, gamma in (8, 8, 0.02), (20, 20, 0.1), (5, 7, 0.01):
        n = Nystroem(kernel="rbf", gamma=gamma, n_components=fit, random_state=1).fit(x[:fit])
        y = n.transform(x[4:10])[:, np.argsort(n.component_indices_)]
        y = np.hstack([y, np.zeros((len(y), components - fit))])
        group(f, f"case nystroem components={components} gamma={gamma}\nfit {fit}\nrows 4 6\n"
                 f"near 1e-4\nshape 1 {components} 1", y)
    scale = 0.3 / x[:10].var(0).sum()
    n = Nystroem(kernel="rbf", gamma=scale, n_components=10, random_state=1).fit(x[:10])
    y = n.transform(x[20:23])[:, np.argsort(n.component_indices_)]
    group(f, "case nystroem components=10 scale=0.3\nfit 10\nrows 20 3\nnear 1e-4\nshape 1 10 1", y)
