#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""randconv.py - frozen numbers for randconv: learned from one image of one window, the filter is
that image, so that its answers are correlations, by NumPy, whatever is drawn."""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from common import digits, frozen, group
from patches import weights


def randconv(fit, x, margin, step, answer, root, grid, soft):
    f = fit.astype(float) - fit.mean(dtype=float)
    f /= np.linalg.norm(f)
    x = np.pad(x.astype(float), margin)
    z = (sliding_window_view(x, f.shape) * f).sum((-1, -2))[::step, ::step]
    z = {"square": z ** 2, "size": abs(z), "above": np.maximum(0, z)}[answer]
    down, across = weights(z.shape[0], grid, soft), weights(z.shape[1], grid, soft)
    return np.einsum("ay,bx,yx->ab", down, across, z) ** root


def middle(x):
    return x[8:20, 8:20]


if __name__ == "__main__":
    with frozen("randconv.txt", np) as f:
        for answer, root in ("square", 0.25), ("size", 0.5), ("above", 1), ("square", 0.3):
            values = [randconv(middle(digits(0, 1)[0]), middle(x), 0, 1, answer, root, 1, True)
                      for x in digits(5, 4)]
            group(f, f"case crop margin=8 | randconv size=12 count=1 grid=1 answer={answer} "
                     f"root={root}\nfit 1\nrows 5 4\nnear 1e-4\nshape 1 1 1", values)
