#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""blur.py - frozen numbers for blur: scipy.ndimage.gaussian_filter in double:
a sampled Gaussian, cut off at 4 sigma and divided by its sum, along both axes."""
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, MODES, case, digits, frozen


def blurred(images, sigma, mode):
    return [ndimage.gaussian_filter(i.astype(float), sigma, mode=mode, truncate=4)
            for i in images]


with frozen("blur.txt", np, scipy) as f:
    for sigma in 0.6, 1.7:
        case(f, f"blur sigma={sigma}", 0, 1e-6, blurred(digits(0, 2), sigma, "constant"))
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | blur sigma=4.2 border={border}", 2, 1e-6,
             blurred(digits(2, 4)[MIDDLE], 4.2, mode))
