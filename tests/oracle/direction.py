#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""direction.py - frozen numbers for direction: SciPy's sobel, and the parallelogram by angles,
the Gaussian and the samples as Liu and others write them, in double precision."""
import numpy as np
import scipy
from scipy.ndimage import sobel

from common import digits, frozen, group


def maps(x):
    """The law of sines in the triangle of a gradient and its parts 45 degrees apart."""
    gx, gy = (sobel(x, axis=a, mode="constant") / 4 for a in (1, 0))
    size, angle = np.hypot(gx, gy), np.arctan2(gy, gx) % (2 * np.pi)
    low = np.floor(angle / (np.pi / 4) + 1e-12).astype(int)
    rest = angle - low * np.pi / 4
    out = np.zeros((*x.shape, 8))
    yy, xx = np.indices(x.shape)
    np.add.at(out, (yy, xx, low % 8), size * np.sin(np.pi / 4 - rest) / np.sin(np.pi / 4))
    np.add.at(out, (yy, xx, (low + 1) % 8), size * np.sin(rest) / np.sin(np.pi / 4))
    return out


def samples(n, grid, sigma):
    sigma = sigma or np.sqrt(2) / np.pi * n / grid
    centres = (np.arange(grid) + 0.5) * n / grid - 0.5
    far = np.arange(-1000, n + 1000)[None, :] - centres[:, None]
    w = np.where(np.abs(far) <= 3 * sigma, np.exp(-far ** 2 / (2 * sigma ** 2)), 0)
    return (w / w.sum(axis=1, keepdims=True))[:, 1000:-1000]


with frozen("direction.txt", np, scipy) as f:
    for grid, sigma, root, bottom, first in (5, 0, True, 0, 0), (7, 1.5, False, 0, 2), \
                                            (4, 0, True, 9, 4), (3, 6.2, False, 5, 6):
        values = []
        for x in digits(first, 2).astype(float):
            x = x[:28 - bottom]
            down, across = (samples(n, grid, sigma) for n in x.shape)
            v = np.einsum("iy,jx,yxd->ijd", down, across, maps(x))
            values.append(np.sqrt(np.maximum(v, 0)) if root else v)
        group(f, f"case crop bottom={bottom} | direction grid={grid} sigma={sigma} "
                 f"root={'yes' if root else 'no'}\nrows {first} 2\nnear 1e-5\n"
                 f"shape 1 {8 * grid * grid} 1", values)
