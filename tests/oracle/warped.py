# SPDX-License-Identifier: GPL-3.0-or-later
"""warped.py - images moved by scipy.ndimage.affine_transform, for cubic by skimage.transform.warp:
what the generators of rotate, shift and affine share."""
import numpy as np
from scipy import ndimage
from skimage import transform


def warped(image, matrix, shift, kernel):
    """`matrix` and `shift` say where ink goes, about the centre, in the order y, x."""
    inverse = np.linalg.inv(matrix)
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - inverse @ (centre + shift)
    if kernel != "cubic":
        return ndimage.affine_transform(image.astype(float), inverse, offset, mode="grid-constant",
                                        order=("nearest", "linear").index(kernel))
    map_xy = np.eye(3)
    map_xy[:2, :2], map_xy[:2, 2] = inverse[::-1, ::-1], offset[::-1]
    return np.clip(transform.warp(image.astype(float), map_xy, order=3, clip=False), 0, 1)
