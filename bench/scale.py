#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cost of `mnistpipe run` grows: time and peak memory as rows double (7 500 to 480 000),
as features double, and with threads; and the exponent that fits.

Rows beyond MNIST's are its own, each copy shifted by up to two pixels. Rows of the test are few, so
that training is what is measured. A pipeline stops growing when the last run took --most
seconds, or when the next may need more than half of the memory. Memory is the most that was
resident: what the system could take back, as pages of a file, counts while it is there.
"Allowed": the process may have no more memory of its own than that (prlimit --data).
What follows -- is handed to `mnistpipe run`.  Needs python3-numpy.
"""
import sys
sys.dont_write_bytecode = True
import numpy as np
import common

FIRST, DOUBLED, FEW = 7500, 7, 1000
ALLOWED = 400   # MiB
PIPELINES = {
    "hog, pca, net": "deskew\nhog cell=4\npca components=40\nnet epochs=1 batch=128\n"
                     "  dense units=64",
    "hog_svm": "deskew\nhog cell=4 block=2 bins=8 signed=yes norm=l1sqrt\nsvm C=0.3",
    "hog_fourier": "deskew\nhog cell=4 block=2 bins=8 signed=yes norm=l1sqrt\n"
                   "pca components=128 rows=250000\nfourier components=4096\nridge precision=auto",
    "lenet5": "net epochs=1 batch=128\n  conv filters=6 kernel=5 act=relu\n  maxpool size=2\n"
              "  conv filters=16 kernel=5 pad=valid act=relu\n  maxpool size=2\n"
              "  dense units=84 act=relu",
}
STREAMED = ("hog, pca, net", "hog_svm", "lenet5")   # a ridge of 4096 values needs more
SIDES = (14, 20, 28, 40, 56)   # of images, for features: their squares about double
WIDE = "resize width={0} height={0}\npixels\npca components=20\nsvm C=0.1"


def more_rows(images, labels, n):
    """n rows: MNIST's, then the same shifted, each pass over them by another step."""
    steps = [(y, x) for y in (0, 1, -1, 2, -2) for x in (0, 1, -1, 2, -2)]
    passes = -(-n // len(images))
    out = np.concatenate([np.roll(images, steps[i % len(steps)], (1, 2)) for i in range(passes)])
    return out[:n], np.tile(labels, passes)[:n]


def run(b, program, lines, folder, threads, allowed=None):
    """The least of the runs, as nothing but other work makes one longer."""
    path = f"{b.folder.name}/pipeline.txt"
    with open(path, "w") as f:
        f.write(f"data train=x test=x\n{lines}\n")
    limit = ["prlimit", f"--data={allowed << 20}"] if allowed else []
    taken = [common.run([*limit, program, "run", path,
                         "--train", f"{folder}/train-images-idx3-ubyte",
                         "--test", f"{b.folder.name}/t10k-images-idx3-ubyte",
                         "--threads", str(threads), "--quiet", "-o", f"{b.folder.name}/run",
                         *b.extra], to_nothing=True)[1]
             for _ in range(b.runs)]
    return min(t["seconds"] for t in taken), min(t["memory"] for t in taken)


def grow(b, name, what, sizes, work):
    """Time and memory for each size, as long as they are bearable."""
    most = 512 * b.result["machine"]["memory_gib"]
    seconds, memory = [], []
    for size in sizes:
        taken, used = work(size)
        common.say(f"scale: {name}, {what} {size}: {taken:.2f} s, {used:.0f} MiB")
        seconds.append((size, taken))
        memory.append((size, used))
        if taken > b.most or 2 * used > most:
            b.note(f"{name}, {what}: no more than {size}, which took {taken:.1f} s and "
                   f"{used:.0f} MiB.")
            break
    return seconds, memory


def curves(b, what, found, how=""):
    b.curve(f"time, {what}{how}", what, "seconds", {k: v[0] for k, v in found.items()})
    b.curve(f"peak memory, {what}{how}", what, "MiB", {k: v[1] for k, v in found.items()})


def largest(b, found, how=""):
    """The last of each curve as a case, which the ledger remembers."""
    for name, (seconds, memory) in found.items():
        rows = seconds[-1][0]
        b.add(f"{name}, {rows} rows{how}",
              {"mnistpipe": [{"seconds": seconds[-1][1], "memory": memory[-1][1]}]},
              common.Case("seconds", "s"), common.Case("memory", "MiB", "peak memory"))


def options(p):
    p.add_argument("--most", type=float, default=60, metavar="SECONDS",
                   help="a longer run is the last of its pipeline (default: %(default)s)")
    p.add_argument("--only", action="append", choices=list(PIPELINES), help="this pipeline")


def main():
    b = common.Bench(__doc__, rows=FIRST << (DOUBLED - 1), quick=8 * 500, runs=1, options=options)
    program, cores = common.program("mnistpipe"), b.result["machine"]["cores"]
    first = max(1, b.rows >> 3) if b.a.quick else FIRST
    images, labels = common.mnist(b.data, "train")
    common.write_idx(b.folder.name, "t10k", *common.mnist(b.data, "t10k", FEW))
    written = {}

    def folder(n):
        if n not in written:
            written[n] = f"{b.folder.name}/{n}"
            common.write_idx(written[n], "train", *more_rows(images, labels, n))
        return written[n]
    sizes = [first << i for i in range(DOUBLED) if first << i <= b.rows]
    chosen = {k: PIPELINES[k] for k in b.only or PIPELINES}
    for allowed, some in (None, chosen), (ALLOWED, [k for k in chosen if k in STREAMED]):
        how = f", allowed {allowed} MiB" if allowed else ""
        found = {k: grow(b, k + how, "rows", sizes, lambda n, p=PIPELINES[k]: run(
            b, program, p, folder(n), cores, allowed)) for k in some}
        curves(b, "rows", found, how)
        largest(b, found, how)
    middle = sizes[len(sizes) // 2]
    curves(b, "features", {"pca": grow(b, "pca", "features", [s * s for s in SIDES], lambda n: run(
        b, program, WIDE.format(round(n ** 0.5)), folder(middle), cores))})
    curves(b, "threads", {k: grow(b, k, "threads", [1 << i for i in range(cores.bit_length())],
                                  lambda n, p=p: run(b, program, p, folder(middle), n))
                          for k, p in chosen.items()})
    b.note(f"Features and threads: {middle} rows.")
    b.end()


if __name__ == "__main__":
    main()
