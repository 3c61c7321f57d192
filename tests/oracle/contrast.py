#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""contrast.py - frozen numbers for contrast: numpy.percentile with skimage.exposure.
rescale_intensity; adjust_gamma; equalize_hist, scaled so that its lowest value is
0, which OpenCV's equalizeHist must agree with before anything is written."""
import cv2
import numpy as np
import skimage
from skimage import exposure

from common import MIDDLE, case, frozen, levels


def stretched(image, low, high):
    a = image / 255
    ends = tuple(np.percentile(a, (low, high)))
    return exposure.rescale_intensity(a, in_range=ends, out_range=(0, 1))


def equalized(image):
    share = exposure.equalize_hist(image, nbins=256)
    even = (share - share.min()) / (1 - share.min())
    assert np.abs(even - cv2.equalizeHist(image) / 255).max() < 0.51 / 255
    return even


with frozen("contrast.txt", np, skimage, cv2) as f:
    # The middle of an image has little paper.
    case(f, "crop margin=8 | contrast", 0, "1e-6",
         [stretched(i, 0, 100) for i in levels(0, 8)[MIDDLE]])
    case(f, "crop margin=8 | contrast low=30 high=75", 8, "1e-6",
         [stretched(i, 30, 75) for i in levels(8, 8)[MIDDLE]])
    case(f, "contrast high=93.5", 16, "1e-6", [stretched(i, 0, 93.5) for i in levels(16, 4)])
    case(f, "contrast method=gamma", 20, "1e-6",
         [exposure.adjust_gamma(i / 255, 0.5) for i in levels(20, 3)])
    case(f, "contrast method=gamma gamma=2.2", 23, "1e-6",
         [exposure.adjust_gamma(i / 255, 2.2) for i in levels(23, 3)])
    case(f, "contrast method=equalize", 26, "1e-6", [equalized(i) for i in levels(26, 6)])
