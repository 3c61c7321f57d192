#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""orient.py - frozen numbers for orient: numpy's transpose, fliplr, flipud and rot90, which
counts quarter turns against the clock."""
import numpy as np

from common import case, digits, frozen

CASES = [  # parameters, what numpy does
    ("transpose=yes", np.transpose),
    ("flip=horizontal", np.fliplr),
    ("flip=vertical", np.flipud),
    ("turn=90", lambda x: np.rot90(x, 3)),
    ("turn=180", lambda x: np.rot90(x, 2)),
    ("turn=270", np.rot90),
    ("transpose=yes flip=vertical turn=90", lambda x: np.rot90(np.flipud(x.T), 3)),
]

with frozen("orient.txt", np) as f:
    for first, (text, way) in enumerate(CASES):
        # Two rows less than columns, so that the axes are told apart.
        image = digits(first, 1)[0][:-2]
        case(f, f"crop bottom=2 | orient {text}", first, 1e-7, [way(image)])
