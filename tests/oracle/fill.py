#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fill.py - frozen numbers for fill: scipy.ndimage.binary_fill_holes; of which size holes are,
skimage.measure.label says."""
import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage import measure

from common import case, digits, frozen


def filled(image, size, connect, level=0.5):
    ink = image > np.float32(level)
    sides = None if connect == 8 else np.ones((3, 3))
    holes = ndimage.binary_fill_holes(ink, sides) & ~ink
    if size > 0:
        labels = measure.label(holes, connectivity=1 if connect == 8 else 2)
        holes &= np.bincount(labels.ravel())[labels] <= size
    return np.where(holes, 1, image)


with frozen("fill.txt", np, scipy, skimage) as f:
    case(f, "fill", 0, 1e-7, [filled(i, 0, 8) for i in digits(0, 8)])
    case(f, "fill level=0.97", 8, 1e-7, [filled(i, 0, 8, 0.97) for i in digits(8, 6)])
    case(f, "fill size=2 level=0.97 connect=4", 14, 1e-7,
         [filled(i, 2, 4, 0.97) for i in digits(14, 6)])
    case(f, "fill size=6 connect=8 level=0.9", 20, 1e-7,
         [filled(i, 6, 8, 0.9) for i in digits(20, 6)])
