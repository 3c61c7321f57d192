#!/usr/bin/python3
"""sharpen.py - frozen numbers for sharpen: skimage.filters.unsharp_mask, whose
border is reflect; for the others its formula over scipy.ndimage.gaussian_filter."""
import gzip
from pathlib import Path

import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage import filters

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


def unsharp(image, sigma, amount, mode):
    a = image.astype(float)
    return np.clip(a + amount * (a - ndimage.gaussian_filter(a, sigma, mode=mode)), 0, 1)


with open(HERE / "sharpen.txt", "w") as f:
    print("# Made by sharpen.py with scikit-image", skimage.__version__, "scipy",
          scipy.__version__, file=f)
    for sigma, amount in (1, 1), (2.5, 0.4):
        case(f, f"sharpen sigma={sigma} amount={amount} border=reflect", 0, 2, 1e-6,
             [filters.unsharp_mask(i.astype(float), sigma, amount) for i in digits(0, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | sharpen sigma=1.3 amount=2 border={border}", 2, 4, 2e-6,
             [unsharp(i, 1.3, 2, mode) for i in digits(2, 4)[MIDDLE]])
