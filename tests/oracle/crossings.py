#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""crossings.py - frozen numbers for crossings: SciPy's label() numbers the runs of each line."""
import numpy as np
import scipy
from scipy.ndimage import label

from common import digits, frozen, group

with frozen("crossings.txt", np, scipy) as f:
    for level, bottom, first in (0.5, 0, 0), (0.1, 0, 4), (0.8, 10, 8):
        values = []
        for x in digits(first, 4):
            ink = x[:28 - bottom] > np.float32(level)
            values.append(np.array([label(line)[1] for line in [*ink, *ink.T]]))
        group(f, f"case crop bottom={bottom} | crossings level={level}\nrows {first} 4\nnear 1e-6\n"
                 f"shape 1 {len(values[0])} 1", values)
