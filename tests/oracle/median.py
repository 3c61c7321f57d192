#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""median.py - frozen numbers for median: scipy.ndimage.median_filter over a square
of 2 radius + 1 pixels."""
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, MODES, case, digits, frozen

with frozen("median.txt", np, scipy) as f:
    for radius in 1, 2, 3:
        case(f, f"median radius={radius}", 0, 1e-7,
             [ndimage.median_filter(i, 2 * radius + 1, mode="constant") for i in digits(0, 3)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | median radius=4 border={border}", 3, 1e-7,
             [ndimage.median_filter(i, 9, mode=mode) for i in digits(3, 4)[MIDDLE]])
