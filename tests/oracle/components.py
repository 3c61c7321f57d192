#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""components.py - frozen numbers for components: skimage.measure.label, with which scipy.ndimage's
must agree before anything is written.  Digits are sharpened by a high threshold, so that they
fall into parts."""
import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage import measure

from common import case, digits, frozen


def kept(image, keep, size, connect, level):
    """In reading order of their first pixels, as labels are; sorted() keeps that among equals."""
    labels = measure.label(image > np.float32(level), connectivity=1 if connect == 4 else 2)
    other, n = ndimage.label(image > np.float32(level), np.ones((3, 3)) if connect == 8 else None)
    assert labels.max() == n and (labels == other).all()
    area = np.bincount(labels.ravel())
    large = [k for k in range(1, n + 1) if area[k] >= size]
    if keep > 0:
        large = sorted(large, key=lambda k: -area[k])[:keep]
    return np.where((image <= np.float32(level)) | np.isin(labels, large), image, 0)


with frozen("components.txt", np, scipy, skimage) as f:
    for keep, size, connect in (1, 1, 8), (2, 1, 4), (0, 3, 4), (3, 4, 8):
        case(f, f"threshold level=0.97 keep=yes | components keep={keep} size={size} "
             f"connect={connect}", 10 * keep, 1e-7,
             [kept(np.where(i > np.float32(0.97), i, 0), keep, size, connect, 0)
              for i in digits(10 * keep, 4)])
    case(f, "components keep=1 level=0.99", 40, 1e-7,
         [kept(i, 1, 1, 8, 0.99) for i in digits(40, 3)])
