#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ngram.py - frozen numbers for ngram: scikit-learn's CountVectorizer, which counts the n-grams
of texts, on a text for each line of pixels."""
import itertools

import numpy as np
import sklearn
from sklearn.feature_extraction.text import CountVectorizer

from common import digits, frozen, group

with frozen("ngram.txt", np, sklearn) as f:
    for n, along, level, bottom, first in (4, "both", 0.5, 0, 0), (2, "rows", 0.1, 9, 3), \
                                          (7, "columns", 0.8, 9, 6):
        words = ["".join(w) for w in itertools.product("01", repeat=n)]
        counter = CountVectorizer(analyzer="char", ngram_range=(n, n), vocabulary=words)
        values = []
        for x in digits(first, 3):
            ink = (x[:28 - bottom] > np.float32(level)).astype(int)
            ways = {"rows": [ink], "columns": [ink.T], "both": [ink, ink.T]}[along]
            v = [counter.transform("".join(map(str, line)) for line in way).sum(axis=0) for way in ways]
            values.append(np.concatenate([np.asarray(c).ravel() / c.sum() for c in v]))
        group(f, f"case crop bottom={bottom} | ngram n={n} along={along} level={level}\n"
                 f"rows {first} 3\nnear 1e-6\nshape 1 {len(values[0])} 1", values)
