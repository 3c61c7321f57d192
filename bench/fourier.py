#!/usr/bin/python3
"""`mnistpipe run pipelines/hog_fourier.txt` from two CSV files to the report, as a whole process,
against scikit-learn's part of the same work.

The peer (bench/peers/kernel.py: PCA, RBFSampler, RidgeClassifier) begins with the very features
that our `deskew` and `hog` give, read from .npy files without the clock.  Each run has another
seed.  Needs python3-numpy, and for the peer python3-sklearn.
"""
import itertools, json, os, subprocess, sys
sys.dont_write_bytecode = True
import common

PIPELINE = os.path.join(common.SOURCE, "pipelines/hog_fourier.txt")
SCALE, RIDGE, COMPONENTS, COSINES = 0.1, 1e-4, 128, 4096
LEARNT = "test accuracy, %"


def export(program, folder):
    """The features, in files that NumPy reads."""
    with open(f"{folder}/features.txt", "w") as f:
        f.write("data train=train.csv test=test.csv\n")
        f.writelines(line for line in open(PIPELINE) if line.startswith(("deskew", "hog")))
    subprocess.run([program, "export", "features.txt", "--format", "npy", "-o", "features",
                    "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def peer(folder, seed):
    words = [SCALE, RIDGE, COMPONENTS, COSINES, seed]
    out, taken = common.run([sys.executable, os.path.join(common.SOURCE, "bench/peers/kernel.py"),
                             "features", *map(str, words)], os.environ, folder)
    out = json.loads(out)
    return {**taken, "seconds": sum(out["seconds"].values()), LEARNT: out["accuracy"],
            **{f"{step}, s": s for step, s in out["seconds"].items()}}


def ours(program, folder, precision, seed):
    out, taken = common.run([program, "run", PIPELINE, "--train", "train.csv", "--test", "test.csv",
                             "--set", f"ridge.precision={precision}", "--seed", str(seed),
                             "--quiet", "--json", "-o", "run"], cwd=folder)
    return {**taken, LEARNT: json.loads(out)["test"]["accuracy"]}


def seeded(work, *words):
    """A side whose runs have the seeds 1, 2, ..."""
    seeds = itertools.count(1)
    return lambda: work(*words, next(seeds))


def main():
    b = common.Bench(__doc__)
    program, folder, sklearn = common.program("mnistpipe"), b.folder.name, b.module(
        "sklearn", "python3-sklearn")
    common.say("writing train.csv, test.csv and features")
    common.write_csv(f"{folder}/train.csv", *common.mnist(b.data, "train", b.rows))
    common.write_csv(f"{folder}/test.csv", *common.mnist(b.data, "t10k", b.rows))
    export(program, folder)
    sides = {"mnistpipe": seeded(ours, program, folder, "auto"),
             "mnistpipe, precision=f32": seeded(ours, program, folder, "f32")}
    if sklearn:
        sides[f"scikit-learn {sklearn.__version__}, from the features on"] = seeded(peer, folder)
    b.compare("hog_fourier.txt", sides, common.Case("seconds", "s", "whole job", leads=True),
              common.Case("cpu", "s", "of all cores"),
              common.Case("memory", "MiB", "peak memory"))
    b.end()


if __name__ == "__main__":
    main()
