#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""haar.py - frozen numbers for haar: PyWavelets' wavedec2()."""
import numpy as np
import pywt

from common import digits, frozen, group

with frozen("haar.txt", np, pywt) as f:
    for levels, crop, first in (2, "", 0), (1, "bottom=10", 2), (3, "left=4 top=12", 4), (2, "left=8", 6):
        values = []
        for x in digits(first, 2).astype(float):
            x = {"": x, "bottom=10": x[:18], "left=4 top=12": x[12:, 4:], "left=8": x[:, 8:]}[crop]
            a, *details = pywt.wavedec2(x, "haar", level=levels)
            values.append(np.concatenate([a.ravel()] + [b.ravel() for d in details for b in d]))
        before = f"crop {crop} | " if crop else ""
        group(f, f"case {before}haar levels={levels}\nrows {first} 2\nnear 1e-6\n"
                 f"shape 1 {len(values[0])} 1", values)
