#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""holes.py - frozen numbers for holes: scikit-image's label() and euler_number()."""
import numpy as np
import skimage
from skimage.measure import euler_number, label

from common import digits, frozen, group

with frozen("holes.txt", np, skimage) as f:
    # High levels break strokes; noise comes of the digits' difference from their neighbours.
    for near, level, first in (8, 0.5, 0), (4, 0.5, 40), (8, 0.9, 80), (4, 0.97, 120), (8, 0.02, 160):
        values = []
        for x in digits(first, 40):
            ink = np.pad(x > np.float32(level), 1)
            pieces = label(ink, connectivity=near // 4).max()
            number = euler_number(ink, connectivity=near // 4)
            values.append(np.array([pieces, pieces - number, number]))
        group(f, f"case holes level={level} connectivity={near}\nrows {first} 40\nnear 1e-6\n"
                 f"shape 1 3 1", values)
