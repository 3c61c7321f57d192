#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Features that are learned, or drawn, before a model: `mnistpipe run` with them in front of
a nearest mean, against scikit-learn's (bench/peers/learned_feature.py).

scikit-learn's clock runs only while it learns from the training rows and transforms all rows, from
floats in memory; ours also reads files, learns the means, predicts and writes the report, and the
threads' seconds that the feature alone took stand beside.  Centres and parts are learned from 10000
rows by both; the mean squared distance of test rows to them is a fact of the peer's, of ours what
the report says of its training rows.
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
    stage = next(s for s in json.loads(out)["stages"]
                 if s["stage"] == name.split(",")[0])
    facts = {"of threads, s": sum(stage[part]["seconds"] for part in ("fit", "apply")
                                  if stage.get(part))}
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
    return dict(taken, seconds=out["seconds"], **facts)


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
        b.compare(name, sides, common.Case("seconds", "s", "learning and transforming"),
                  common.Case("cpu", "s", "of all cores"),
                  common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
