#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What augmentation costs a net that trains: the pipelines named (by default cnn, lenet5, mlp)
with the line `augment` and without it, in turns, on all cores.

Seconds an epoch are those of a run less those of a run that is EPOCHS shorter, so that
preparations do not count.  What follows -- is handed to `mnistpipe run`.  Needs python3-numpy.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

DEFAULT = ["cnn", "lenet5", "mlp"]
FEW = 100  # test images: they are none of what is measured


def variants(file, folder):
    """The pipeline without augment, and with it just before the net, unless it has a place."""
    with open(file) as f:
        lines = f.read().splitlines()
    without = [line for line in lines if line.split()[:1] != ["augment"]]
    if without == lines:
        at = next((i for i, line in enumerate(lines) if line.split()[:1] == ["net"]), None)
        if at is None:
            sys.exit(f"{file}: has no net")
        lines = lines[:at] + ["augment"] + lines[at:]
    paths = []
    for name, text in (("without", without), ("with", lines)):
        paths.append(os.path.join(folder, name + ".txt"))
        with open(paths[-1], "w") as f:
            f.write("\n".join(text) + "\n")
    return paths


def training_seconds(program, pipeline, folder, epochs, extra):
    out, _ = common.run(
        [program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte", "--test",
         f"{folder}/t10k-images-idx3-ubyte", "--quiet", "--json", "-o", f"{folder}/run", "--set",
         f"net.epochs={epochs}", *extra])
    return next(s for s in json.loads(out)["stages"] if s["stage"] == "net")["fit"][
        "training_seconds"]


def epoch(program, pipeline, folder, epochs, extra):
    short = training_seconds(program, pipeline, folder, 1, extra)
    seconds = (training_seconds(program, pipeline, folder, 1 + epochs, extra) - short) / epochs
    if seconds <= 0:
        sys.exit("the shorter run took longer: other work disturbs")
    return {"seconds": seconds}


def options(p):
    p.add_argument("-p", action="append", metavar="FILE", help="a pipeline; may be given again")
    p.add_argument("-e", type=common.positive, default=1, metavar="EPOCHS",
                   help="epochs timed in a run (default: %(default)s)")


def main():
    b = common.Bench(__doc__, options=options)
    program, folder = common.program("mnistpipe"), b.folder.name
    common.write_idx(folder, "train", *common.mnist(b.data, "train", b.rows))
    common.write_idx(folder, "t10k", *common.mnist(b.data, "t10k", FEW))
    for file in b.p or [f"{common.SOURCE}/pipelines/{n}.txt" for n in DEFAULT]:
        without, drawn = variants(file, folder)
        b.compare(os.path.basename(file), {
            "mnistpipe with augment": lambda: epoch(program, drawn, folder, b.e, b.extra),
            "mnistpipe without": lambda: epoch(program, without, folder, b.e, b.extra),
        }, common.Case("seconds", "s", "an epoch"))
    b.end()


if __name__ == "__main__":
    main()
