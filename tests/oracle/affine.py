#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""affine.py - frozen numbers for affine: scipy.ndimage.affine_transform, skimage.transform.warp for cubic."""
import numpy as np
import scipy
import skimage

from common import MIDDLE, case, digits, frozen
from warped import warped

with frozen("affine.txt", np, scipy, skimage) as f:
    for first, xx, xy, yx, yy, x, y, kernel in (
            (0, 1.3, 0.2, -0.1, 0.8, 1, -2, "linear"), (2, -0.9, 0, 0.4, 1.7, 0, 0, "nearest"),
            (4, 0.7, 0.5, 0, 1.2, -1.25, 0, "cubic")):
        matrix = np.array([[yy, yx], [xy, xx]])
        line = f"affine xx={xx} xy={xy} yx={yx} yy={yy} x={x} y={y} kernel={kernel}"
        case(f, line, first, 2e-6, [warped(i, matrix, (y, x), kernel) for i in digits(first, 2)])
        case(f, f"crop margin=8 | {line}", first, 2e-6,
             [warped(i, matrix, (y, x), kernel) for i in digits(first, 3)[MIDDLE]])
