#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""canny.py - frozen numbers for canny: cv2.Canny, also of blurred digits, whose gradients have
all directions."""
import cv2
import numpy as np

from common import MIDDLE, case, frozen, levels


def edges(images, low, high, l2=False):
    return [cv2.Canny(np.ascontiguousarray(i), low, high, L2gradient=l2) / 255 for i in images]


with frozen("canny.txt", np, cv2) as f:
    case(f, "canny", 0, 0, edges(levels(0, 6), 100, 200))
    case(f, "canny low=300 high=700", 6, 0, edges(levels(6, 6), 300, 700))
    case(f, "canny low=200 high=400 norm=l2", 12, 0, edges(levels(12, 6), 200, 400, True))
    case(f, "crop margin=8 | canny low=50 high=300", 18, 0, edges(levels(18, 6)[MIDDLE], 50, 300))
    case(f, "pad margin=8 | morphology op=dilate radius=2 | median radius=2 | canny low=20 high=90",
         24, 0, edges([cv2.medianBlur(cv2.dilate(np.pad(i, 8), np.ones((5, 5))), 5)
                       for i in levels(24, 2)], 20, 90))
