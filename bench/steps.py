#!/usr/bin/python3
"""What each step buys: the pipelines named (by default pixels, deskewed pixels, gradient
histograms) on all of MNIST, one table.  Prints Markdown.  Needs python3-numpy.
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


def main():
    p = common.arguments(__doc__, runs=1)
    p.add_argument("-p", action="append", metavar="FILE", help="a pipeline; may be given again")
    a = p.parse_args()
    program = common.program("mnistpipe")
    print(f"{common.machine()}\n")
    print("| pipeline | values a row | errors in 10 000 | accuracy % | 95 % interval | seconds in all |")
    print("|---|---:|---:|---:|---|---:|")
    for file in a.p or [os.path.join(common.SOURCE, "pipelines", n + ".txt") for n in DEFAULT]:
        common.say(file)
        reports = []
        for _ in range(a.n):
            with tempfile.TemporaryDirectory() as run:
                reports.append(json.loads(subprocess.run(
                    [program, "run", file, "--train", images(a.data, "train"), "--test",
                     images(a.data, "t10k"), "--quiet", "--json", "-o", run],
                    check=True, stdout=subprocess.PIPE).stdout))
        test, stages = reports[0]["test"], reports[0]["stages"]
        low, high = (100 * x for x in test["accuracy_interval"])
        seconds = common.median([r["seconds"]["total"] for r in reports])
        values = stages[-2]["values_out"] if len(stages) > 1 else ""
        print(f"| `{os.path.basename(file)}` | {values} | {test['errors']} "
              f"| {100 * test['accuracy']:.2f} | {low:.2f} .. {high:.2f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
