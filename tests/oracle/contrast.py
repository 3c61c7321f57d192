#!/usr/bin/python3
"""contrast.py - frozen numbers for contrast: numpy.percentile with skimage.exposure.
rescale_intensity; adjust_gamma; equalize_hist, scaled so that its lowest value is
0, which OpenCV's equalizeHist must agree with before anything is written."""
import gzip
from pathlib import Path

import cv2
import numpy as np
import skimage
from skimage import exposure

HERE = Path(__file__).resolve().parent
SIDE = 28


def digits(first, count):
    lines = gzip.open(HERE / "../../data/train.csv.gz", "rt").read().split("\n")[1:]
    rows = [line.split(",")[1:] for line in lines[first : first + count]]
    return np.array(rows, dtype=np.uint8).reshape(-1, SIDE, SIDE)


def stretched(image, low, high):
    a = image / 255
    ends = tuple(np.percentile(a, (low, high)))
    return exposure.rescale_intensity(a, in_range=ends, out_range=(0, 1))


def equalized(image):
    share = exposure.equalize_hist(image, nbins=256)
    even = (share - share.min()) / (1 - share.min())
    assert np.abs(even - cv2.equalizeHist(image) / 255).max() < 0.51 / 255
    return even


def case(f, line, first, count, images):
    print(f"\ncase   {line}\nrows   {first} {count}\nnear   1e-6", file=f)
    print(f"shape  {images[0].shape[0]} {images[0].shape[1]} 1", file=f)
    for image in images:
        print(" ".join(f"{v:.7g}" for v in image.ravel()), file=f)


with open(HERE / "contrast.txt", "w") as f:
    print("# Made by contrast.py with numpy", np.__version__, file=f)
    print("# scikit-image", skimage.__version__, "and OpenCV", cv2.__version__, file=f)
    middle = slice(None), slice(8, 20), slice(8, 20)  # where there is little paper
    case(f, "crop margin=8 | contrast", 0, 8, [stretched(i, 0, 100) for i in digits(0, 8)[middle]])
    case(f, "crop margin=8 | contrast low=30 high=75", 8, 8,
         [stretched(i, 30, 75) for i in digits(8, 8)[middle]])
    case(f, "contrast high=93.5", 16, 4, [stretched(i, 0, 93.5) for i in digits(16, 4)])
    case(f, "contrast method=gamma", 20, 3,
         [exposure.adjust_gamma(i / 255, 0.5) for i in digits(20, 3)])
    case(f, "contrast method=gamma gamma=2.2", 23, 3,
         [exposure.adjust_gamma(i / 255, 2.2) for i in digits(23, 3)])
    case(f, "contrast method=equalize", 26, 6, [equalized(i) for i in digits(26, 6)])
