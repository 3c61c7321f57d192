#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sgd.py - frozen numbers for sgd: scikit-learn's SGDClassifier on each class against the rest, rows
in their order; weights of classes are its sample_weight."""
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import SGDClassifier

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 300, 400, 12
y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS).astype(float)
warnings.simplefilter("ignore")  # so few epochs do not converge


def scores(epochs, average=True, factors=np.ones(10), **keys):
    columns = []
    for label in range(10):
        model = SGDClassifier(shuffle=False, tol=None, max_iter=epochs, average=average, **keys)
        columns.append(model.fit(x[:FIT], y == label, sample_weight=factors[y])
                       .decision_function(x[FIRST:]))
    return np.stack(columns, 1)


with frozen("sgd.txt", np, sklearn) as f:
    balanced = FIT / 10 / np.bincount(y)
    for line, values in (
            ("epochs=3", scores(3)),
            ("epochs=2 average=no", scores(2, False)),
            ("epochs=2 weights=balanced", scores(2, factors=balanced)),
            ("loss=log l2=0.01", scores(5, loss="log_loss", alpha=0.01)),
            ("loss=squared_hinge schedule=constant rate=0.001 average=no",
             scores(5, False, loss="squared_hinge", learning_rate="constant", eta0=0.001)),
            ("loss=log schedule=inverse rate=0.1 l2=0 power=0.25 epochs=2",
             scores(2, loss="log_loss", learning_rate="invscaling", eta0=0.1, alpha=0,
                    power_t=0.25)),
            # Weights become so small that their scale has to begin anew; some are gone at once.
            ("loss=hinge schedule=constant rate=0.5 l2=0.9 epochs=2",
             scores(2, learning_rate="constant", eta0=0.5, alpha=0.9)),
            ("loss=hinge schedule=constant rate=0.5 l2=3 epochs=1",
             scores(1, learning_rate="constant", eta0=0.5, alpha=3))):
        group(f, f"case sgd shuffle=no {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-4\n"
                 "shape 1 10 1", values)
