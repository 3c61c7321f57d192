#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Learning `pca components=100` from MNIST's 60 000 training images on all cores:
scikit-learn's PCA, randomized and full, against mnistpipe (bench/kernels.c).

The images are in memory, scikit-learn's as float32 already.  Beside the seconds: by how much
the variances of the 100 components are off from those of the full decomposition, at worst.
The limit is the covariance alone: its multiply-adds at the peak of f32.
Needs python3-numpy, and for the peer python3-sklearn.
"""
import sys, time
sys.dont_write_bytecode = True
import numpy as np
import common

COMPONENTS = 100
OFF = "variances off by"


def variances(x):
    """Of the full decomposition, in double precision."""
    return np.linalg.eigvalsh(np.cov(x.astype(np.float64), rowvar=False))[::-1][:COMPONENTS]


def off(found, exact):
    return float(np.max(np.abs(found / exact - 1)))


def ours(b, program, images, exact):
    """Seconds to learn, and the variances of what it gives for the same images."""
    out = f"{b.folder.name}/out"
    seconds = common.run([program, "-f", "-t", "0", "-n", "1", "-r", str(b.rows), "-o", out,
                          images, "pixels", f"pca components={COMPONENTS}"])[0]
    x = np.fromfile(out, np.float32).reshape(-1, COMPONENTS)
    return {"seconds": float(seconds), OFF: off(x.var(axis=0, ddof=1, dtype=np.float64), exact)}


def peer(PCA, solver, x, exact):
    model = PCA(COMPONENTS, svd_solver=solver, random_state=0)
    start = time.perf_counter()
    model.fit(x)
    return {"seconds": time.perf_counter() - start, OFF: off(model.explained_variance_, exact)}


def main():
    b = common.Bench(__doc__, quick=2000)
    program, peak = common.program("bench/kernels"), common.peaks()
    x = common.mnist(b.data, "train", b.rows)[0]
    x = x.reshape(len(x), -1).astype(np.float32) / 255
    exact = variances(x)
    images = common.idx_path(b.data, "train-images-idx3-ubyte")
    sides = {"mnistpipe": lambda: ours(b, program, images, exact)}
    sklearn = b.module("sklearn", "python3-sklearn")
    if sklearn:
        from sklearn.decomposition import PCA
        for solver in ("randomized", "full"):
            sides[f"scikit-learn {sklearn.__version__} {solver}"] = (
                lambda solver=solver: peer(PCA, solver, x, exact))
    flops = x.shape[0] * x.shape[1] * (x.shape[1] + 1)   # half of the symmetric product
    limit = flops / (1e9 * peak["f32"] * b.result["machine"]["cores"])
    b.compare(f"pca components={COMPONENTS}", sides,
              common.Case("seconds", "s", limit=("peak f32 arithmetic", limit), leads=True))
    b.end()


if __name__ == "__main__":
    main()
