#!/usr/bin/python3
"""edge.py - frozen numbers for edge: skimage.filters.sobel, prewitt and scharr."""
import gzip
from pathlib import Path

import numpy as np
import skimage
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

OPS = {"sobel": filters.sobel, "prewitt": filters.prewitt, "scharr": filters.scharr}

with open(HERE / "edge.txt", "w") as f:
    print("# Made by edge.py with numpy", np.__version__, "scikit-image", skimage.__version__,
          file=f)
    for name, op in OPS.items():
        case(f, f"edge op={name} border=reflect", 0, 2, 1e-6,
             [op(i.astype(float)) for i in digits(0, 2)])
    for border, mode in MODES.items():
        case(f, f"crop margin=8 | edge border={border}", 2, 4, 1e-6,
             [filters.sobel(i.astype(float), mode=mode) for i in digits(2, 4)[MIDDLE]])
