#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoints.py - frozen numbers for endpoints: what lies around a pixel by SciPy's
generic_filter(), the crossing number by the differences around it."""
import numpy as np
import scipy
from scipy.ndimage import generic_filter

from common import digits, frozen, group

AROUND = [5, 2, 1, 0, 3, 6, 7, 8]  # against the clock, of the 3 x 3 pixels in order


def kind(v):
    ring = v[AROUND]
    crossings = np.abs(ring - np.roll(ring, 1)).sum() / 2
    return 0 if not v[4] else 3 if not ring.any() else {1: 1, 3: 2, 4: 2}.get(crossings, 0)


with frozen("endpoints.txt", np, scipy) as f:
    # No skeletons: areas, too, have every kind of pixel, the more the higher the level.
    for grid, level, first in (1, 0.5, 0), (3, 0.95, 10), (4, 0.99, 20):
        values = []
        for x in digits(first, 10):
            what = generic_filter((x > np.float32(level)).astype(float), kind, 3, mode="constant")
            cell = np.arange(28) * grid // 28
            v = np.zeros((grid, grid, 4))
            np.add.at(v, (cell[:, None], cell[None, :], what.astype(int)), 1)
            values.append(v[:, :, 1:])
        group(f, f"case endpoints grid={grid} level={level}\nrows {first} 10\nnear 1e-6\n"
                 f"shape 1 {3 * grid * grid} 1", values)
