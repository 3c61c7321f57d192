#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""deskew.py - frozen numbers for deskew: moments by numpy and the shear by
scipy.ndimage.affine_transform, both in double; and OpenCV's digits.py as it is,
which rounds its interpolation to 1/32 px (hence half of that as tolerance)."""
import cv2
import numpy as np
import scipy
from scipy import ndimage

from common import SIDE, case, digits, frozen


def by_scipy(image, origin):
    a = image.astype(float)
    y, x = np.mgrid[:SIDE, :SIDE]
    mx, my = (a * x).sum() / a.sum(), (a * y).sum() / a.sum()
    slant = (a * (x - mx) * (y - my)).sum() / (a * (y - my) ** 2).sum()
    fixed = my if origin == "mass" else SIDE / 2
    return ndimage.affine_transform(
        a, [[1, 0], [slant, 1]], offset=[0, -slant * fixed], order=1, mode="grid-constant"
    )


def by_opencv(image):
    m = cv2.moments(image)
    skew = m["mu11"] / m["mu02"]
    matrix = np.float32([[1, skew, -0.5 * SIDE * skew], [0, 1, 0]])
    return cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    )


with frozen("deskew.txt", np, scipy, cv2) as f:
    case(f, "deskew", 0, 1e-5, [by_scipy(i, "center") for i in digits(0, 10)])
    case(f, "deskew origin=mass", 10, 1e-5, [by_scipy(i, "mass") for i in digits(10, 6)])
    case(f, "deskew", 16, 0.017, [by_opencv(i) for i in digits(16, 6)])
