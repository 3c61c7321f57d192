#!/usr/bin/python3
"""median.py - frozen numbers for median: scipy.ndimage.median_filter."""
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


def case(f, line, first, count, near, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   {near}", file=f)
    print(f"shape  {images[0].shape[0]} {images[0].shape[1]} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


MIDDLE = slice(None), slice(8, 20), slice(8, 20)  # ink at the border: its rule matters
MODES = {"zero": "constant", "nearest": "nearest", "reflect": "reflect", "mirror": "mirror"}

with open(HERE / "median.txt", "w") as f:
    print("# Made by median.py with numpy", np.__version__, "scipy", scipy.__version__, file=f)
    for radius in 1, 2, 3:
        case(f, f"median radius={radius}", 0, 3, 1e-7,
             [ndimage.median_filter(i, 2 * radius + 1, mode="constant") for i in digits(0, 3)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | median radius=4 border={border}", 3, 4, 1e-7,
             [ndimage.median_filter(i, 9, mode=mode) for i in digits(3, 4)[MIDDLE]])
