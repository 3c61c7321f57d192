#!/usr/bin/python3
"""What each step buys: the pipelines named (by default pixels, deskewed pixels, gradient
histograms) on all of MNIST, one table.

With --seeds each pipeline runs once for every seed: errors of all are listed, and the
accuracy with its interval is that of the run in the middle.  Prints Markdown.
Needs python3-numpy.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile
sys.dont_write_bytecode = True
import common

DEFAULT = ["pixels_svm", "deskew_svm", "hog_svm"]


def images(folder, part):
    found = sorted(glob.glob(os.path.join(folder, part + "-images-idx3-ubyte*")))
    return found[0] if found else sys.exit(f"{folder}: no {part}-images-idx3-ubyte")


def report(program, file, data, seed):
    with tempfile.TemporaryDirectory() as run:
        return json.loads(subprocess.run(
            [program, "run", file, "--train", images(data, "train"), "--test",
             images(data, "t10k"), "--seed", str(seed), "--quiet", "--json", "-o", run],
            check=True, stdout=subprocess.PIPE).stdout)


def row(file, reports):
    """Of the seeds' reports the one in the middle; seconds are medians of all."""
    by_errors = sorted(reports, key=lambda r: r["test"]["errors"])
    test, stages = by_errors[(len(by_errors) - 1) // 2]["test"], reports[0]["stages"]
    low, high = (100 * x for x in test["accuracy_interval"])
    seconds = common.median([r["seconds"]["total"] for r in reports])
    values = stages[-2]["values_out"] if len(stages) > 1 else ""
    errors = ", ".join(str(r["test"]["errors"]) for r in reports)
    print(f"| `{os.path.basename(file)}` | {values} | {errors} | {100 * test['accuracy']:.2f} "
          f"| {low:.2f} .. {high:.2f} | {seconds:.1f} |", flush=True)


def main():
    p = common.arguments(__doc__, runs=1)
    p.add_argument("-p", action="append", metavar="FILE", help="a pipeline; may be given again")
    p.add_argument("--seeds", default="1", metavar="1,2,3", help="seeds (default: %(default)s)")
    a = p.parse_args()
    seeds = [int(s) for s in a.seeds.split(",")]
    program = common.program("mnistpipe")
    print(f"{common.machine()}; seed{'s' * (len(seeds) > 1)} {a.seeds}\n")
    print("| pipeline | values a row | errors in 10 000 | accuracy % | 95 % interval "
          "| seconds in all |")
    print("|---|---:|---:|---:|---|---:|")
    for file in a.p or [os.path.join(common.SOURCE, "pipelines", n + ".txt") for n in DEFAULT]:
        common.say(file)
        row(file, [report(program, file, a.data, s) for s in seeds for _ in range(a.n)])


if __name__ == "__main__":
    main()
