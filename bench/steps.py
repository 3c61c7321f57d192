#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step buys: the pipelines named (by default pixels, deskewed pixels, gradient
histograms) on all of MNIST.

With --seeds each pipeline runs once for every seed: the accuracy with its interval is that of
the run in the middle, seconds are medians of all.  Needs python3-numpy.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

DEFAULT = ["pixels_svm", "deskew_svm", "hog_svm"]


def report(b, program, file, seed):
    folder = b.folder.name
    out, taken = common.run([program, "run", file, "--train", f"{folder}/train-images-idx3-ubyte",
                             "--test", f"{folder}/t10k-images-idx3-ubyte", "--seed", str(seed),
                             "--quiet", "--json", "-o", f"{folder}/run", *b.extra])
    r = json.loads(out)
    values = r["stages"][-2]["values_out"] if len(r["stages"]) > 1 else 0
    low, high = r["test"]["accuracy_interval"]
    return {"seconds": taken["seconds"], "values a row": values, "errors": r["test"]["errors"],
            "accuracy, %": r["test"]["accuracy"], "from, %": low, "to, %": high,
            "memory, MiB": taken["memory"]}


def middle(runs):
    """The seed whose errors are in the middle, with the seconds of each run."""
    one = sorted(runs, key=lambda r: r["errors"])[(len(runs) - 1) // 2]
    return [dict(one, seconds=r["seconds"]) for r in runs]


def options(p):
    p.add_argument("-p", action="append", metavar="FILE", help="a pipeline; may be given again")
    p.add_argument("--seeds", default="1", metavar="1,2,3", help="seeds (default: %(default)s)")


def main():
    b = common.Bench(__doc__, runs=1, options=options)
    seeds, program = [int(s) for s in b.seeds.split(",")], common.program("mnistpipe")
    common.write_idx(b.folder.name, "train", *common.mnist(b.data, "train", b.rows))
    common.write_idx(b.folder.name, "t10k", *common.mnist(b.data, "t10k", b.rows))
    for file in b.p or [os.path.join(common.SOURCE, "pipelines", n + ".txt") for n in DEFAULT]:
        common.say(file)
        runs = [report(b, program, file, s) for s in seeds for _ in range(b.runs)]
        b.note(f"{os.path.basename(file)}, errors of each run: "
               + ", ".join(str(r["errors"]) for r in runs))
        b.add(os.path.basename(file), {"mnistpipe": middle(runs)}, common.Case("seconds", "s"))
    b.end()


if __name__ == "__main__":
    main()
