#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sharpen.py - frozen numbers for sharpen: skimage.filters.unsharp_mask, whose
border is reflect; for the others its formula over scipy.ndimage.gaussian_filter."""
import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage import filters

from common import MIDDLE, MODES, case, digits, frozen


def unsharp(image, sigma, amount, mode):
    a = image.astype(float)
    return np.clip(a + amount * (a - ndimage.gaussian_filter(a, sigma, mode=mode)), 0, 1)


with frozen("sharpen.txt", np, scipy, skimage) as f:
    for sigma, amount in (1, 1), (2.5, 0.4):
        case(f, f"sharpen sigma={sigma} amount={amount} border=reflect", 0, 1e-6,
             [filters.unsharp_mask(i.astype(float), sigma, amount) for i in digits(0, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | sharpen sigma=1.3 amount=2 border={border}", 2, 2e-6,
             [unsharp(i, 1.3, 2, mode) for i in digits(2, 4)[MIDDLE]])
