#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""normalize.py - frozen numbers for normalize: sklearn.preprocessing.normalize, which
divides each row by its norm."""
import numpy as np
import sklearn
from sklearn.preprocessing import normalize

from common import frozen, group, vectors

with frozen("normalize.txt", np, sklearn) as f:
    for norm in "l1", "l2", "max":
        group(f, f"case normalize norm={norm}\nrows 0 3\nnear 1e-6\nshape 28 28 1",
              normalize(vectors(3), norm=norm))
