#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dog.py - frozen numbers for dog: skimage.filters.difference_of_gaussians."""
import numpy as np
import skimage
from skimage.filters import difference_of_gaussians

from common import MIDDLE, MODES, case, digits, frozen


def dog(image, low, high, mode="constant"):
    return difference_of_gaussians(image.astype(float), low, high, mode=mode)


with frozen("dog.txt", np, skimage) as f:
    case(f, "dog", 0, 1e-6, [dog(i, 1, None) for i in digits(0, 2)])
    case(f, "dog low=0 high=3 negative=flip", 2, 1e-6, [abs(dog(i, 0, 3)) for i in digits(2, 2)])
    case(f, "dog low=0.6 high=9 negative=drop", 4, 1e-6,
         [np.maximum(dog(i, 0.6, 9), 0) for i in digits(4, 1)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | dog low=0.8 high=2 border={border}", 5, 1e-6,
             [dog(i, 0.8, 2, mode) for i in digits(5, 2)[MIDDLE]])
