#!/usr/bin/python3
"""resize.py - frozen numbers for resize: Pillow's Image.resize on floats, and
OpenCV where the two agree.  Pillow leaves out what lies beyond the border and
libvips repeats the edge pixel; on paper, as here, that is the same."""
import gzip
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image

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



KERNELS = {
    "nearest": Image.NEAREST,
    "linear": Image.BILINEAR,
    "cubic": Image.BICUBIC,
    "lanczos": Image.LANCZOS,
}


def resized(images, w, h, kernel):
    out = [np.array(Image.fromarray(i, "F").resize((w, h), KERNELS[kernel])) for i in images]
    if kernel == "linear" and w >= SIDE and h >= SIDE:
        for i, o in zip(images, out):
            assert np.abs(cv2.resize(i, (w, h), interpolation=cv2.INTER_LINEAR) - o).max() < 1e-6
    return [np.clip(o, 0, 1) for o in out]


with open(HERE / "resize.txt", "w") as f:
    print("# Made by resize.py with Pillow", PIL.__version__, "OpenCV", cv2.__version__, file=f)
    for w, h, kernel in (20, 20, "nearest"), (40, 9, "nearest"), (32, 40, "linear"):
        case(f, f"resize width={w} height={h} kernel={kernel}", 0, 2, 1e-6,
             resized(digits(0, 2), w, h, kernel))
    # Paper all around, positions that are multiples of 1/64 px: equal.
    padded = np.pad(digits(2, 2), ((0, 0), (6, 6), (6, 6)))
    for w, h, kernel in ((20, 32, "linear"), (20, 32, "cubic"),
                         (64, 80, "cubic")):
        case(f, f"pad margin=6 | resize width={w} height={h} kernel={kernel}", 2, 2, 2e-5,
             resized(padded, w, h, kernel))
    # Other positions are rounded to 1/64 px.
    for w, h, kernel in (20, 20, "linear"), (20, 20, "cubic"), (20, 20, "lanczos"):
        case(f, f"resize width={w} height={h} kernel={kernel}", 0, 2, 0.01,
             resized(digits(0, 2), w, h, kernel))
