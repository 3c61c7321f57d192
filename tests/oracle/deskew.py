#!/usr/bin/python3
"""deskew.py - frozen numbers for deskew: moments by numpy and the shear by
scipy.ndimage.affine_transform, both in double; and OpenCV's digits.py as it is,
which rounds its interpolation to 1/32 px (hence half of that as tolerance)."""
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


def by_scipy(image, origin):
    a = image.astype(float)
    y, x = np.mgrid[:SIDE, :SIDE]
    mx, my = (a * x).sum() / a.sum(), (a * y).sum() / a.sum()
    slant = (a * (x - mx) * (y - my)).sum() / (a * (y - my) ** 2).sum()
    fixed = my if origin == "mass" else SIDE / 2
    return ndimage.affine_transform(
        a, [[1, 0], [slant, 1]], offset=[0, -slant * fixed], order=1, mode="grid-constant"
    )


def by_opencv(image):
    m = cv2.moments(image)
    skew = m["mu11"] / m["mu02"]
    matrix = np.float32([[1, skew, -0.5 * SIDE * skew], [0, 1, 0]])
    return cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    )


def case(f, line, first, count, near, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   {near}", file=f)
    print(f"shape  {SIDE} {SIDE} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


with open(HERE / "deskew.txt", "w") as f:
    print("# Made by deskew.py with numpy", np.__version__, "scipy", scipy.__version__, file=f)
    print("# and OpenCV", cv2.__version__, file=f)
    case(f, "deskew", 0, 10, 1e-5, [by_scipy(i, "center") for i in digits(0, 10)])
    case(f, "deskew origin=mass", 10, 6, 1e-5, [by_scipy(i, "mass") for i in digits(10, 6)])
    case(f, "deskew", 16, 6, 0.017, [by_opencv(i) for i in digits(16, 6)])
