#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""zoning.py - frozen numbers for zoning: scikit-image's block_reduce() where zones are whole
pixels, OpenCV's resize with INTER_AREA where they are not."""
import cv2
import numpy as np
import skimage
from skimage.measure import block_reduce

from common import digits, frozen, group

with frozen("zoning.txt", np, cv2, skimage) as f:
    for rows, columns, first in (7, 7, 0), (4, 14, 3), (28, 1, 6), (5, 9, 9), (3, 11, 12):
        whole = 28 % rows == 0 and 28 % columns == 0
        values = [block_reduce(x.astype(float), (28 // rows, 28 // columns), np.mean) if whole else
                  cv2.resize(x.astype(float), (columns, rows), interpolation=cv2.INTER_AREA)
                  for x in digits(first, 3)]
        group(f, f"case zoning rows={rows} columns={columns}\nrows {first} 3\nnear 1e-5\n"
                 f"shape 1 {rows * columns} 1", values)
