#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hu.py - frozen numbers for hu: scikit-image's moments_hu(), OpenCV's HuMoments()."""
import cv2
import numpy as np
import skimage
from skimage.measure import moments_central, moments_hu, moments_normalized

from common import digits, frozen, group

with frozen("hu.txt", np, cv2, skimage) as f:
    for log, peer, first in ("yes", "scikit-image", 0), ("no", "scikit-image", 12), \
                            ("yes", "OpenCV", 24), ("no", "OpenCV", 36):
        values = []
        for x in digits(first, 12).astype(float):
            v = (moments_hu(moments_normalized(moments_central(x))) if peer == "scikit-image" else
                 cv2.HuMoments(cv2.moments(x)).ravel())
            if peer == "scikit-image":
                v[6] = -v[6]  # its axes are y and x: a mirror
            values.append(-np.sign(v) * np.log10(np.abs(v)) if log == "yes" else v)
        group(f, f"# {peer}\ncase hu log={log}\nrows {first} 12\nnear 2e-6\nshape 1 7 1", values)
