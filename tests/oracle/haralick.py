#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""haralick.py - frozen numbers for haralick: scikit-image's graycomatrix() and graycoprops();
what these have not, by Haralick's formulas, which must agree with them where they have it."""
import numpy as np
import skimage
from skimage.feature import graycomatrix, graycoprops

from common import digits, frozen, group

ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]


def log(p):
    return np.log(np.where(p > 0, p, 1))


def measures(p):
    n = len(p)
    i, j = np.indices(p.shape)
    sums = np.array([p[i + j == k].sum() for k in range(2 * n - 1)])
    gaps = np.array([p[abs(i - j) == k].sum() for k in range(n)])
    px, k, ks = p.sum(axis=1), np.arange(n), np.arange(2 * n - 1)
    mean = px @ k
    variance = px @ (k - mean) ** 2
    h, hx = -(p * log(p)).sum(), -(px * log(px)).sum()
    outer = np.outer(px, px)
    hxy1, hxy2 = -(p * log(outer)).sum(), -(outer * log(outer)).sum()
    return np.array([
        (p ** 2).sum(), (p * (i - j) ** 2).sum(), ((p * i * j).sum() - mean ** 2) / variance,
        variance, (p / (1 + (i - j) ** 2)).sum(), sums @ ks, sums @ (ks - sums @ ks) ** 2,
        -(sums * log(sums)).sum() / np.log(2), h / np.log(2), gaps @ (k - gaps @ k) ** 2,
        -(gaps * log(gaps)).sum() / np.log(2), (h - hxy1) / hx,
        np.sqrt(1 - np.exp(-2 * (hxy2 - h)))])


with frozen("haralick.txt", np, skimage) as f:
    for levels, distance, each, first in (8, 1, False, 0), (4, 2, True, 6), (32, 1, True, 9), \
                                         (2, 3, False, 12):
        values = []
        for x in digits(first, 6 if not each else 3):
            grey = np.minimum((x * np.float32(levels)).astype(np.uint8), levels - 1)
            v = []
            for angle in ANGLES:
                # Its diagonals are rounded to pixels that are as far off along each axis.
                far = distance * (np.sqrt(2) if angle % (np.pi / 2) else 1)
                table = graycomatrix(grey, [far], [angle], levels, symmetric=True, normed=True)
                v.append(measures(table[:, :, 0, 0]))
                peer = [graycoprops(table, name)[0, 0] for name in
                        ("ASM", "contrast", "correlation", "homogeneity")]
                assert np.allclose(v[-1][[0, 1, 2, 4]], peer)
            values.append(np.concatenate(v) if each else np.mean(v, axis=0))
        group(f, f"case haralick levels={levels} distance={distance} each={'yes' if each else 'no'}\n"
                 f"rows {first} {len(values)}\nnear 2e-6\nshape 1 {len(values[0])} 1", values)
