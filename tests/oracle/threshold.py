#!/usr/bin/python3
"""threshold.py - frozen numbers for threshold: skimage.filters.threshold_otsu, which
OpenCV's THRESH_OTSU must agree with before anything is written."""
import gzip
from pathlib import Path

import cv2
import numpy as np
import skimage
from skimage.filters import threshold_otsu

HERE = Path(__file__).resolve().parent
SIDE = 28


def digits(first, count):
    lines = gzip.open(HERE / "../../data/train.csv.gz", "rt").read().split("\n")[1:]
    rows = [line.split(",")[1:] for line in lines[first : first + count]]
    return np.array(rows, dtype=np.uint8).reshape(-1, SIDE, SIDE)


def otsu(image, keep):
    ink = image > threshold_otsu(image)
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    assert (ink == (image > level)).all()
    return np.where(ink, image / 255 if keep else 1, 0)


def case(f, line, first, count, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   1e-6", file=f)
    print(f"shape  {SIDE} {SIDE} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


with open(HERE / "threshold.txt", "w") as f:
    print("# Made by threshold.py with numpy", np.__version__, file=f)
    print("# scikit-image", skimage.__version__, "and OpenCV", cv2.__version__, file=f)
    case(f, "threshold method=otsu", 0, 30, [otsu(i, False) for i in digits(0, 30)])
    case(f, "threshold method=otsu keep=yes", 30, 8, [otsu(i, True) for i in digits(30, 8)])
    case(f, "threshold level=0.25", 38, 8, [(i / 255 > 0.25) * 1 for i in digits(38, 8)])
