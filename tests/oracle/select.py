#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""select.py - frozen numbers for select: the pixels that scikit-learn's VarianceThreshold and
f_classif would keep, and for by=mutual its mutual_info_score of values in bins as wide as the
least power of two for which 64 are enough."""
import warnings

import numpy as np
import sklearn
from sklearn.feature_selection import VarianceThreshold, f_classif
from sklearn.metrics import mutual_info_score

from common import frozen, group, sample

FIT = 1000
y, x = sample(0, FIT + 100)
x = (x.reshape(len(x), -1) / np.float32(255)).astype(float)


def bins(v):
    e = -60
    while np.floor(v.max() / 2.0 ** e) - np.floor(v.min() / 2.0 ** e) >= 64:
        e += 1
    return np.floor(v / 2.0 ** e)


def scores(by):
    a, b = x[:FIT], y[:FIT]
    if by == "variance":
        return VarianceThreshold().fit(a).variances_
    if by == "mutual":
        return np.array([mutual_info_score(b, bins(v)) for v in a.T])
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are constant
        return np.nan_to_num(f_classif(a, b)[0])


with frozen("select.txt", np, sklearn) as f:
    for by, keep, first in ("variance", 30, 0), ("anova", 100, 400), ("anova", 17, 1003), \
                           ("fisher", 40, 20), ("mutual", 60, 1000), ("mutual", 25, 70):
        kept = np.sort(np.argsort(-scores(by), kind="stable")[:keep])
        group(f, f"case select by={by} keep={keep}\nfit {FIT}\nrows {first} 5\nnear 1e-6\n"
                 f"shape 1 {keep} 1", x[first:first + 5][:, kept])
