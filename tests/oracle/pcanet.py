#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pcanet.py - frozen numbers for pcanet, which no library here has: the definition of Chan and
others written out, with the eigenvectors of NumPy."""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from common import digits, frozen, group


def windows(x, size):
    w = sliding_window_view(np.pad(x, size // 2), (size, size)).reshape(*x.shape, -1)
    return w - w.mean(-1, keepdims=True)


def filters(images, size, count):
    a = sum(np.einsum("yxi,yxj->ij", w, w) for w in (windows(x, size) for x in images))
    v = np.linalg.eigh(a)[1][:, ::-1].T[:count]
    return v * np.sign(v[np.arange(count), abs(v).argmax(1)])[:, None]


def answers(x, size, bank):
    return np.moveaxis(windows(x, size) @ bank.T, -1, 0)


def pcanet(fit, rows, size, first, second, grid, root):
    one = filters(fit, size, first)
    two = filters([a for x in fit for a in answers(x, size, one)], size, second)
    out = []
    for x in rows:
        h, w = x.shape
        part = (np.arange(h) * grid // h)[:, None] * grid + np.arange(w) * grid // w
        values = []
        for a in answers(x, size, one):
            bits = answers(a, size, two) > 0
            number = sum(b.astype(int) << i for i, b in enumerate(bits))
            values.append(np.bincount((part << second | number).ravel(),
                                      minlength=grid * grid << second))
        out.append(np.concatenate(values).astype(float) ** (0.5 if root else 1))
    return out


with frozen("pcanet.txt", np) as f:
    for size, first, second, grid, root in (5, 2, 3, 2, True), (7, 3, 2, 3, False):
        y = pcanet(digits(0, 20).astype(float), digits(40, 3).astype(float), size, first, second,
                   grid, root)
        group(f, f"case pcanet size={size} first={first} second={second} grid={grid} "
                 f"root={'yes' if root else 'no'}\nfit 20\nrows 40 3\nnear 1e-6\n"
                 f"shape 1 {y[0].size} 1", y)
