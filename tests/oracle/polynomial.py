#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""polynomial.py - frozen numbers for polynomial: scikit-learn's PolynomialFeatures."""
import numpy as np
import sklearn
from sklearn.preprocessing import PolynomialFeatures

from common import digits, frozen, group

with frozen("polynomial.txt", np, sklearn) as f:
    x = digits(30, 3)[:, 10:14, 10:16].reshape(3, -1).astype(float)
    for products in "all", "cross":
        y = PolynomialFeatures(2, include_bias=False, interaction_only=products == "cross")
        y = y.fit_transform(x)
        group(f, f"case crop top=10 bottom=14 left=10 right=12 | polynomial products={products}\n"
                 f"rows 30 3\nnear 1e-6\nshape 1 {y.shape[1]} 1", y)
