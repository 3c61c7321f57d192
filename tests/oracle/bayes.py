#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bayes.py - frozen numbers for bayes: logarithms of probabilities by scikit-learn's naive Bayes."""
import numpy as np
import sklearn
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.utils.class_weight import compute_sample_weight

from common import frozen, group, sample, vectors

FIT, FIRST, ROWS = 300, 400, 12
y = sample(0, FIT)[0]
x = vectors(FIRST + ROWS)

with frozen("bayes.txt", np, sklearn) as f:
    for line, model, weights in (
            ("var_smoothing=0.1", GaussianNB(var_smoothing=0.1), None),
            ("var_smoothing=0.01 weights=balanced", GaussianNB(var_smoothing=0.01), "balanced"),
            ("kind=multinomial", MultinomialNB(), None),
            ("kind=multinomial alpha=0.1 weights=3:5,8:0.2", MultinomialNB(alpha=0.1),
             {3: 5, 8: 0.2}),
            ("kind=bernoulli", BernoulliNB(), None),
            ("kind=bernoulli alpha=0.01 binarize=0.5", BernoulliNB(alpha=0.01, binarize=0.5), None),
            ("kind=bernoulli weights=balanced", BernoulliNB(), "balanced")):
        model.fit(x[:FIT], y, sample_weight=compute_sample_weight(weights, y))
        group(f, f"case bayes {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear 1e-5\nshape 1 10 1",
              model.predict_log_proba(x[FIRST:]))
