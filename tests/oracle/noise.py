#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""noise.py - frozen numbers for noise: its draws written anew in double.  Of 20000 of them mean,
deviation, kurtosis and share must be right before anything is written.  The rows are the first
of the sample, the epoch is 0, the seed 1 and the stage's place 1, as in a test."""
import numpy as np

from augment import mix
from common import case, digits, frozen


def drawn(row, n):
    """n normal values, and n draws of impulses: uniform in 0 .. 1, and paper or ink."""
    key = mix(mix(mix(mix(1) ^ 1) ^ row) ^ 0)
    bits = [mix(key ^ i) for i in range((n + 1) // 2)]
    r = np.sqrt(-2 * np.log([((b >> 40) + 1) / 2**24 for b in bits]))
    angle = 2 * np.pi * np.array([b & 0xFFFFFF for b in bits]) / 2**24
    normal = np.concatenate([r * np.cos(angle), r * np.sin(angle)])[:n]
    bits = [mix(key ^ (2**32 + i)) for i in range(n)]
    return normal, np.array([(b >> 11) / 2**53 for b in bits]), np.array([b & 1 for b in bits])


def noisy(image, row, sigma, impulse):
    normal, uniform, ink = drawn(row, image.size)
    out = np.clip(image.ravel() + sigma * normal, 0, 1)
    return np.where(uniform < impulse, ink, out).reshape(image.shape)


normal, uniform, ink = drawn(7, 20000)
assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
assert abs((normal**4).mean() - 3) < 0.2 and abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 0.02
assert abs((uniform < 0.1).mean() - 0.1) < 0.01 and abs(ink[uniform < 0.1].mean() - 0.5) < 0.04

with frozen("noise.txt", np) as f:
    for line, sigma, impulse in (("noise", 0.1, 0), ("noise sigma=0.5 impulse=0.1", 0.5, 0.1),
                                 ("noise sigma=0 impulse=0.3", 0, 0.3)):
        case(f, line, 0, 1e-5, [noisy(i, row, sigma, impulse) for row, i in
                                enumerate(digits(0, 3))])
