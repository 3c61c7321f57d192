#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""shift.py - frozen numbers for shift: scipy.ndimage.shift, which warped.py must agree with
before anything is written, skimage.transform.warp for cubic."""
import numpy as np
import scipy
import skimage
from scipy import ndimage

from common import MIDDLE, case, digits, frozen
from warped import warped


def move(image, x, y, kernel):
    out = warped(image, np.eye(2), (y, x), kernel)
    if kernel != "cubic":
        peer = ndimage.shift(image.astype(float), (y, x), mode="grid-constant",
                             order=("nearest", "linear").index(kernel))
        assert abs(peer - out).max() < 1e-9
    return out


with frozen("shift.txt", np, scipy, skimage) as f:
    for first, x, y, kernel in ((0, 2.25, -1.6, "linear"), (2, -3.4, 0.7, "nearest"),
                                (4, 0.3, 1.5, "cubic"), (6, 4, -7, "linear")):
        case(f, f"shift x={x} y={y} kernel={kernel}", first, 2e-6,
             [move(i, x, y, kernel) for i in digits(first, 2)])
        case(f, f"crop margin=8 | shift x={x} y={y} kernel={kernel}", first, 2e-6,
             [move(i, x, y, kernel) for i in digits(first, 3)[MIDDLE]])
