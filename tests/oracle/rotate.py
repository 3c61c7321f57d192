#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""rotate.py - frozen numbers for rotate: scipy.ndimage.affine_transform, skimage.transform.warp for cubic."""
import numpy as np
import scipy
import skimage

from common import MIDDLE, case, digits, frozen
from warped import warped


def turn(image, angle, kernel):
    a = np.radians(angle)
    return warped(image, np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]), 0, kernel)


with frozen("rotate.txt", np, scipy, skimage) as f:
    for first, angle, kernel in (0, 15, "linear"), (2, -77.5, "nearest"), (4, 200, "cubic"):
        case(f, f"rotate angle={angle} kernel={kernel}", first, 2e-6,
             [turn(i, angle, kernel) for i in digits(first, 2)])
        case(f, f"crop margin=8 | rotate angle={angle} kernel={kernel}", first, 2e-6,
             [turn(i, angle, kernel) for i in digits(first, 3)[MIDDLE]])
