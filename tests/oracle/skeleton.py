#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""skeleton.py - frozen numbers for skeleton: cv2.ximgproc.thinning in an image with a margin
of paper."""
import cv2
import numpy as np

from common import MIDDLE, case, digits, frozen

METHODS = {"zhang-suen": cv2.ximgproc.THINNING_ZHANGSUEN,
           "guo-hall": cv2.ximgproc.THINNING_GUOHALL}


def thin(image, method, level):
    ink = np.pad(image > np.float32(level), 1)
    lines = cv2.ximgproc.thinning(ink.astype(np.uint8) * 255, thinningType=METHODS[method]) > 0
    return lines[1:-1, 1:-1].astype(int)


def enlarged(image, h, w):
    return image[np.ix_(((np.arange(h) + 0.5) * 28 / h).astype(int),
                        ((np.arange(w) + 0.5) * 28 / w).astype(int))]


with frozen("skeleton.txt", np, cv2) as f:
    for method in METHODS:
        case(f, f"skeleton method={method}", 0, 0, [thin(i, method, 0.5) for i in digits(0, 12)])
        case(f, f"morphology op=dilate radius=3 shape=disc | skeleton method={method} level=0.2",
             12, 0, [thin(cv2.dilate(i, np.uint8(np.hypot(*np.mgrid[-3:4, -3:4]) <= 3)), method,
                          0.2) for i in digits(12, 4)])
        case(f, f"crop margin=8 | skeleton method={method} level=0.3", 16, 0,
             [thin(i, method, 0.3) for i in digits(16, 8)[MIDDLE]])
        case(f, f"resize width=75 height=60 kernel=nearest | skeleton method={method}", 24, 0,
             [thin(enlarged(i, 60, 75), method, 0.5) for i in digits(24, 2)])
