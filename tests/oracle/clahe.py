#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""clahe.py - frozen numbers for clahe: cv2.createCLAHE."""
import cv2
import numpy as np

from common import MIDDLE, case, frozen, levels


def spread(images, tiles, clip):
    return [cv2.createCLAHE(clip, (tiles, tiles)).apply(np.ascontiguousarray(i)) / 255
            for i in images]


with frozen("clahe.txt", np, cv2) as f:
    case(f, "clahe", 0, 1e-6, spread(levels(0, 3), 2, 4))
    case(f, "clahe tiles=8 clip=40", 3, 1e-6, spread(levels(3, 2), 8, 40))
    case(f, "clahe tiles=5 clip=2.5", 5, 1e-6, spread(levels(5, 2), 5, 2.5))
    case(f, "crop margin=8 | clahe tiles=3 clip=0", 7, 1e-6, spread(levels(7, 4)[MIDDLE], 3, 0))
    case(f, "crop top=8 left=4 bottom=8 right=4 | clahe tiles=6 clip=8", 11, 1e-6,
         spread(levels(11, 3)[:, 8:20, 4:24], 6, 8))
    case(f, "crop margin=12 | clahe tiles=7", 14, 1e-6, spread(levels(14, 6)[:, 12:16, 12:16], 7, 4))
