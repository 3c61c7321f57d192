#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""center.py - frozen numbers for center: scipy.ndimage.center_of_mass and shift,
by floor(shift + 1/2) for whole pixels, to the middle ((h - 1) / 2, (w - 1) / 2).
MNIST's digits are centred already, so each is first cut off at the top left by
crop, which leaves it off the middle."""
import numpy as np
import scipy
from scipy import ndimage

from common import case, digits, frozen


def centred(image, whole):
    a = image.astype(float)
    shift = (np.array(a.shape) - 1) / 2 - ndimage.center_of_mass(a)
    if whole:
        shift = np.floor(shift + 0.5)
    return ndimage.shift(a, shift, order=1, mode="grid-constant")


with frozen("center.txt", np, scipy) as f:
    case(f, "center method=linear", 0, 1e-5, [centred(i, False) for i in digits(0, 6)])
    off = digits(6, 12)[:, 3:, 5:]
    case(f, "crop top=3 left=5 | center", 6, 1e-6, [centred(i, True) for i in off[:6]])
    case(f, "crop top=3 left=5 | center method=linear", 12, 1e-5,
         [centred(i, False) for i in off[6:]])
