#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""projections.py - frozen numbers for projections: NumPy's sum and trace."""
import numpy as np

from common import digits, frozen, group


def diagonals(x):
    h, w = x.shape
    return [np.trace(x, k) for k in range(1 - h, w)]


def rising(x):
    return diagonals(np.fliplr(x))[::-1]


with frozen("projections.txt", np) as f:
    for text, crop, first in ("", "", 0), (" diagonals=yes", "", 3), (" diagonals=yes", "bottom=9", 6):
        values = []
        for x in digits(first, 3).astype(float):
            x = x[:-9] if crop else x
            v = [*x.sum(axis=1), *x.sum(axis=0)]
            values.append(np.array(v + diagonals(x) + rising(x) if text else v))
        before = f"crop {crop} | " if crop else ""
        group(f, f"case {before}projections{text}\nrows {first} 3\nnear 1e-6\n"
                 f"shape 1 {len(values[0])} 1", values)
