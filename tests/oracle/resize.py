#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""resize.py - frozen numbers for resize: Pillow's Image.resize on floats, and
OpenCV where the two agree.  Pillow leaves out what lies beyond the border, resize
repeats the edge pixel; on paper, as here, that is the same."""
import cv2
import numpy as np
import PIL
from PIL import Image

from common import SIDE, case, digits, frozen

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


with frozen("resize.txt", np, PIL, cv2) as f:
    for w, h, kernel in (20, 20, "nearest"), (40, 9, "nearest"), (32, 40, "linear"):
        case(f, f"resize width={w} height={h} kernel={kernel}", 0, 1e-6,
             resized(digits(0, 2), w, h, kernel))
    for margin, w, h, kernel in ((6, 20, 32, "linear"), (6, 20, 32, "cubic"), (6, 43, 49, "cubic"),
                                 (12, 23, 25, "lanczos"), (12, 57, 30, "lanczos")):
        padded = np.pad(digits(2, 2), ((0, 0), (margin, margin), (margin, margin)))
        case(f, f"pad margin={margin} | resize width={w} height={h} kernel={kernel}", 2, 2e-6,
             resized(padded, w, h, kernel))
