#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""zernike.py - frozen numbers for zernike: the definition that mahotas' zernike_moments()
follows, with the radial polynomials as Jacobi polynomials of SciPy and the angle by arctan2."""
import numpy as np
import scipy
from scipy.ndimage import center_of_mass
from scipy.special import eval_jacobi

from common import digits, frozen, group


def radial(n, l, r):
    k = (n - l) // 2
    return (-1) ** k * r ** l * eval_jacobi(k, l, 0, 1 - 2 * r ** 2)


with frozen("zernike.txt", np, scipy) as f:
    for degree, radius, bottom, first in (8, 0, 0, 0), (12, 9.5, 0, 4), (5, 0, 10, 8), (20, 14, 0, 12):
        values = []
        for x in digits(first, 4).astype(float):
            x = x[:28 - bottom]
            cy, cx = center_of_mass(x)
            yy, xx = np.indices(x.shape)
            y, x0 = ((a - m) / (radius or max(x.shape) / 2) for a, m in ((yy, cy), (xx, cx)))
            r, angle = np.hypot(y, x0), np.arctan2(y, x0)
            ink = np.where(r <= 1, x, 0) / x[r <= 1].sum()
            values.append(np.array([
                (n + 1) / np.pi * np.abs((ink * radial(n, l, r) * np.exp(-1j * l * angle)).sum())
                for n in range(degree + 1) for l in range(n % 2, n + 1, 2)]))
        group(f, f"case crop bottom={bottom} | zernike degree={degree} radius={radius}\n"
                 f"rows {first} 4\nnear 1e-5\nshape 1 {len(values[0])} 1", values)
