#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""grey.py - frozen numbers for grey: Pillow's convert("L") of bytes, whose levels must be those
of OpenCV's cvtColor within one.  Image i has digits i, i + 1 and i + 2 as red, green, blue."""
import cv2
import numpy as np
import PIL
from PIL import Image

from common import case, frozen, levels

FIRST, ROWS = 7, 3

with frozen("grey.txt", np, PIL) as f:
    digits = levels(FIRST, ROWS + 2)
    colour = [np.stack(digits[i:i + 3], axis=-1) for i in range(ROWS)]
    greys = [np.asarray(Image.fromarray(x).convert("L")) for x in colour]
    for x, grey in zip(colour, greys):
        assert np.abs(grey - cv2.cvtColor(x, cv2.COLOR_RGB2GRAY).astype(int)).max() <= 1
    case(f, "grey\nchannels 3", FIRST, 1e-7, [x / np.float32(255) for x in greys])
