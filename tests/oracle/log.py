#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""log.py - frozen numbers for log: scipy.ndimage.gaussian_laplace times -sigma^2."""
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, MODES, case, digits, frozen


def log(image, sigma, mode="constant"):
    return -sigma**2 * ndimage.gaussian_laplace(image.astype(float), sigma, mode=mode)


with frozen("log.txt", np, scipy) as f:
    case(f, "log", 0, 1e-6, [log(i, 1) for i in digits(0, 2)])
    case(f, "log sigma=2.5 negative=flip", 2, 1e-6, [abs(log(i, 2.5)) for i in digits(2, 2)])
    case(f, "log sigma=0.4 negative=drop", 4, 1e-6, [np.maximum(log(i, 0.4), 0) for i in digits(4, 1)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | log sigma=1.7 border={border}", 5, 1e-6,
             [log(i, 1.7, mode) for i in digits(5, 2)[MIDDLE]])
