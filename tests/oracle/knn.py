#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""knn.py - frozen numbers for knn: votes by scikit-learn's KNeighborsClassifier, in double; with
tangent distances those of planes that NumPy's least squares bring nearest."""
import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 600, 700, 24
y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS)

def plane(image):
    """The seven tangents of an image, by differences of its pixels' neighbours."""
    wide = np.pad(image, 1)
    dx, dy = (wide[1:-1, 2:] - wide[1:-1, :-2]) / 2, (wide[2:, 1:-1] - wide[:-2, 1:-1]) / 2
    v, u = np.mgrid[:28, :28] - 13.5
    return np.stack([dx, dy, u * dx + v * dy, v * dx - u * dy, u * dx - v * dy, v * dx + u * dy,
                     dx ** 2 + dy ** 2]).reshape(7, -1).T


def tangent_distance(a, b):
    both = np.hstack([plane(a), plane(b)])
    gap = (a - b).ravel()
    return np.linalg.norm(gap - both @ np.linalg.lstsq(both, gap, rcond=None)[0])


def tangent_votes(fit, n, candidates, k):
    images = x.reshape(-1, 28, 28)
    near = KNeighborsClassifier(candidates, algorithm="brute").fit(x[:fit], y[:fit])
    votes = np.zeros((n, 10))
    for i, rows in enumerate(near.kneighbors(x[FIRST:FIRST + n], return_distance=False)):
        far = np.array([tangent_distance(images[FIRST + i], images[row]) for row in rows])
        for j in np.argsort(far)[:k]:
            votes[i, y[rows[j]]] += 1 / far[j]
    return votes / votes.sum(1, keepdims=True)


with frozen("knn.txt", np, sklearn) as f:
    for line, keys in (
            ("", {"n_neighbors": 3}),
            ("k=1", {"n_neighbors": 1}),
            ("k=600", {"n_neighbors": 600}),
            ("k=9 vote=distance", {"n_neighbors": 9, "weights": "distance"}),
            ("k=9 metric=l1 vote=distance", {"n_neighbors": 9, "metric": "manhattan",
                                             "weights": "distance"}),
            ("k=9 metric=l3 vote=distance", {"n_neighbors": 9, "p": 3, "weights": "distance"}),
            ("k=9 metric=cosine vote=distance", {"n_neighbors": 9, "metric": "cosine",
                                                 "weights": "distance"})):
        model = KNeighborsClassifier(algorithm="brute", **keys).fit(x[:FIT], y)
        group(f, f"case knn {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-6\nshape 1 10 1",
              model.predict_proba(x[FIRST:]))
    # few, as simulated processors take long for them
    group(f, f"case knn k=9 metric=tangent candidates=20 vote=distance\nfit 100\n"
             f"rows {FIRST} 5\nnear 1e-4\nshape 1 10 1", tangent_votes(100, 5, 20, 9))
