#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""thickness.py - frozen numbers for thickness: cv2.ximgproc.thinning (Guo and Hall) in a margin
of paper, then a pen by scipy.ndimage.distance_transform_edt."""
import cv2
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, case, digits, frozen


def redraw(image, width, level=0.5):
    ink = np.pad(image > np.float32(level), 1).astype(np.uint8) * 255
    lines = cv2.ximgproc.thinning(ink, thinningType=cv2.ximgproc.THINNING_GUOHALL)[1:-1, 1:-1]
    return np.clip(width / 2 + 0.5 - ndimage.distance_transform_edt(lines == 0), 0, 1)


with frozen("thickness.txt", np, cv2, scipy) as f:
    case(f, "thickness", 0, 1e-6, [redraw(i, 3) for i in digits(0, 4)])
    case(f, "thickness width=4.3 level=0.1", 4, 1e-6, [redraw(i, 4.3, 0.1) for i in digits(4, 4)])
    case(f, "thickness width=1", 8, 1e-6, [redraw(i, 1) for i in digits(8, 2)])
    case(f, "crop margin=8 | thickness width=12", 10, 1e-6,
         [redraw(i, 12) for i in digits(10, 3)[MIDDLE]])
