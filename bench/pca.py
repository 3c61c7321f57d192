#!/usr/bin/python3
"""Learning `pca components=100` from MNIST's 60 000 training images on all cores:
scikit-learn's PCA, randomized and full, against mnistpipe (bench/kernels.c).  The images are
in memory, scikit-learn's as float32 already.  Beside the seconds: by how much the
variances of the 100 components are off from those of the full decomposition, at worst.
Prints Markdown.  Needs python3-numpy, python3-sklearn.
"""
import os, subprocess, sys, tempfile, time
sys.dont_write_bytecode = True
import numpy as np
import common

COMPONENTS = 100


def ours(program, images, rows, out):
    """Seconds to learn, and the variances of what it gives for the same images."""
    lines = subprocess.run([program, "-f", "-t", "0", "-n", "1", "-r", str(rows), "-o", out,
                            images, "pixels", f"pca components={COMPONENTS}"],
                           check=True, stdout=subprocess.PIPE, text=True).stdout
    x = np.fromfile(out, np.float32).reshape(-1, COMPONENTS)
    return float(lines), x.var(axis=0, ddof=1, dtype=np.float64)


def peer(solver, x):
    from sklearn.decomposition import PCA
    model = PCA(COMPONENTS, svd_solver=solver, random_state=0)
    start = time.perf_counter()
    model.fit(x)
    return time.perf_counter() - start, model.explained_variance_


def table(found):
    """found: for each contestant its (seconds, variances), run by run; ours is first."""
    exact = next(runs[0][1] for name, runs in found.items() if name.endswith("full"))
    seconds = {name: common.median([s for s, _ in runs]) for name, runs in found.items()}
    own = next(iter(seconds.values()))
    n = len(next(iter(found.values())))
    print(f"\n{common.machine()}; medians of alternating runs ({n} of each), all cores\n")
    print("| | seconds | variances off by | ratio |\n|---|---:|---:|---:|")
    for name, runs in found.items():
        off = np.max(np.abs(runs[0][1] / exact - 1))
        print(f"| {name} | {seconds[name]:.3f} | {off:.1e} | {seconds[name] / own:.1f} |")


def main():
    a = common.arguments(__doc__).parse_args()
    program = common.program("bench/kernels")
    x = common.mnist(a.data, "train", a.rows)[0]
    x = x.reshape(len(x), -1).astype(np.float32) / 255
    images = os.path.join(a.data, "train-images-idx3-ubyte")
    images = images + ".gz" if os.path.exists(images + ".gz") else images
    import sklearn
    names = {s: f"scikit-learn {sklearn.__version__} {s}" for s in ("randomized", "full")}
    found = {"mnistpipe": [], **{name: [] for name in names.values()}}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(a.n):
            found["mnistpipe"].append(ours(program, images, len(x), f"{folder}/out"))
            for solver, name in names.items():
                found[name].append(peer(solver, x))
            common.say(f"run {i + 1}:", ", ".join(f"{name} {runs[-1][0]:.3f} s"
                                                  for name, runs in found.items()))
    table(found)


if __name__ == "__main__":
    main()
