#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tamura.py - frozen numbers for tamura, which no library here has: Tamura's formulas, means of
squares by SciPy's uniform_filter(), gradients by its prewitt(), moments by scipy.stats."""
import numpy as np
import scipy
from scipy.ndimage import prewitt, uniform_filter
from scipy.stats import kurtosis

from common import digits, frozen, group


def coarseness(x, scales):
    m = 2 ** (scales + 1)
    x = np.pad(x, m)
    changes = []
    for k in range(1, scales + 1):
        a = uniform_filter(x, 2 ** k, mode="constant")  # from 2^(k-1) before to so much less 1 after
        s = 2 ** (k - 1)
        across = np.abs(np.roll(a, -s, 1) - np.roll(a, s, 1))
        down = np.abs(np.roll(a, -s, 0) - np.roll(a, s, 0))
        changes.append(np.maximum(across, down)[m:-m, m:-m])
    # Rounded, as the filter's running sums are not exact.
    return (2.0 ** (1 + np.argmax(np.round(changes, 9), axis=0))).mean()


def directionality(x, edge):
    dx, dy = (prewitt(x, a, mode="constant") for a in (1, 0))
    there = (np.abs(dx) + np.abs(dy)) / 2 >= edge
    bins = np.floor(np.arctan2(dy, dx)[there] / np.pi * 16 + 0.5).astype(int) % 16
    count = np.bincount(bins, minlength=16)
    far = np.abs(np.arange(16)[:, None] - np.flatnonzero(count == count.max())[None, :])
    return 1 - (count @ np.minimum(far, 16 - far) ** 2).min() / count.sum() / 64


with frozen("tamura.txt", np, scipy) as f:
    for scales, edge, bottom, first in (3, 0.05, 0, 0), (4, 0.5, 0, 10), (2, 1.1, 11, 20):
        values = []
        for x in digits(first, 10).astype(float):
            x = x[:28 - bottom]
            values.append(np.array([coarseness(x, scales),
                                    x.std() / kurtosis(x.ravel(), fisher=False) ** 0.25,
                                    directionality(x, edge)]))
        group(f, f"case crop bottom={bottom} | tamura scales={scales} edge={edge}\n"
                 f"rows {first} 10\nnear 1e-5\nshape 1 3 1", values)
