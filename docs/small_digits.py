#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""small_digits.py PROGRAM - writes docs/small_digits.md: the pipelines that ship on the 8 x 8 digits of
scikit-learn (UCI's Optical Recognition of Handwritten Digits, its test part), and which stages stop
helping there.  Needs python3-sklearn; takes some minutes.
"""
import glob, json, os, subprocess, sys, tempfile
import numpy as np
from sklearn.datasets import load_digits

HEAD = """# On 8 x 8 pixels

Written by `docs/small_digits.py ./mnistpipe`: the pipelines as they ship, made for 28 x 28 pixels, on the 1797 digits
of scikit-learn's `load_digits()`: 8 x 8 pixels, levels 0 to 16. Each row is scored by a pipeline that has not seen it
(5 folds, seed 1), and nothing was chosen for these rows. Neighbouring rows of this set are often by the same
hand, and folds tear them apart: for people who have not written any, expect less.

    ./mnistpipe run pipelines/hog_svm.txt --train digits.csv --test= --set data.range=16 --set data.folds=5
"""
ROWS = ["--set", "data.test=", "--set", "data.range=16", "--set", "data.folds=5", "--quiet"]


def write_csv(path):
    digits = load_digits()
    names = ["label"] + [f"pixel{i}" for i in range(64)]
    np.savetxt(path, np.column_stack([digits.target, digits.data]), fmt="%d", delimiter=",",
               header=",".join(names), comments="")


def report(program, command, pipeline, folder):
    """What the command reports, or why it cannot."""
    done = subprocess.run([program, command, pipeline, "--train", f"{folder}/digits.csv", *ROWS,
                           "-o", f"{folder}/out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1].split(": ", 2)[-1]
    with open(f"{folder}/out/{'report' if command == 'run' else command}.json") as f:
        return json.load(f), None


def stage(row):
    return "; ".join(" ".join(d["text"].split()) for d in row["dropped"])


def interval(low, high, form):
    return f"{form % (100 * low)} .. {form % (100 * high)}"


def main():
    program = sys.argv[1]
    here = os.path.dirname(os.path.abspath(__file__))
    found, refused, stages = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        write_csv(f"{folder}/digits.csv")
        for pipeline in sorted(glob.glob(f"{here}/../pipelines/*.txt")):
            name = os.path.basename(pipeline)[:-4]
            whole, why = report(program, "run", pipeline, folder)
            if whole is None:
                refused.append((name, why))
                continue
            found.append((whole["test"]["errors"], name, whole["test"]))
            without, _ = report(program, "ablate", pipeline, folder)  # None: there are no stages
            stages += [(name, r) for r in (without or {"rows": []})["rows"] if r.get("better")]
            print(name, whole["test"]["errors"], file=sys.stderr)
    out = [HEAD, "| pipeline | errors of 1797 | % | 95 % interval |", "|---|--:|--:|--:|"]
    for errors, name, w in sorted(found, key=lambda f: f[:2]):
        out.append(f"| {name} | {errors} | {100 * w['accuracy']:.2f} | "
                   f"{interval(*w['accuracy_interval'], '%.2f')} |")
    out += ["", "What cannot work on images so small says so:", ""] if refused else []
    out += [f"- `{name}`: {why}" for name, why in refused]
    out += ["", "Stages that make a difference there (`mnistpipe ablate`, McNemar's exact test of the same rows, at 5 % "
            "after Holm's\ncorrection within a pipeline); all others show none:", "",
            "| pipeline | stage | points that it buys | 95 % interval | better |", "|---|---|--:|--:|---|"]
    for name, r in sorted(stages, key=lambda s: s[1]["bought"]):
        out.append(f"| {name} | `{stage(r)}` | {100 * r['bought']:+.2f} | "
                   f"{interval(*r['bought_interval'], '%+.2f')} | {r['better']} |")
    with open(f"{here}/small_digits.md", "w") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
