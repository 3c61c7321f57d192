#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lbp.py - frozen numbers for lbp: scikit-image's local_binary_pattern(), counted in cells by
NumPy.  Images in whole levels, which make fewer of its ties by rounding."""
import warnings

import numpy as np
import skimage
from skimage.feature import local_binary_pattern

from common import frozen, group, levels

warnings.simplefilter("ignore")
with frozen("lbp.txt", np, skimage) as f:
    for points, radius, method, grid, first in (8, 1, "uniform", 4, 0), (16, 2, "uniform", 3, 2), \
                                               (8, 1, "nri_uniform", 2, 4), \
                                               (12, 1.5, "nri_uniform", 1, 6), \
                                               (24, 3, "uniform", 5, 8):
        bins = points + 2 if method == "uniform" else points * (points - 1) + 3
        values = []
        for x in levels(first, 2):
            codes = local_binary_pattern(x, points, radius, method).astype(int)
            cell = np.arange(28) * grid // 28
            counts = np.zeros((grid, grid, bins))
            np.add.at(counts, (cell[:, None], cell[None, :], codes), 1)
            values.append(counts / counts.sum(axis=2, keepdims=True))
        group(f, f"case lbp points={points} radius={radius} method={method} grid={grid}\n"
                 f"rows {first} 2\nnear 1e-6\nshape 1 {grid * grid * bins} 1", values)
