#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""threshold.py - frozen numbers for threshold: skimage.filters.threshold_otsu, which
OpenCV's THRESH_OTSU must agree with before anything is written; a given level by
comparison with it."""
import cv2
import numpy as np
import skimage
from skimage.filters import threshold_otsu

from common import case, frozen, levels


def otsu(image, keep):
    ink = image > threshold_otsu(image)
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    assert (ink == (image > level)).all()
    return np.where(ink, image / 255 if keep else 1, 0)


with frozen("threshold.txt", np, skimage, cv2) as f:
    case(f, "threshold method=otsu", 0, "1e-6", [otsu(i, False) for i in levels(0, 30)])
    case(f, "threshold method=otsu keep=yes", 30, "1e-6", [otsu(i, True) for i in levels(30, 8)])
    case(f, "threshold level=0.25", 38, "1e-6", [(i / 255 > 0.25) * 1 for i in levels(38, 8)])
