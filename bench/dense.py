#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training the linear SVM of pipelines/hog_svm.txt on the 60 000 x 1152 features of its gradient
histograms: `svm solver=dense` against liblinear, on all cores and by itself (bench/dense.c).

The features come from one file; reading it does not count.  `svm solver=l2loss_dual` is
liblinear with a class on each core, as mnistpipe calls it; `liblinear -s 1` is its own train(),
which knows one core.  "allowed" may have no more memory of its own than so many MiB (prlimit
--data), which rows of 16 bits a value, as the dense solver keeps them, have room in; rows of floats
would have none.  Beside the seconds: the objective of each one's weights, computed here in double of
rows as they were, accuracy on the test images, and the peak memory of the process, which holds the
rows and nothing else of size.
The limit is reading the rows once from memory, 2 bytes a value.
Needs python3-numpy.
"""
import os, subprocess, sys
sys.dont_write_bytecode = True
import numpy as np
import common

C, ALLOWED = 0.3, 300   # MiB
FEW = f"mnistpipe solver=dense, allowed {ALLOWED} MiB"
SIDES = {"mnistpipe solver=dense": f"svm C={C} solver=dense",
         FEW: f"svm C={C} solver=dense",
         "liblinear, a class on each core": f"svm C={C} solver=l2loss_dual",
         "liblinear -s 1 (one core)": f"liblinear 1 {C}"}


def features(b):
    """The pipeline's features as mnistpipe exports them, and labels as bytes."""
    with open(os.path.join(common.SOURCE, "pipelines/hog_svm.txt")) as f:
        lines = [line for line in f if line.startswith(("deskew", "hog"))]
    folder = b.folder.name
    for part, rows in (("train", b.rows), ("t10k", None)):
        common.write_idx(folder, part, *common.mnist(b.data, part, rows))
    with open(f"{folder}/features.txt", "w") as f:
        f.write("data train=train-images-idx3-ubyte test=t10k-images-idx3-ubyte\n")
        f.writelines(lines)
    subprocess.run([common.program("mnistpipe"), "export", "features.txt", "--format", "npy", "-o",
                    "features", "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for part in ("train", "test"):
        labels = np.load(f"{folder}/features/{part}.labels.npy")
        labels.astype(np.uint8).tofile(f"{folder}/{part}.y")
    return folder


def scores(x, w):
    """In double, a part of the rows at a time."""
    return np.vstack([x[i:i + 4096].astype(np.float64) @ w[:, :-1].T + w[:, -1]
                      for i in range(0, len(x), 4096)])


def objective(x, y, w):
    margin = scores(x, w) * np.where(y[:, None] == np.arange(len(w)), 1, -1)
    return float((w * w).sum() / 2 + C * (np.maximum(0, 1 - margin) ** 2).sum())


def train(b, program, folder, side, data):
    cores = len(os.sched_getaffinity(0))
    limit = ["prlimit", f"--data={ALLOWED << 20}"] if side == FEW else []
    # As mnistpipe loads it: each thread of OpenBLAS's own would take 64 MiB of what is allowed.
    out, taken = common.run([*limit, "env", "OPENBLAS_NUM_THREADS=1", program,
                             f"{folder}/features/train.npy", f"{folder}/train.y", str(b.rows),
                             str(cores), f"{folder}/w", SIDES[side]])
    x, y, test_x, test_y = data
    w = np.fromfile(f"{folder}/w").reshape(-1, x.shape[1] + 1)
    right = (scores(test_x, w).argmax(axis=1) == test_y).mean()
    return {"seconds": float(out), "memory": taken["memory"], "objective": objective(x, y, w),
            "accuracy %": float(right)}


def main():
    b = common.Bench(__doc__, quick=6000, runs=5)
    program, folder = common.program("bench/dense"), features(b)
    data = [a for part in ("train", "test") for a in
            (np.load(f"{folder}/features/{part}.npy"), np.fromfile(f"{folder}/{part}.y", np.uint8))]
    memory = common.peaks().get("memory")
    limit = data[0].nbytes / 2 / 1e9 / memory if memory else None
    b.compare("svm C=0.3 on gradient histograms",
              {side: lambda side=side: train(b, program, folder, side, data) for side in SIDES},
              common.Case("seconds", "s", limit=("reading the rows once", limit), leads=True),
              common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
