#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""threshold.py - frozen numbers for threshold: skimage.filters.threshold_*, with which OpenCV's
THRESH_OTSU must agree before anything is written, and its Niblack and Sauvola inside the image;
a given level by comparison with it."""
import cv2
import numpy as np
import skimage
from skimage import filters

from common import MIDDLE, case, frozen, levels


def take(image, ink, keep):
    return np.where(ink, image / 255 if keep else 1, 0)


def otsu(image, keep):
    ink = image > filters.threshold_otsu(image)
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    assert (ink == (image > level)).all()
    return take(image, ink, keep)


def whole(image, method, keep=False):
    return take(image, image > getattr(filters, "threshold_" + method)(image), keep)


def local(image, method, radius, k, keep=False):
    """OpenCV rounds the levels that it finds, and repeats the edge where others mirror."""
    light, side = 255 - image, 2 * radius + 1
    if method == "niblack":
        at = filters.threshold_niblack(light.astype(float), side, k)
        ink, peer, sign = light < at, cv2.ximgproc.BINARIZATION_NIBLACK, -1
    else:
        at = filters.threshold_sauvola(light.astype(float), side, k, r=128)
        ink, peer, sign = light <= at, cv2.ximgproc.BINARIZATION_SAUVOLA, 1
    if min(image.shape) > side:
        inside = np.s_[radius:-radius, radius:-radius]
        other = cv2.ximgproc.niBlackThreshold(light, 255, cv2.THRESH_BINARY_INV, side, sign * k,
                                              binarizationMethod=peer, r=128) > 0
        assert ((ink == other) | (abs(light - at) < 0.5))[inside].all()
    return take(image, ink, keep)


with frozen("threshold.txt", np, skimage, cv2) as f:
    case(f, "threshold method=otsu", 0, "1e-6", [otsu(i, False) for i in levels(0, 30)])
    case(f, "threshold method=otsu keep=yes", 30, "1e-6", [otsu(i, True) for i in levels(30, 8)])
    case(f, "threshold level=0.25", 38, "1e-6", [(i / 255 > 0.25) * 1 for i in levels(38, 8)])
    for method in "li", "triangle":
        case(f, f"threshold method={method}", 46, 0, [whole(i, method) for i in levels(46, 5)])
        case(f, f"invert | crop margin=8 | threshold method={method}", 56, 0,
             [whole(255 - i, method) for i in levels(56, 4)[MIDDLE]])
    for method in "niblack", "sauvola":
        case(f, f"threshold method={method}", 62, 0,
             [local(i, method, 7, 0.2) for i in levels(62, 3)])
        case(f, f"threshold method={method} radius=3 k=0.5 keep=yes", 68, 1e-6,
             [local(i, method, 3, 0.5, True) for i in levels(68, 2)])
        case(f, f"crop margin=8 | threshold method={method} radius=20 k=0.1", 72, 0,
             [local(i, method, 20, 0.1) for i in levels(72, 4)[MIDDLE]])
