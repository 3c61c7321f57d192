#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""distance.py - frozen numbers for distance: scipy.ndimage.distance_transform_edt, divided by
`most` and cut at 1."""
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, case, digits, frozen


def far(image, to, most, level=0.5):
    ink = image > np.float32(level)
    return np.minimum(ndimage.distance_transform_edt(ink if to == "paper" else ~ink) / most, 1)


with frozen("distance.txt", np, scipy) as f:
    case(f, "distance", 0, 1e-6, [far(i, "paper", 8) for i in digits(0, 3)])
    case(f, "distance to=ink most=100", 6, 1e-6, [far(i, "ink", 100) for i in digits(6, 2)])
    case(f, "distance to=ink most=3 level=0", 12, 1e-6,
         [far(i, "ink", 3, 0) for i in digits(12, 1)])
    case(f, "crop margin=8 | distance most=20 level=0.2", 14, 1e-6,
         [far(i, "paper", 20, 0.2) for i in digits(14, 4)[MIDDLE]])
    case(f, "invert | distance most=30", 18, 1e-6,
         [far(1 - i, "paper", 30) for i in digits(18, 1)])
    case(f, "pad margin=16 | distance to=ink most=60", 21, 1e-6,
         [far(np.pad(i, 16), "ink", 60) for i in digits(21, 1)])
