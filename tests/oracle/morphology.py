#!/usr/bin/python3
"""morphology.py - frozen numbers for morphology: cv2.morphologyEx with its default
border, which scipy.ndimage (mode reflect) must agree with before anything is written."""
import gzip
from pathlib import Path

import cv2
import numpy as np
import scipy
from scipy import ndimage

HERE = Path(__file__).resolve().parent
SIDE = 28


def digits(first, count):
    lines = gzip.open(HERE / "../../data/train.csv.gz", "rt").read().split("\n")[1:]
    rows = [line.split(",")[1:] for line in lines[first : first + count]]
    return np.array(rows, dtype=np.float32).reshape(-1, SIDE, SIDE) / np.float32(255)


def case(f, line, first, count, near, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   {near}", file=f)
    print(f"shape  {images[0].shape[0]} {images[0].shape[1]} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


MIDDLE = slice(None), slice(8, 20), slice(8, 20)  # ink at the border: its rule matters

OPS = {
    "dilate": (cv2.MORPH_DILATE, ndimage.grey_dilation),
    "erode": (cv2.MORPH_ERODE, ndimage.grey_erosion),
    "open": (cv2.MORPH_OPEN, ndimage.grey_opening),
    "close": (cv2.MORPH_CLOSE, ndimage.grey_closing),
    "gradient": (cv2.MORPH_GRADIENT, ndimage.morphological_gradient),
    "tophat": (cv2.MORPH_TOPHAT, ndimage.white_tophat),
    "blackhat": (cv2.MORPH_BLACKHAT, ndimage.black_tophat),
}


def window(shape, r):
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    inside = {"square": x == x, "cross": (x == 0) | (y == 0), "disc": x * x + y * y <= r * r}
    return inside[shape].astype(np.uint8)


def morph(images, op, shape, r):
    number, peer = OPS[op]
    w = window(shape, r)
    out = [cv2.morphologyEx(i, number, w) for i in images]
    for i, o in zip(images, out):
        assert (peer(i, footprint=w == 1, mode="reflect") == o).all()
    return out


with open(HERE / "morphology.txt", "w") as f:
    print("# Made by morphology.py with OpenCV", cv2.__version__, "scipy", scipy.__version__,
          file=f)
    for op in OPS:
        case(f, f"morphology op={op} shape=disc radius=2", 0, 1, 4e-7,
             morph(digits(0, 1), op, "disc", 2))
    for op in OPS:
        for shape, r in ("square", 1), ("cross", 3), ("disc", 5):
            case(f, f"crop margin=8 | morphology op={op} shape={shape} radius={r}", 1, 2, 4e-7,
                 morph(digits(1, 2)[MIDDLE], op, shape, r))
