#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Features that are learned, or drawn, before a model: `mnistpipe run` with them in front of
a nearest mean, against scikit-learn's (bench/peers/learned_feature.py).

Whole job: the process.  Of both from two IDX files; ours also learns means of classes, scores test
rows and writes report, page, bundle and predictions, of which the peer does nothing; that imports
scikit-learn.  Learning and transforming: of the peer, from floats in memory; of ours what the run
says of fit and predict, in which bytes become floats and the nearest mean learns and predicts, too.
Principal components stand before the feature on both sides and count.  Beside: the seconds that the
feature alone took of ours, its learning by the clock, the rest summed over threads.  Centres and
parts are learned from 10000 rows by both; the mean squared distance of test rows to them is a fact
of the peer's, of ours what the report says of its training rows.
Needs python3-numpy, and for the peer python3-sklearn.
"""
import json, os, re, sys
sys.dont_write_bytecode = True
import common

FEATURES = {
    "nystroem": "nystroem components=500", "kernelmap": "kernelmap",
    "polynomial": "pca components=40\npolynomial",
    "random_projection": "random_projection components=100",
    "kmeans": "kmeans clusters=50 answer=distance",
    "kmeans, by small batches": "kmeans clusters=50 answer=distance",
    "nmf": "nmf components=30 rows=10000",
    "discriminant": "pca components=100\ndiscriminant",
}


def ours(program, folder, name):
    with open(f"{folder}/feature.txt", "w") as f:
        f.write(f"data train={folder}/train-images-idx3-ubyte test={folder}/t10k-images-idx3-ubyte\n"
                f"{FEATURES[name]}\ncentroid\n")
    out, taken = common.run([program, "run", "feature.txt", "--quiet", "--json", "-o", "run"],
                            cwd=folder)
    out = json.loads(out)
    stage = next(s for s in out["stages"] if s["stage"] == name.split(",")[0])
    fit = stage["fit"] or {}
    facts = {"the feature alone, s": fit.get("seconds", 0) + fit.get("training_seconds", 0)
                                     + stage["apply"]["seconds"]}
    taken["learn"] = out["seconds"]["fit"] + out["seconds"]["predict"]
    with open(f"{folder}/run/report.txt") as f:
        error = re.search(r"mean squared distance to the nearest centre is ([\d.]+)",
                          " ".join(f.read().split()))
    if error:
        facts["squared distance"] = float(error.group(1))
    return dict(taken, **facts)


def peer(folder, name):
    out, taken = common.run([sys.executable, "-W", "ignore",
                             os.path.join(common.SOURCE, "bench/peers/learned_feature.py"), folder,
                             name], os.environ, folder)
    out = json.loads(out)
    facts = {"squared distance": out["error"]} if out["error"] is not None else {}
    return dict(taken, learn=out["seconds"], **facts)


def options(parser):
    parser.add_argument("--only", action="append", choices=list(FEATURES),
                        help="these features (default: all)")


def main():
    b = common.Bench(__doc__, options=options)
    program, folder = common.program("mnistpipe"), b.folder.name
    sklearn = b.module("sklearn", "python3-sklearn")
    for part in "train", "t10k":
        common.write_idx(folder, part, *common.mnist(b.data, part, b.rows))
    for name in b.only or FEATURES:
        sides = {"mnistpipe": lambda: ours(program, folder, name)}
        if sklearn:
            sides[f"scikit-learn {sklearn.__version__}"] = lambda: peer(folder, name)
        b.compare(name, sides, common.Case("learn", "s", "learning and transforming"),
                  common.Case("seconds", "s", "whole job"),
                  common.Case("cpu", "s", "of all cores"),
                  common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
