#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""edge.py - frozen numbers for edge: skimage.filters.sobel, prewitt and scharr:
the root mean square of the two derivatives."""
import numpy as np
import skimage
from skimage import filters

from common import MIDDLE, MODES, case, digits, frozen

OPS = {"sobel": filters.sobel, "prewitt": filters.prewitt, "scharr": filters.scharr}

with frozen("edge.txt", np, skimage) as f:
    for name, op in OPS.items():
        case(f, f"edge op={name} border=reflect", 0, 1e-6,
             [op(i.astype(float)) for i in digits(0, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | edge border={border}", 2, 1e-6,
             [filters.sobel(i.astype(float), mode=mode) for i in digits(2, 4)[MIDDLE]])
