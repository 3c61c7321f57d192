#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""profile.py - frozen numbers for profile: argmax of NumPy finds the first ink of each line."""
import numpy as np

from common import digits, frozen, group


def before(ink):
    """Of each row, the share that lies before its first ink."""
    n = ink.shape[1]
    return np.where(ink.any(axis=1), ink.argmax(axis=1), n) / n


with frozen("profile.txt", np) as f:
    for level, bottom, first in (0.5, 0, 0), (0.2, 0, 3), (0.9, 8, 6):
        values = []
        for x in digits(first, 3):
            ink = x[:28 - bottom] > np.float32(level)
            values.append(np.concatenate([before(ink), before(ink[:, ::-1]),
                                          before(ink.T), before(ink.T[:, ::-1])]))
        group(f, f"case crop bottom={bottom} | profile level={level}\nrows {first} 3\nnear 1e-6\n"
                 f"shape 1 {len(values[0])} 1", values)
