#!/usr/bin/python3
"""Frozen numbers for standardize, by scikit-learn's StandardScaler in double precision;
floor= is not in scikit-learn: there its scale_ is raised by hand."""
import gzip, os
import numpy as np
import sklearn
from sklearn.preprocessing import StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [("standardize", 0, 300, 298, 4), ("standardize floor=0.2", 0.2, 100, 5, 3)]


def pixels():
    with gzip.open(os.path.join(HERE, "../../data/train.csv.gz"), "rt") as f:
        rows = [line.split(",")[1:] for line in f.readlines()[1:401]]
    return (np.array(rows, dtype=np.float32) / np.float32(255)).astype(np.float64)


x = pixels()
with open(os.path.join(HERE, "standardize.txt"), "w") as out:
    out.write("# written by standardize.py: numpy %s, scikit-learn %s\n"
              % (np.__version__, sklearn.__version__))
    for text, floor, fit, first, n in CASES:
        s = StandardScaler().fit(x[:fit])
        s.scale_ = np.where(s.var_ > 0, np.maximum(s.scale_, floor), 1)
        out.write("\ncase %s\nfit %d\nrows %d %d\nnear 2e-5\nshape 28 28 1\n"
                  % (text, fit, first, n))
        for row in s.transform(x[first:first + n]):
            out.write(" ".join("%.7g" % v for v in row) + "\n")
