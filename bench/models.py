#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple classical models, `mnistpipe run` from two IDX files to the report, against scikit-learn's
(bench/peers/model.py).

scikit-learn's clock runs only while it learns and predicts, from floats in memory; ours also reads
files and writes the report, and what the model alone took stands beside.  Pixels are what all begin
with, but for lda and quadratic, which have principal components of them.
Needs python3-numpy, and for the peer python3-sklearn.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

MODELS = {"knn": "knn k=3", "knn, cosine": "knn k=3 metric=cosine", "knn, l1": "knn k=3 metric=l1",
          "lda": "pca components=40\nlda", "quadratic": "pca components=40\nquadratic shrinkage=0",
          "bayes": "bayes var_smoothing=0.01", "centroid": "centroid"}


def ours(program, folder, name):
    with open(f"{folder}/{name}.txt", "w") as f:
        f.write(f"data train={folder}/train-images-idx3-ubyte test={folder}/t10k-images-idx3-ubyte\n"
                f"{MODELS[name]}\n")
    out, taken = common.run([program, "run", f"{name}.txt", "--quiet", "--json", "-o", "run"],
                            cwd=folder)
    out = json.loads(out)
    alone = out["seconds"]["fit"] + out["seconds"]["predict"]
    return dict(taken, **{"test accuracy, %": out["test"]["accuracy"],
                          "learning and predicting, s": alone})


def peer(folder, name):
    out, taken = common.run([sys.executable, "-W", "ignore",
                             os.path.join(common.SOURCE, "bench/peers/model.py"), folder, name],
                            os.environ, folder)
    out = json.loads(out)
    return dict(taken, seconds=out["seconds"], **{"test accuracy, %": out["accuracy"],
                                                  "learning and predicting, s": out["seconds"]})


def options(parser):
    parser.add_argument("--only", action="append", choices=list(MODELS),
                        help="these models (default: all)")


def main():
    b = common.Bench(__doc__, options=options)
    program, folder = common.program("mnistpipe"), b.folder.name
    sklearn = b.module("sklearn", "python3-sklearn")
    for part in "train", "t10k":
        common.write_idx(folder, part, *common.mnist(b.data, part, b.rows))
    for name in b.only or MODELS:
        sides = {"mnistpipe": lambda: ours(program, folder, name)}
        if sklearn:
            sides[f"scikit-learn {sklearn.__version__}"] = lambda: peer(folder, name)
        b.compare(name, sides, common.Case("seconds", "s", "whole job", leads=name == "knn"),
                  common.Case("cpu", "s", "of all cores"),
                  common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
