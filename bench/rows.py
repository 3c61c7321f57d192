#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row costs where there are 8 100 000 of them: `mnistpipe run` of hog_svm and hog_fourier on
7500 rows to as many as InfiniMNIST's MNIST8M has, time, memory, what is written to disk, and the
exponents with which these grow.

Rows beyond MNIST's are its own, each copy shifted and sheared by another step, in IDX files that
take 6.4 GB in $TMPDIR or /var/tmp. Rows of the test are few, so that training is what is measured.
"Allowed": the process may have no more memory of its own than that (prlimit --data).
What follows -- is handed to `mnistpipe run`.  Needs python3-numpy.
"""
import itertools, os, sys, tempfile
sys.dont_write_bytecode = True
if "TMPDIR" not in os.environ:
    tempfile.tempdir = "/var/tmp"   # /tmp may be memory
import numpy as np
import common, scale

SIZES = 7500, 60000, 480000, 1920000, 8100000
FEW = 1000
HIGH = 1920000   # rows that are measured without a limit, too: they take 9.7 GiB
ALLOWED = {60000: 400, 1920000: 1024, 8100000: 2048}   # MiB
GROWN = {"seconds": "seconds", "memory": "MiB", "written": "MiB written"}


def distorted(images, k):
    """The k-th copy: shears, then shifts, the smallest first."""
    shifts = sorted(itertools.product(range(-2, 3), repeat=2), key=lambda s: (max(map(abs, s)), s))
    shear = (0, 1, -1, 2, -2, 3, -3)[k // len(shifts) % 7]
    middle = images.shape[1] // 2
    rows = [np.roll(images[:, y], round(shear * (y - middle) / middle), 1)
            for y in range(images.shape[1])]
    return np.roll(np.stack(rows, 1), shifts[k % len(shifts)], (1, 2))


def write(folder, images, labels, n):
    """Copy by copy, as they are more than memory may hold."""
    os.makedirs(folder)
    for name, shape in ("images-idx3", images.shape[1:]), ("labels-idx1", ()):
        with open(f"{folder}/train-{name}-ubyte", "wb") as f:
            f.write(bytes([0, 0, 8, 1 + len(shape)]) + np.array((n, *shape), ">u4").tobytes())
            for k, at in enumerate(range(0, n, len(images))):
                some = min(len(images), n - at)
                rows = distorted(images[:some], k) if shape else labels[:some]
                f.write(rows.tobytes())


def run(b, program, lines, folder, allowed):
    path = f"{b.folder.name}/pipeline.txt"
    with open(path, "w") as f:
        f.write(f"data train=x test=x\n{lines}\n")
    limit = ["prlimit", f"--data={allowed << 20}"] if allowed else []
    return common.run([*limit, program, "run", path, "--train", f"{folder}/train-images-idx3-ubyte",
                       "--test", f"{b.folder.name}/t10k-images-idx3-ubyte", "--quiet",
                       "-o", f"{b.folder.name}/run", *b.extra], to_nothing=True)[1]


def options(p):
    p.add_argument("--only", action="append", choices=["hog_svm", "hog_fourier"],
                   help="this pipeline")


def main():
    b = common.Bench(__doc__, rows=SIZES[-1], quick=4000, runs=1, options=options)
    program = common.program("mnistpipe")
    images, labels = common.mnist(b.data, "train")
    common.write_idx(b.folder.name, "t10k", *common.mnist(b.data, "t10k", FEW))
    found = {key: {} for key in GROWN}
    sizes = [n for n in SIZES if n <= b.rows] or [b.rows]
    for n in sizes:
        folder = f"{b.folder.name}/{n}"
        write(folder, images, labels, n)
        for name in b.only or ("hog_svm", "hog_fourier"):
            limits = ([None] if n <= HIGH else []) + ([ALLOWED[n]] if n in ALLOWED else [])
            for allowed in limits:
                how = f", allowed {allowed} MiB" if allowed else ""
                taken = [run(b, program, scale.PIPELINES[name], folder, allowed)
                         for _ in range(b.runs)]
                for t in taken:
                    t["row"] = 1e6 * t["seconds"] / n
                series = name + (", allowed" if allowed else "")
                for key in GROWN:
                    least = max(min(t[key] for t in taken), 0.1)
                    found[key].setdefault(series, []).append((n, least))
                common.say(f"rows: {name}, {n} rows{how}: {taken[-1]['seconds']:.2f} s")
                b.add(f"{name}, {n} rows{how}", {"mnistpipe": taken}, common.Case("seconds", "s"),
                      common.Case("row", "us", "time a row"),
                      common.Case("memory", "MiB", "peak memory"),
                      common.Case("written", "MiB", "written to disk"))
        for file in os.scandir(folder):
            os.remove(file)
    for key, unit in GROWN.items():
        b.curve(f"{key} as rows grow", "rows", unit, found[key])
    b.end()


if __name__ == "__main__":
    main()
