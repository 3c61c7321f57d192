#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dct.py - frozen numbers for dct: SciPy's dctn(norm="ortho"), in the zigzag of JPEG."""
import numpy as np
import scipy
from scipy.fft import dctn

from common import digits, frozen, group


def zigzag(h, w):
    """By diagonals, which are walked downwards and upwards in turn."""
    return sorted(np.ndindex(h, w), key=lambda p: (sum(p), p[0] if sum(p) % 2 else -p[0]))


with frozen("dct.txt", np, scipy) as f:
    for keep, bottom, first in (64, 0, 0), (10, 20, 3), (476, 11, 6), (224, 20, 9):
        values = []
        for x in digits(first, 3).astype(float):
            c = dctn(x[:28 - bottom], norm="ortho")
            values.append(np.array([c[p] for p in zigzag(*c.shape)[:keep]]))
        group(f, f"case crop bottom={bottom} | dct keep={keep}\nrows {first} 3\nnear 2e-6\n"
                 f"shape 1 {keep} 1", values)
