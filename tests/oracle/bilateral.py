#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bilateral.py - frozen numbers for bilateral: the weighted mean in double; cv2.bilateralFilter,
in single precision and with a table of weights, must agree before anything is written."""
import cv2
import numpy as np

from common import MIDDLE, case, digits, frozen

# border= as numpy.pad names it, and OpenCV.
MODES = {"zero": ("constant", cv2.BORDER_CONSTANT), "nearest": ("edge", cv2.BORDER_REPLICATE),
         "reflect": ("symmetric", cv2.BORDER_REFLECT), "mirror": ("reflect", cv2.BORDER_REFLECT_101)}


def smooth(image, tone=0.2, space=1.5, radius=3, border="zero"):
    mode, number = MODES[border]
    h, w = image.shape
    page = np.pad(image.astype(float), radius, mode=mode)
    total = sums = 0
    for i, j in np.ndindex(2 * radius + 1, 2 * radius + 1):
        far = (i - radius) ** 2 + (j - radius) ** 2
        if far > radius**2:
            continue
        there = page[i : i + h, j : j + w]
        weight = np.exp(-far / (2 * space**2) - (there - image) ** 2 / (2 * tone**2))
        total, sums = total + weight, sums + weight * there
    peer = cv2.bilateralFilter(np.ascontiguousarray(image), 2 * radius + 1, tone, space,
                               borderType=number)
    assert abs(sums / total - peer).max() < 1e-4
    return sums / total


with frozen("bilateral.txt", np, cv2) as f:
    case(f, "bilateral", 0, 2e-6, [smooth(i) for i in digits(0, 3)])
    case(f, "bilateral tone=0.7 space=4 radius=6", 3, 2e-6,
         [smooth(i, 0.7, 4, 6) for i in digits(3, 1)])
    case(f, "bilateral tone=0.05 space=0.5 radius=1", 4, 2e-6,
         [smooth(i, 0.05, 0.5, 1) for i in digits(4, 1)])
    for border in MODES:
        case(f, f"crop margin=8 | bilateral tone=0.4 border={border}", 5, 2e-6,
             [smooth(i, 0.4, border=border) for i in digits(5, 2)[MIDDLE]])
