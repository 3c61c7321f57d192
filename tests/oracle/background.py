#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""background.py - frozen numbers for background: scipy.ndimage's ranks and means of windows, of which
what lies outside the image is NaN, and so left out."""
import numpy as np
import scipy
from scipy import ndimage

from common import MIDDLE, case, digits, frozen


def flat(images, radius, share):
    size, out = 2 * radius + 1, []

    def rank(v):
        v = np.sort(v[~np.isnan(v)])
        return v[int(share * (len(v) - 1))]

    for x in images.astype(float):
        grey = np.round(x * 255) / 255
        paper = ndimage.generic_filter(grey, rank, size, mode="constant", cval=np.nan)
        paper = ndimage.generic_filter(paper, np.nanmean, size, mode="constant", cval=np.nan)
        light = 1 - paper
        out.append(np.where(light < 0.5 / 255, 0, np.clip((x - paper) / np.maximum(light, 1e-9), 0,
                                                          1)))
    return out


with frozen("background.txt", np, scipy) as f:
    case(f, "background", 0, 1e-5, flat(digits(0, 2), 7, 0.3))
    case(f, "background radius=2 share=0.5", 2, 1e-5, flat(digits(2, 2), 2, 0.5))
    case(f, "background radius=1 share=1", 4, 1e-5, flat(digits(4, 2), 1, 1))
    case(f, "crop margin=8 | background radius=3 share=0.2", 6, 1e-5,
         flat(digits(6, 4)[MIDDLE], 3, 0.2))
    case(f, "crop margin=8 | background radius=40 share=0.6", 10, 1e-5,
         flat(digits(10, 2)[MIDDLE], 40, 0.6))
