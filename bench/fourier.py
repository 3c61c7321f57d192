#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histograms, random cosines and least squares, `mnistpipe run` of pipelines/hog_fourier.txt from
two CSV files to the report, against scikit-learn's part of the same work (bench/peers/kernel.py:
PCA, RBFSampler, RidgeClassifier).

scikit-learn begins with the very features that our `deskew` and `hog` give, and its clock runs only
while it learns and predicts.  Each run has another seed.
Needs python3-numpy, and for the peer python3-sklearn.
"""
import itertools, json, os, sys
sys.dont_write_bytecode = True
import common

PIPELINE = os.path.join(common.SOURCE, "pipelines/hog_fourier.txt")
SCALE, RIDGE, COMPONENTS, COSINES = 0.1, 1e-4, 128, 4096


def export(program, folder):
    """The features, in files that NumPy reads."""
    with open(PIPELINE) as lines, open(f"{folder}/features.txt", "w") as f:
        f.write("data train=train.csv test=test.csv\n")
        f.writelines(line for line in lines if line.startswith(("deskew", "hog")))
    common.run([program, "export", "features.txt", "--format", "npy", "-o", "features", "--quiet"],
               cwd=folder, to_nothing=True)


def peer(folder, seed):
    words = [SCALE, RIDGE, COMPONENTS, COSINES, seed]
    out, taken = common.run([sys.executable, "-W", "ignore",
                             os.path.join(common.SOURCE, "bench/peers/kernel.py"), "features",
                             *map(str, words)], os.environ, folder)
    out = json.loads(out)
    return dict(taken, seconds=sum(out["seconds"].values()),
                **{"test accuracy, %": out["accuracy"]},
                **{f"{step}, s": value for step, value in out["seconds"].items()})


def ours(program, folder, precision, seed):
    out, taken = common.run([program, "run", PIPELINE, "--train", "train.csv", "--test", "test.csv",
                             "--set", f"ridge.precision={precision}", "--seed", str(seed),
                             "--quiet", "--json", "-o", "run"], cwd=folder)
    return dict(taken, **{"test accuracy, %": json.loads(out)["test"]["accuracy"]})


def side(work, *words):
    """Seed 0 is the warm-up's."""
    seeds = itertools.count()
    return lambda: work(*words, next(seeds))


def main():
    b = common.Bench(__doc__)
    program, folder = common.program("mnistpipe"), b.folder.name
    sides = {"mnistpipe": side(ours, program, folder, "auto"),
             "mnistpipe, precision=f32": side(ours, program, folder, "f32")}
    sklearn = b.module("sklearn", "python3-sklearn")
    if sklearn:
        sides[f"scikit-learn {sklearn.__version__}, from the features on"] = side(peer, folder)
    common.say("writing train.csv, test.csv and features")
    common.write_csv(f"{folder}/train.csv", *common.mnist(b.data, "train", b.rows))
    common.write_csv(f"{folder}/test.csv", *common.mnist(b.data, "t10k", b.rows))
    export(program, folder)
    b.compare("hog_fourier.txt", sides, common.Case("seconds", "s", "whole job", leads=True),
              common.Case("cpu", "s", "of all cores"), common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
