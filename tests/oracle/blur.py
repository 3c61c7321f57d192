#!/usr/bin/python3
"""blur.py - frozen numbers for blur: scipy.ndimage.gaussian_filter in double."""
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

with open(HERE / "blur.txt", "w") as f:
    print("# Made by blur.py with numpy", np.__version__, "scipy", scipy.__version__, file=f)
    for sigma in 0.6, 1.7:
        case(f, f"blur sigma={sigma}", 0, 2, 1e-6,
             [ndimage.gaussian_filter(i.astype(float), sigma, mode="constant", truncate=4)
              for i in digits(0, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | blur sigma=4.2 border={border}", 2, 4, 1e-6,
             [ndimage.gaussian_filter(i.astype(float), 4.2, mode=mode, truncate=4)
              for i in digits(2, 4)[MIDDLE]])
