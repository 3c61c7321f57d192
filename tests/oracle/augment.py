#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""augment.py - frozen numbers for augment: its draws and its map written anew in numpy,
the elastic displacement by scipy.interpolate.BSpline, the sampling by
scipy.ndimage.map_coordinates, all in double.  The rows are the first of the sample,
the epoch is 0, the seed 1 and the stage's place 1, as in a test."""
import numpy as np
import scipy
from scipy import ndimage
from scipy.interpolate import BSpline

from common import SIDE, case, digits, frozen

MASK = 2**64 - 1


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def draw(row, number):
    """Two values in -1 .. 1: of the upper and of the lower half of the 64 bits."""
    bits = mix(mix(mix(mix(1) ^ 1) ^ row) ^ number)
    return (bits >> 32) / 2**31 - 1, (bits & 0xFFFFFFFF) / 2**31 - 1


def affine(row, p):
    """The inverse of turn . slant . zoom, and the shift, both in the order y, x."""
    shift, turn, zoom = draw(row, 0), draw(row, 1), draw(row, 2)
    a = np.radians(p["rotate"] * turn[0])
    turned = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    slanted = np.array([[1, 0], [p["shear"] * turn[1], 1]])
    zoomed = np.diag(1 + p["zoom"] * np.array(zoom))
    return np.linalg.inv(turned @ slanted @ zoomed), p["shift"] * np.array(shift)


def displacement(row, p):
    """Along y and x, at every pixel: a tensor product spline with knots at multiples
    of the spacing, whose first node lies one spacing before pixel 0."""
    spacing = np.sqrt(3) * p["smooth"]
    count = int((SIDE - 1) / spacing) + 4
    basis = BSpline(spacing * np.arange(-3, count + 1), np.eye(count), 3)(np.arange(SIDE))
    noise = np.array([draw(row, 8 + i) for i in range(count**2)]).reshape(count, count, 2)
    size = p["elastic"] * np.sqrt(3) * 315 / 151
    return size * np.einsum("yi,ijk,xj->kyx", basis, noise, basis)


def erased(image, row, p):
    (area, aspect), (py, px) = draw(row, 3), draw(row, 4)
    side = np.sqrt((area + 1) / 2 * p["erase"] * SIDE**2)
    h = min(SIDE, int(side * 3 ** (aspect / 2) + 0.5))
    w = min(SIDE, int(side / 3 ** (aspect / 2) + 0.5))
    y, x = int((py + 1) / 2 * (SIDE - h + 1)), int((px + 1) / 2 * (SIDE - w + 1))
    image[y : y + h, x : x + w] = 0


def augmented(line, n):
    p = dict(shift=1.5, rotate=8, zoom=0.08, shear=0.1, elastic=0.8, smooth=5, erase=0)
    p.update((k, float(v)) for k, v in (word.split("=") for word in line.split()[1:]))
    centre = np.full((2, 1, 1), (SIDE - 1) / 2)
    for row, image in enumerate(digits(0, n)):
        matrix, shift = affine(row, p)
        at = np.mgrid[:SIDE, :SIDE] - centre - shift[:, None, None]
        at = np.einsum("ij,jyx->iyx", matrix, at) + centre + displacement(row, p)
        out = ndimage.map_coordinates(image.astype(float), at, order=1, mode="grid-constant")
        erased(out, row, p)
        yield out


if __name__ == "__main__":
    with frozen("augment.txt", np, scipy) as f:
        for line, n in [("augment", 6),
                        ("augment elastic=0", 3),
                        ("augment shift=4 rotate=0 zoom=0 shear=0 elastic=0", 2),
                        ("augment shift=0 rotate=180 zoom=0 shear=0 elastic=0", 2),
                        ("augment shift=0 rotate=0 zoom=0.5 shear=1 elastic=0", 2),
                        ("augment shift=0 rotate=0 zoom=0 shear=0 elastic=2 smooth=3", 3),
                        ("augment erase=0.4", 3)]:
            case(f, line, 0, 1e-5, list(augmented(line, n)))
