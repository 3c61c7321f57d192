#!/usr/bin/python3
"""`mnistpipe run pipelines/hog_fourier.txt` from two CSV files to the report, as a whole process,
against scikit-learn's part of the same work (bench/peers/kernel.py: PCA, RBFSampler,
RidgeClassifier) on the very features that our `deskew` and `hog` give, read from .npy files
without the clock.  Each run has another seed.  Prints Markdown.
Needs python3-numpy, python3-sklearn.
"""
import json, os, subprocess, sys, tempfile
sys.dont_write_bytecode = True
import common
from whole_job import run

PIPELINE = os.path.join(common.SOURCE, "pipelines/hog_fourier.txt")
SCALE, RIDGE, COMPONENTS, COSINES = 0.1, 1e-4, 128, 4096


def best_environment():
    """OpenBLAS told the processor, which Debian's cannot always tell itself."""
    with open("/proc/cpuinfo") as f:
        cpu = f.read()
    kind = ("Cooperlake" if "avx512_bf16" in cpu else "SkylakeX" if "avx512vl" in cpu else None)
    return {**os.environ, **({"OPENBLAS_CORETYPE": kind} if kind else {})}


def export(program, folder):
    """The features, in files that NumPy reads."""
    with open(f"{folder}/features.txt", "w") as f:
        f.write("data train=train.csv test=test.csv\n")
        f.writelines(line for line in open(PIPELINE) if line.startswith(("deskew", "hog")))
    subprocess.run([program, "export", "features.txt", "--format", "npy", "-o", "features",
                    "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def peer(folder, seed):
    words = [SCALE, RIDGE, COMPONENTS, COSINES, seed]
    out, taken = run([sys.executable, os.path.join(common.SOURCE, "bench/peers/kernel.py"),
                      "features", *map(str, words)], folder, best_environment())
    out = json.loads(out)
    return dict(taken, accuracy=out["accuracy"], steps=out["seconds"],
                wall=sum(out["seconds"].values()))


def ours(program, folder, precision, seed):
    out, taken = run([program, "run", PIPELINE, "--train", "train.csv", "--test", "test.csv",
                      "--set", f"ridge.precision={precision}", "--seed", str(seed), "--quiet",
                      "--json", "-o", "run"], folder)
    return dict(taken, accuracy=json.loads(out)["test"]["accuracy"])


def table(found):
    own = common.median([r["wall"] for r in next(iter(found.values()))])
    n = len(next(iter(found.values())))
    print(f"\n{common.machine()}; medians of alternating runs ({n} of each, seeds 1 to {n})\n")
    print("| | seconds | ratio | CPU seconds | peak memory, MiB | test accuracy, % |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, runs in found.items():
        wall, cpu, memory, accuracy = (common.median([r[k] for r in runs])
                                       for k in ("wall", "cpu", "memory", "accuracy"))
        print(f"| {name} | {wall:.2f} | {wall / own:.1f} | {cpu:.1f} | {memory:.0f} | "
              f"{100 * accuracy:.2f} |")
    steps = [r["steps"] for r in next(reversed(found.values()))]
    print("\nOf scikit-learn's: " + ", ".join(
        f"{name} {common.median([s[name] for s in steps]):.2f} s" for name in steps[0]))


def main():
    a = common.arguments(__doc__).parse_args()
    program = common.program("mnistpipe")
    import sklearn
    names = {"mnistpipe, whole command": "auto", "the same, precision=f32": "f32"}
    last = f"scikit-learn {sklearn.__version__}, from the features on"
    found = {name: [] for name in [*names, last]}
    with tempfile.TemporaryDirectory() as folder:
        common.say("writing train.csv, test.csv and features")
        common.write_csv(f"{folder}/train.csv", *common.mnist(a.data, "train", a.rows))
        common.write_csv(f"{folder}/test.csv", *common.mnist(a.data, "t10k"))
        export(program, folder)
        for i in range(a.n):
            for name, precision in names.items():
                found[name].append(ours(program, folder, precision, i + 1))
            found[last].append(peer(folder, i + 1))
            common.say(f"run {i + 1}:", ", ".join(
                f"{name} {runs[-1]['wall']:.2f} s, {100 * runs[-1]['accuracy']:.2f} %"
                for name, runs in found.items()))
    table(found)


if __name__ == "__main__":
    main()
