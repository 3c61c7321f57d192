#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fourier_descriptor.py - frozen numbers for fourier_descriptor: OpenCV's
connectedComponentsWithStats() and findContours(), NumPy's fft()."""
import cv2
import numpy as np

from common import digits, frozen, group

with frozen("fourier_descriptor.txt", np, cv2) as f:
    for top, level, first in (10, 0.5, 0), (4, 0.05, 20), (16, 0.97, 40):
        values = []
        for x in digits(first, 20):
            ink = np.pad((x > np.float32(level)).astype(np.uint8), 1)
            _, names, about, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
            piece = (names == 1 + np.argmax(about[1:, cv2.CC_STAT_AREA])).astype(np.uint8)
            (points,), _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            z = points[:, 0, 0] - 1j * points[:, 0, 1]
            n, c = len(z), np.abs(np.fft.fft(z))
            order = [-1] + [s * k for k in range(2, top + 1) for s in (1, -1)]
            values.append(np.array([c[k % n] / c[1] if 2 * abs(k) <= n else 0 for k in order]))
        group(f, f"case fourier_descriptor frequencies={top} level={level}\nrows {first} 20\n"
                 f"near 1e-5\nshape 1 {2 * top - 1} 1", values)
