#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""perceptron.py - frozen numbers for perceptron: the walk over rows in their order, in NumPy, where
the mean is that of all weights added up."""
import numpy as np

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 300, 400, 12
y = sample(0, FIT)[0]
x = np.hstack([vectors(FIRST + ROWS), np.ones((FIRST + ROWS, 1))])


def walk(epochs, average, factors=np.ones(10)):
    w, all_of_them = np.zeros((10, x.shape[1])), np.zeros((10, x.shape[1]))
    for _ in range(epochs):
        for row, label in zip(x[:FIT], y):
            choice = np.argmax(w @ row)
            if choice != label:
                w[label] += factors[label] * row
                w[choice] -= factors[label] * row
            all_of_them += w
    return x[FIRST:] @ (all_of_them / (epochs * FIT) if average else w).T


with frozen("perceptron.txt", np) as f:
    balanced = FIT / 10 / np.bincount(y)
    for line, scores in (("epochs=3 shuffle=no", walk(3, True)),
                         ("epochs=3 shuffle=no average=no", walk(3, False)),
                         ("epochs=2 shuffle=no weights=balanced", walk(2, True, balanced))):
        group(f, f"case perceptron {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-5\n"
                 "shape 1 10 1", scores)
