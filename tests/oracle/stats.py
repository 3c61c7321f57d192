#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""stats.py - frozen numbers for stats: NumPy, SciPy's skew() and kurtosis(), scikit-image's
shannon_entropy()."""
import numpy as np
import scipy
import skimage
from scipy.stats import kurtosis, skew
from skimage.measure import shannon_entropy

from common import digits, frozen, group, levels

with frozen("stats.txt", np, scipy, skimage) as f:
    for level, first in (0.5, 0), (0.1, 20):
        values = [np.array([x.mean(), x.std(), skew(x.ravel()), kurtosis(x.ravel()), x.min(),
                            x.max(), (x > level).mean(), shannon_entropy(b)])
                  for x, b in zip(digits(first, 20).astype(float), levels(first, 20))]
        group(f, f"case stats level={level}\nrows {first} 20\nnear 1e-5\nshape 1 8 1", values)
