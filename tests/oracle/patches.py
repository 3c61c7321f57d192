#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""patches.py - frozen numbers for patches, which no library here has: principal components of all
windows by scikit-learn's PCA, the formulas of Coates and Ng around it."""
import numpy as np
import sklearn
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.decomposition import PCA

from common import digits, frozen, group


def windows(x, size, step, margin, level):
    x = np.pad(x.astype(float), margin)
    w = sliding_window_view(x, (size, size))[::step, ::step]
    w = w.reshape(*w.shape[:2], -1)
    w = w - w.mean(-1, keepdims=True)
    return w / np.sqrt(w.var(-1, keepdims=True) + level) if level else w


def weights(n, parts, soft):
    side, at = n / parts, np.arange(n) + 0.5
    k = np.arange(parts)[:, None]
    if soft:
        w = np.maximum(0, 1 - abs(at - (k + 0.5) * side) / max(side, 1))
    else:
        w = ((at - 0.5 >= np.floor(k * side)) & (at - 0.5 < np.floor((k + 1) * side))) * 1.0
    return w / w.sum(1, keepdims=True)


def patches(fit, x, size, step, margin, count, level, whiten, alpha, grid, soft):
    seen = np.concatenate([windows(i, size, step, margin, level).reshape(-1, size * size)
                           for i in fit])
    pca = PCA(svd_solver="full").fit(seen)
    v = pca.components_
    spread = (seen - seen.mean(0)).T @ (seen - seen.mean(0)) / len(seen)
    scale = 1 / np.sqrt(np.diag(v @ spread @ v.T) + whiten) if whiten else np.ones(len(v))
    top = v[np.arange(len(v)), abs(v).argmax(1)]
    pieces = (v * np.sign(top)[:, None])[:count]
    out = []
    for i in x:
        z = (windows(i, size, step, margin, level) - seen.mean(0)) @ (v.T * scale) @ v @ pieces.T
        a = np.concatenate([np.maximum(0, z - alpha), np.maximum(0, -z - alpha)], -1)
        down, across = weights(z.shape[0], grid, soft), weights(z.shape[1], grid, soft)
        out.append(np.einsum("ay,bx,yxk->abk", down, across, a))
    return np.array(out)


if __name__ == "__main__":
    fit = digits(0, 12)
    with frozen("patches.txt", np, sklearn) as f:
        for size, step, margin, count, level, whiten, alpha, grid, soft in \
                (5, 1, 0, 4, 0.01, 0.1, 0.25, 3, True), (6, 2, 2, 3, 0.001, 0, 0, 4, False), \
                (4, 3, 0, 2, 0, 0.01, 0.1, 2, True):
            y = patches(fit, digits(20, 3), size, step, margin, count, level, whiten, alpha, grid,
                        soft)
            line = f"patches size={size} step={step} margin={margin} count={count} level={level} " \
                   f"whiten={whiten} alpha={alpha} grid={grid} pool={'soft' if soft else 'box'} " \
                   "learn=pca answer=soft windows=0"
            group(f, f"case {line}\nfit 12\nrows 20 3\nnear 1e-4\nshape 1 {y[0].size} 1", y)
