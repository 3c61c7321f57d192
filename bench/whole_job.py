#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From two CSV files to a test accuracy, as whole processes: bench/peers/glue.py, what one
would put together from pandas, OpenCV and scikit-learn, against `mnistpipe run` of
pipelines/hog_svm.txt.

Steps of mnistpipe are summed over threads, but for reading and training.
What follows -- is handed to `mnistpipe run`.
Needs python3-numpy, and for the peer python3-pandas, python3-opencv, python3-sklearn.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

PEER = "pandas, OpenCV, scikit-learn"


def glue(folder):
    script = os.path.join(common.SOURCE, "bench/peers/glue.py")
    out, taken = common.run([sys.executable, script, "train.csv", "test.csv"], os.environ, folder)
    report = json.loads(out)
    return dict(taken, **{"test accuracy, %": report["accuracy"]}, **steps(report["seconds"]))


def steps(seconds):
    return {f"{step}, s": value for step, value in seconds.items()}


def ours(folder, program, pipeline, extra):
    out, taken = common.run([program, "run", pipeline, "--train", "train.csv", "--test", "test.csv",
                             "--quiet", "--json", "-o", "run", *extra], cwd=folder)
    report = json.loads(out)
    seconds = {"read": report["seconds"]["read"]}
    for stage in report["stages"]:
        fit, apply = stage["fit"], stage["apply"]["seconds"]
        learn = fit["seconds"] + fit["training_seconds"] if fit else 0
        if stage["group"] == "models":
            seconds[stage["stage"]], seconds["predict"] = learn, apply
        else:
            seconds[stage["stage"]] = seconds.get(stage["stage"], 0) + learn + apply
    return dict(taken, **{"test accuracy, %": report["test"]["accuracy"]}, **steps(seconds))


def main():
    b = common.Bench(__doc__, options=lambda p: p.add_argument(
        "--pipeline", default=os.path.join(common.SOURCE, "pipelines/hog_svm.txt"),
        help="what mnistpipe runs (default: pipelines/hog_svm.txt)"))
    program, folder = common.program("mnistpipe"), b.folder.name
    pipeline = os.path.abspath(b.pipeline)
    sides = {"mnistpipe": lambda: ours(folder, program, pipeline, b.extra)}
    needs = [b.module(*p) for p in (("pandas", "python3-pandas"), ("cv2", "python3-opencv"),
                                    ("sklearn", "python3-sklearn"))]
    if all(needs):
        sides[PEER] = lambda: glue(folder)
    common.say("writing train.csv and test.csv")
    common.write_csv(f"{folder}/train.csv", *common.mnist(b.data, "train", b.rows))
    common.write_csv(f"{folder}/test.csv", *common.mnist(b.data, "t10k", b.rows))
    b.compare(os.path.basename(pipeline), sides,
              common.Case("seconds", "s", "whole job", leads=True),
              common.Case("cpu", "s", "of all cores"),
              common.Case("memory", "MiB", "peak memory", leads=True))
    b.end()


if __name__ == "__main__":
    main()
