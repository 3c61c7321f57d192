#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""metrics.py - prints the numbers in tests/unit/metrics.c: Wilson's score interval of
95 % by SciPy; precision, recall and F1 of each class, and their macro F1, by scikit-learn."""
import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import (balanced_accuracy_score, f1_score,
                             precision_recall_fscore_support, top_k_accuracy_score)

for hits, n in ((9929, 10000), (985, 1000), (0, 10), (10, 10), (1, 3), (50, 100)):
    ci = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    print(f"{{ {hits}, {n}, {ci.low!r}, {ci.high!r} }},")
truth = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0, 1])
predicted = np.array([0, 1, 0, 1, 1, 2, 1, 2, 0, 0, 0, 1])
for row in np.array(precision_recall_fscore_support(truth, predicted)[:3]).T:
    print("{ " + ", ".join(repr(float(v)) for v in row) + " },")
print(repr(f1_score(truth, predicted, average="macro")))
print(repr(balanced_accuracy_score(truth, predicted)))
scores = np.random.default_rng(5).integers(0, 1000, (8, 4))
truth = np.arange(8) % 4
print(scores.tolist(), *(int(top_k_accuracy_score(truth, scores, k=k, normalize=False)) for k in (1, 2, 3)))
