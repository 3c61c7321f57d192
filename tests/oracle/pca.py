#!/usr/bin/python3
"""Frozen numbers for pca, by scikit-learn's full decomposition in double precision.
Components of pca may have the other sign."""
import gzip, os
import numpy as np
import sklearn
from sklearn.decomposition import PCA

HERE = os.path.dirname(os.path.abspath(__file__))
FIT = 500
CASES = [  # parameters; components or share, and whitening, as scikit-learn has them; rows
    ("components=40", 40, False, 0, 12),
    ("components=20 whiten=yes", 20, True, 490, 15),
    ("components=0 variance=0.8", 0.8, False, 700, 8),
    ("components=300", 300, False, 20, 3),
]


def pixels():
    with gzip.open(os.path.join(HERE, "../../data/train.csv.gz"), "rt") as f:
        rows = [line.split(",")[1:] for line in f.readlines()[1:1001]]
    return (np.array(rows, dtype=np.float32) / np.float32(255)).astype(np.float64)


x = pixels()
with open(os.path.join(HERE, "pca.txt"), "w") as out:
    out.write("# written by pca.py: numpy %s, scikit-learn %s\n"
              % (np.__version__, sklearn.__version__))
    for text, keep, whiten, first, n in CASES:
        p = PCA(n_components=keep, svd_solver="full", whiten=whiten).fit(x[:FIT])
        y = p.transform(x[first:first + n])
        out.write("\ncase pca %s\nfit %d\nrows %d %d\nnear 1e-4\nsign free\nshape 1 %d 1\n"
                  % (text, FIT, first, n, y.shape[1]))
        for row in y:
            out.write(" ".join("%.7g" % v for v in row) + "\n")
