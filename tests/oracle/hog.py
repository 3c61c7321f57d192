#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hog.py - frozen numbers for hog: cells=box by skimage.feature.hog; signed bins, a
stride and cells=soft, which it has not, by the definition written out pixel by
pixel in double precision, which must agree with it before anything is written.  Colour, by both: the strongest of the
channels' gradients at each pixel; image i has digits i, i + 1 and i + 2 as its channels."""
import numpy as np
import skimage
from skimage.feature import hog

from common import digits, frozen, group

NORMS = {"l1": "L1", "l1sqrt": "L1-sqrt", "l2": "L2", "l2hys": "L2-Hys"}
CASES = [  # parameters, first row, rows, tolerance
    ("cell=4 block=2 bins=9 signed=no norm=l2hys cells=box", 0, 3, 1e-5),
    ("cell=8 block=3 bins=9 signed=no norm=l2hys cells=box", 10, 4, 1e-5),
    ("cell=7 block=2 bins=8 signed=no norm=l1sqrt cells=box", 20, 3, 1e-5),
    ("cell=5 block=1 bins=12 signed=no norm=l2 cells=box", 30, 3, 1e-5),
    ("cell=6 block=2 bins=4 signed=no norm=l1 cells=box", 40, 3, 1e-5),
    ("cell=7 block=2 bins=8 signed=yes norm=l2 cells=box", 50, 2, 1e-5),
    ("cell=7 block=2 bins=9 signed=yes norm=l1sqrt cells=box stride=2", 60, 2, 1e-5),
    ("cell=4 block=2 bins=8 signed=yes norm=l1sqrt cells=soft", 70, 2, 1e-4),
    ("cell=5 block=2 bins=9 signed=no norm=l2hys cells=soft window=6", 80, 2, 1e-5),
    ("cell=8 block=1 bins=4 signed=yes norm=l2 cells=soft window=4.5", 90, 4, 1e-5),
]
COLOUR = [
    ("cell=4 block=2 bins=9 signed=no norm=l2hys cells=box", 5, 2, 1e-5),
    ("cell=7 block=2 bins=8 signed=no norm=l1sqrt cells=box", 25, 2, 1e-5),
    ("cell=8 block=2 bins=8 signed=yes norm=l1sqrt cells=soft", 35, 2, 1e-4),
]


def window(p, pixel, cell):
    if p["cells"] == "box":
        return 1 / p["cell"] if pixel // p["cell"] == cell else 0
    reach = p["window"] or 1.5 * p["cell"]
    return max(0, 1 - abs(pixel + 0.5 - (cell + 0.5) * p["cell"]) / reach) / reach


def votes(p, angle):
    """How a pixel's magnitude is shared among the bins."""
    turn = 360 if p["signed"] else 180
    at = angle % turn * p["bins"] / turn
    share = np.zeros(p["bins"])
    if p["cells"] == "box":
        share[int(at)] = 1
    else:
        low = int(np.floor(at - 0.5))
        share[low % p["bins"]] += low + 1.5 - at
        share[(low + 1) % p["bins"]] += at - 0.5 - low
    return share


def scaled(norm, v, eps=1e-5):
    if norm in ("l1", "l1sqrt"):
        v = v / (np.abs(v).sum() + eps)
        return np.sqrt(v) if norm == "l1sqrt" else v
    v = v / np.sqrt((v ** 2).sum() + eps ** 2)
    if norm == "l2hys":
        v = np.minimum(v, 0.2)
        v = v / np.sqrt((v ** 2).sum() + eps ** 2)
    return v


def by_definition(p, image):
    h, w = image.shape[:2]
    gy, gx = np.zeros((2, *image.shape), np.float32)
    gy[1:-1] = image[2:] - image[:-2]
    gx[:, 1:-1] = image[:, 2:] - image[:, :-2]
    gy, gx = gy.astype(float), gx.astype(float)
    if image.ndim == 3:
        best = np.argmax(gy ** 2 + gx ** 2, axis=2)[:, :, None]
        gy, gx = (np.take_along_axis(g, best, axis=2)[:, :, 0] for g in (gy, gx))
    size, angle = np.hypot(gx, gy), np.rad2deg(np.arctan2(gy, gx))
    ny, nx = h // p["cell"], w // p["cell"]
    cells = np.zeros((ny, nx, p["bins"]))
    for y in range(h):
        for x in range(w):
            if size[y, x] > 0:
                share = size[y, x] * votes(p, angle[y, x])
                for i in range(ny):
                    for j in range(nx):
                        cells[i, j] += window(p, y, i) * window(p, x, j) * share
    b, s = p["block"], p["stride"]
    return np.concatenate([scaled(p["norm"], cells[y:y + b, x:x + b].ravel())
                           for y in range(0, ny - b + 1, s) for x in range(0, nx - b + 1, s)])


def by_skimage(p, image):
    return hog(image, orientations=p["bins"],
               pixels_per_cell=(p["cell"],) * 2, cells_per_block=(p["block"],) * 2,
               block_norm=NORMS[p["norm"]], feature_vector=True,
               channel_axis=2 if image.ndim == 3 else None)


def parse(text):
    p = {"stride": 1, "window": 0.0}
    for word in text.split():
        key, value = word.split("=")
        p[key] = (float(value) if key == "window" else value == "yes" if key == "signed" else
                  int(value) if value.isdigit() else value)
    return p


with frozen("hog.txt", np, skimage) as f:
    for (text, first, n, near), colour in [(c, False) for c in CASES] + [(c, True) for c in COLOUR]:
        p = parse(text)
        images = digits(first, n)
        if colour:
            grey = digits(first, n + 2)
            images = [np.stack(grey[i:i + 3], axis=-1) for i in range(n)]
        values = [by_definition(p, x) for x in images]
        peer = p["cells"] == "box" and not p["signed"] and p["stride"] == 1
        if peer:
            mine, values = values, [by_skimage(p, x) for x in images]
            assert np.abs(np.subtract(mine, values)).max() < 1e-6, text
        group(f, f"# {'scikit-image' if peer else 'definition'}\ncase hog {text}\n"
                 f"{'channels 3' + chr(10) if colour else ''}"
                 f"rows {first} {n}\nnear {near}\nshape 1 {len(values[0])} 1", values)
