#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nlmeans.py - frozen numbers for nlmeans: the weighted mean in double; OpenCV's
fastNlMeansDenoising, which rounds to levels, must agree within two of them before anything is
written, where weights below 1/1000 are dropped as it does."""
import cv2
import numpy as np

from common import MIDDLE, case, digits, frozen


def smooth(image, h=0.2, patch=1, window=5):
    rows, cols = image.shape
    side, margin = 2 * patch + 1, patch + window
    page = np.pad(image.astype(float), margin, mode="reflect")
    patches = np.lib.stride_tricks.sliding_window_view(page, (side, side))
    out, dropped = np.zeros(image.shape), np.zeros(image.shape)
    for y, x in np.ndindex(rows, cols):
        there = patches[y : y + 2 * window + 1, x : x + 2 * window + 1]
        here = patches[y + window, x + window]
        weights = np.exp(-((there - here) ** 2).mean((2, 3)) / h**2)
        out[y, x] = np.average(there[:, :, patch, patch], weights=weights)
        dropped[y, x] = np.average(there[:, :, patch, patch], weights=weights * (weights > 0.001))
    peer = cv2.fastNlMeansDenoising(np.rint(255 * image).astype(np.uint8), None, 255 * h, side,
                                    2 * window + 1)
    assert abs(peer - 255 * dropped).max() <= 2
    return out


with frozen("nlmeans.txt", np, cv2) as f:
    case(f, "nlmeans", 0, 2e-6, [smooth(i) for i in digits(0, 2)])
    case(f, "nlmeans h=0.5 patch=2 window=4", 2, 2e-6, [smooth(i, 0.5, 2, 4) for i in digits(2, 2)])
    case(f, "nlmeans h=0.1 patch=0 window=2", 4, 2e-6, [smooth(i, 0.1, 0, 2) for i in digits(4, 1)])
    case(f, "crop margin=8 | nlmeans h=0.3 patch=3 window=7", 5, 2e-6,
         [smooth(i, 0.3, 3, 7) for i in digits(5, 2)[MIDDLE]])
