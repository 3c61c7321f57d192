#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple classical models, `mnistpipe run` from two IDX files to the report, against scikit-learn's
(bench/peers/model.py); neighbours also against faiss, whose IndexFlatL2 compares with all rows, too.

scikit-learn's clock runs only while it learns and predicts, from floats in memory; ours also reads
files and writes the report, and what the model alone took stands beside.  Pixels are what all begin
with, but for lda and quadratic, which have principal components of them.  Gradient boosting has as
many bins, leaves and rounds on both sides; support vector machines and l1 take 10 000 rows, and in
one case all, of which scikit-learn's takes minutes: with -n 1 it is run twice.
Needs python3-numpy, and for the peers python3-sklearn, python3-faiss.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

MODELS = {"knn": "knn k=3", "knn, cosine": "knn k=3 metric=cosine", "knn, l1": "knn k=3 metric=l1",
          "lda": "pca components=40\nlda", "quadratic": "pca components=40\nquadratic shrinkage=0",
          "bayes": "bayes var_smoothing=0.01", "centroid": "centroid",
          "random forest": "forest trees=100", "extra trees": "forest kind=extra trees=100",
          "boost": "boost rounds=20 bins=255 l2=0", "boost, 64 bins": "boost rounds=20 bins=64 l2=0",
          "boost, all rows count": "boost rounds=20 bins=255 l2=0 small=0",
          "stumps": "boost rounds=50 depth=1 bins=255 l2=0",
          "sgd": "sgd epochs=5", "sgd, log": "sgd epochs=5 loss=log",
          "rbf_svm": "rbf_svm C=10 gamma=0.02",
          "rbf_svm, all rows": "rbf_svm C=10 gamma=0.02",
          "poly_svm": "rbf_svm kernel=poly degree=4 gamma=0.02 constant=1 C=1"}
FEW = {"rbf_svm": 10000, "poly_svm": 10000, "knn, l1": 10000}  # rows to learn from


def ours(program, folder, name):
    with open(f"{folder}/{name}.txt", "w") as f:
        f.write(f"data train={folder}/train-images-idx3-ubyte test={folder}/t10k-images-idx3-ubyte\n"
                f"{MODELS[name]}\n")
    out, taken = common.run([program, "run", f"{name}.txt", "--quiet", "--json", "-o", "run"],
                            cwd=folder)
    out = json.loads(out)
    return dict(taken, learn=out["seconds"]["fit"], predict=out["seconds"]["predict"],
                **{"test accuracy, %": out["test"]["accuracy"]})


def peer(folder, name, library="sklearn"):
    out, taken = common.run([sys.executable, "-W", "ignore",
                             os.path.join(common.SOURCE, "bench/peers/model.py"), folder, name,
                             library],
                            os.environ, folder)
    out = json.loads(out)
    return dict(taken, seconds=out["learn"] + out["predict"], learn=out["learn"],
                predict=out["predict"], **{"test accuracy, %": out["accuracy"]})


def options(parser):
    parser.add_argument("--only", action="append", choices=list(MODELS),
                        help="these models (default: all)")


def main():
    b = common.Bench(__doc__, options=options)
    program, folder = common.program("mnistpipe"), b.folder.name
    sklearn = b.module("sklearn", "python3-sklearn")
    faiss = b.module("faiss", "python3-faiss")
    for name in b.only or MODELS:
        place = f"{folder}/{min(b.rows, FEW.get(name, b.rows))}"
        if not os.path.exists(place):
            for part in "train", "t10k":
                rows = int(os.path.basename(place)) if part == "train" else b.rows
                common.write_idx(place, part, *common.mnist(b.data, part, rows))
        sides = {"mnistpipe": lambda: ours(program, place, name)}
        if sklearn:
            sides[f"scikit-learn {sklearn.__version__}"] = lambda: peer(place, name)
        if faiss and name == "knn":
            sides[f"faiss {faiss.__version__}"] = lambda: peer(place, name, "faiss")
        b.compare(name, sides, common.Case("seconds", "s", "whole job", leads=name == "knn"),
                  common.Case("learn", "s", "learning"),
                  common.Case("predict", "s", "predicting"),
                  common.Case("cpu", "s", "of all cores"),
                  common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
