#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""morphology.py - frozen numbers for morphology: cv2.morphologyEx with its default
border, which scipy.ndimage (mode reflect) must agree with before anything is written."""
import cv2
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, case, digits, frozen

OPS = {
    "dilate": (cv2.MORPH_DILATE, ndimage.grey_dilation),
    "erode": (cv2.MORPH_ERODE, ndimage.grey_erosion),
    "open": (cv2.MORPH_OPEN, ndimage.grey_opening),
    "close": (cv2.MORPH_CLOSE, ndimage.grey_closing),
    "gradient": (cv2.MORPH_GRADIENT, ndimage.morphological_gradient),
    "tophat": (cv2.MORPH_TOPHAT, ndimage.white_tophat),
    "blackhat": (cv2.MORPH_BLACKHAT, ndimage.black_tophat),
}


def window(shape, r):
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    inside = {"square": x == x, "cross": (x == 0) | (y == 0), "disc": x * x + y * y <= r * r}
    return inside[shape].astype(np.uint8)


def morph(images, op, shape, r):
    number, peer = OPS[op]
    w = window(shape, r)
    out = [cv2.morphologyEx(i, number, w) for i in images]
    for i, o in zip(images, out):
        assert (peer(i, footprint=w == 1, mode="reflect") == o).all()
    return out


with frozen("morphology.txt", np, scipy, cv2) as f:
    for op in OPS:
        case(f, f"morphology op={op} shape=disc radius=2", 0, 4e-7,
             morph(digits(0, 1), op, "disc", 2))
    for op in OPS:
        for shape, r in ("square", 1), ("cross", 3), ("disc", 5):
            case(f, f"crop margin=8 | morphology op={op} shape={shape} radius={r}", 1, 4e-7,
                 morph(digits(1, 2)[MIDDLE], op, shape, r))
