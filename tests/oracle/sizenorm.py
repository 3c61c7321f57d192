#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sizenorm.py - frozen numbers for sizenorm: extents by scipy.ndimage and numpy, and Pillow's
Image.resize (BILINEAR, box) of an image with plenty of paper around it.  The quadratic of
bimoment is solved by numpy.roots, its triangles are weighed one by one.  Pillow takes the box in single
precision, hence 5e-6."""
import numpy as np
import PIL
import scipy
from PIL import Image
from scipy import ndimage

from common import case, digits, frozen

RATIOS = {"keep": lambda r: r, "sine": lambda r: np.sqrt(np.sin(np.pi / 2 * r)),
          "fill": lambda r: 1}


def box(image, level):
    """(centre, low, high) down and across."""
    where = ndimage.find_objects((image > level).astype(int))[0]
    return [((s.start + s.stop - 1) / 2, (s.stop - s.start) / 2, (s.stop - s.start) / 2)
            for s in where]


def spread(image, apart):
    out = []
    for centre, f in zip(ndimage.center_of_mass(image), (image.sum(1), image.sum(0))):
        d = np.arange(len(f)) - centre
        sides = (d <= 0, d > 0) if apart else (d == d, d == d)
        out.append((centre, *(2 * np.sqrt((f * d * d)[s].sum() / f[s].sum()) for s in sides)))
    return out


def lengths(extents, aspect, size):
    sides = [low + high for _, low, high in extents]
    r2 = RATIOS[aspect](min(sides) / max(sides))
    return [size if s == max(sides) else size * r2 for s in sides]


def linear(image, extents, aspect, size, side, margin=60):
    """By Pillow: `region` of the padded image becomes all of the new one."""
    (top, bottom), (left, right) = [
        (c - side / 2 * (low + high) / n, c + side / 2 * (low + high) / n)
        for (c, low, high), n in zip(extents, lengths(extents, aspect, size))]
    region = [v + margin + 0.5 for v in (left, top, right, bottom)]
    return np.array(Image.fromarray(np.pad(image, margin), "F")
                    .resize((side, side), Image.BILINEAR, region))


def source(centre, low, high, v):
    """The t where the quadratic through (-low, -1/2), (0, 0), (high, 1/2) is v, near 0."""
    a, b, _ = np.polyfit([-low, 0, high], [-0.5, 0, 0.5], 2)
    roots = np.roots([a, b, -v]) if abs(a) > 1e-12 else np.array([v / b])
    roots = roots[abs(roots.imag) < 1e-12].real
    return centre + roots[np.argmin(abs(roots))] if len(roots) else None


def triangles(extent, length, n, side):
    """The matrix of one axis."""
    m = np.zeros((side, n))
    for i in range(side):
        v = (i - (side - 1) / 2) / length
        at, before, behind = (source(*extent, v + d / length) for d in (0, -0.5, 0.5))
        if at is None:
            continue
        r = max(1, behind - before if before is not None and behind is not None else 1)
        everywhere = np.arange(-500, 500)
        weights = np.maximum(0, 1 - abs(everywhere - at) / r)
        m[i] = (weights / weights.sum())[500 : 500 + n]
    return m


def quadratic(image, aspect, size, side):
    extents = spread(image.astype(float), True)
    assert all(max(low, high) < 3 * min(low, high) for _, low, high in extents)
    down, across = [triangles(e, length, n, side) for e, length, n in
                    zip(extents, lengths(extents, aspect, size), image.shape)]
    return down @ image @ across.T


with frozen("sizenorm.txt", np, scipy, PIL) as f:
    case(f, "sizenorm", 0, 5e-6, [linear(i, box(i, 0.2), "keep", 20, 28) for i in digits(0, 4)])
    case(f, "sizenorm aspect=sine size=14 side=15 level=0", 4, 5e-6,
         [linear(i, box(i, 0), "sine", 14, 15) for i in digits(4, 4)])
    case(f, "sizenorm aspect=fill size=40 side=44", 8, 5e-6,
         [linear(i, box(i, 0.2), "fill", 40, 44) for i in digits(8, 2)])
    case(f, "sizenorm extent=moment", 10, 5e-6,
         [linear(i, spread(i.astype(float), False), "keep", 20, 28) for i in digits(10, 4)])
    case(f, "sizenorm extent=moment aspect=sine size=8 side=9", 14, 5e-6,
         [linear(i, spread(i.astype(float), False), "sine", 8, 9) for i in digits(14, 4)])
    case(f, "sizenorm extent=bimoment aspect=sine size=22", 18, 5e-6,
         [quadratic(i, "sine", 22, 28) for i in digits(18, 4)])
    case(f, "sizenorm extent=bimoment aspect=keep size=35 side=35", 22, 5e-6,
         [quadratic(i, "keep", 35, 35) for i in digits(22, 2)])
    case(f, "sizenorm extent=bimoment aspect=fill size=10 side=14", 24, 5e-6,
         [quadratic(i, "fill", 10, 14) for i in digits(24, 3)])
