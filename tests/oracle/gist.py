#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gist.py - frozen numbers for gist, which no library here has: the formulas of the authors'
LMgist, by NumPy's fft2()."""
import numpy as np

from common import digits, frozen, group


def rates(shape):
    return np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")


def smooth(x, contrast):
    fy, fx = rates(x.shape)
    s1 = contrast / np.sqrt(np.log(2))
    keep = np.exp(-(fy ** 2 + fx ** 2) * max(x.shape) ** 2 / s1 ** 2)
    return np.fft.ifft2(np.fft.fft2(x) * keep).real


def levelled(x, contrast, w=5):
    x = np.pad(np.log(1 + 255 * x), w, mode="symmetric")
    if contrast:
        x = x - smooth(x, contrast)
        x = x / (0.2 + np.sqrt(np.abs(smooth(x ** 2, contrast))))
    return x[w:-w, w:-w]


def gist(x, scales, directions, grid, contrast):
    margin = -(-max(x.shape) // 8)
    h, w = x.shape
    spectrum = np.fft.fft2(np.pad(levelled(x, contrast), margin, mode="symmetric"))
    fy, fx = rates(spectrum.shape)
    out = []
    for scale in range(scales):
        for d in range(directions):
            angle = np.arctan2(fy, fx) + np.pi / directions * d
            angle = np.where(angle > np.pi, angle - 2 * np.pi, angle)
            far = np.hypot(fy, fx) / (0.3 / 1.85 ** scale) - 1
            g = np.exp(-10 * 0.35 * far ** 2
                       - 2 * 16 * directions ** 2 / 32 ** 2 * np.pi * angle ** 2)
            size = np.abs(np.fft.ifft2(spectrum * g))[margin:-margin, margin:-margin]
            out.append([[size[i * h // grid:(i + 1) * h // grid, j * w // grid:(j + 1) * w // grid]
                         .mean() for j in range(grid)] for i in range(grid)])
    return np.array(out)


with frozen("gist.txt", np) as f:
    for scales, directions, grid, contrast, bottom, first in (3, 8, 4, 4, 0, 0), \
            (2, 4, 2, 0, 0, 2), (4, 6, 3, 2.5, 9, 4), (1, 1, 1, 4, 20, 6):
        values = [gist(x[:28 - bottom].astype(float), scales, directions, grid, contrast)
                  for x in digits(first, 2)]
        group(f, f"case crop bottom={bottom} | gist scales={scales} directions={directions} "
                 f"grid={grid} contrast={contrast}\nrows {first} 2\nnear 2e-5\n"
                 f"shape 1 {values[0].size} 1", values)
