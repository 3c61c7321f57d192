#!/usr/bin/python3
"""Frozen numbers for normalize, by sklearn.preprocessing.normalize()."""
import gzip, os
import numpy as np
import sklearn
from sklearn.preprocessing import normalize

HERE = os.path.dirname(os.path.abspath(__file__))


def pixels():
    with gzip.open(os.path.join(HERE, "../../data/train.csv.gz"), "rt") as f:
        rows = [line.split(",")[1:] for line in f.readlines()[1:11]]
    return (np.array(rows, dtype=np.float32) / np.float32(255)).astype(np.float64)


x = pixels()
with open(os.path.join(HERE, "normalize.txt"), "w") as out:
    out.write("# written by normalize.py: numpy %s, scikit-learn %s\n"
              % (np.__version__, sklearn.__version__))
    for norm in ("l1", "l2", "max"):
        out.write("\ncase normalize norm=%s\nrows 0 3\nnear 1e-6\nshape 28 28 1\n" % norm)
        for row in normalize(x[:3], norm=norm):
            out.write(" ".join("%.7g" % v for v in row) + "\n")
