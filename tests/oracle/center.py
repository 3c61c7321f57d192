#!/usr/bin/python3
"""center.py - frozen numbers for center: scipy.ndimage.center_of_mass and shift.
MNIST's digits are centred already, so each is first cut off at the top left by
crop, which leaves it off the middle."""
import gzip
from pathlib import Path

import numpy as np
import scipy
from scipy import ndimage

HERE = Path(__file__).resolve().parent
SIDE = 28


def digits(first, count):
    lines = gzip.open(HERE / "../../data/train.csv.gz", "rt").read().split("\n")[1:]
    rows = [line.split(",")[1:] for line in lines[first : first + count]]
    return np.array(rows, dtype=np.float32).reshape(-1, SIDE, SIDE) / np.float32(255)


def centred(image, whole):
    a = image.astype(float)
    shift = (np.array(a.shape) - 1) / 2 - ndimage.center_of_mass(a)
    if whole:
        shift = np.floor(shift + 0.5)
    return ndimage.shift(a, shift, order=1, mode="grid-constant")


def case(f, line, first, count, near, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   {near}", file=f)
    print(f"shape  {images[0].shape[0]} {images[0].shape[1]} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


with open(HERE / "center.txt", "w") as f:
    print("# Made by center.py with numpy", np.__version__, "scipy", scipy.__version__, file=f)
    case(f, "center method=linear", 0, 6, 1e-5, [centred(i, False) for i in digits(0, 6)])
    off = digits(6, 12)[:, 3:, 5:]
    case(f, "crop top=3 left=5 | center", 6, 6, 1e-6, [centred(i, True) for i in off[:6]])
    case(f, "crop top=3 left=5 | center method=linear", 12, 6, 1e-5,
         [centred(i, False) for i in off[6:]])
