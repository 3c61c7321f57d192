#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gabor.py - frozen numbers for gabor: skimage.filters.gabor."""
import numpy as np
import skimage
from skimage.filters import gabor

from common import MIDDLE, MODES, case, digits, frozen, group

PARTS = {"size": lambda z: np.hypot(*z), "even": lambda z: z[0], "odd": lambda z: z[1]}


def bank(image, wavelength=6, sigma=2.5, angle=0, count=4, part="size", mode="constant"):
    return np.stack([PARTS[part](gabor(image.astype(float), 1 / wavelength,
                                       np.radians(angle + 180 * k / count), sigma_x=sigma,
                                       sigma_y=sigma, mode=mode)) for k in range(count)], -1)


with frozen("gabor.txt", np, skimage) as f:
    group(f, "case   gabor\nrows   0 1\nnear   1e-6\nshape  28 28 4", [bank(i) for i in digits(0, 1)])
    for part in PARTS:
        case(f, f"gabor count=1 angle=-35 sigma=1.7 part={part} take=max", 1, 1e-6,
             [bank(i, angle=-35, count=1, sigma=1.7, part=part)[..., 0] for i in digits(1, 1)])
    case(f, "gabor count=8 angle=10 wavelength=9 part=even take=max", 2, 1e-6,
         [bank(i, 9, angle=10, count=8, part="even").max(-1) for i in digits(2, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | gabor count=3 take=max part=odd border={border}", 4, 1e-6,
             [bank(i, count=3, part="odd", mode=mode).max(-1) for i in digits(4, 2)[MIDDLE]])
