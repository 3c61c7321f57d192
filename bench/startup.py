#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mnistpipe takes before it computes: `mnistpipe --version`, and `predict` of one row with
the bundle of pipelines/hog_svm.txt, as whole processes.

Beside them an empty program: with the libraries that mnistpipe is linked with, where the time
is the loader's, with the C library alone, and static.
Needs gcc and readelf, which the build needs, too.
"""
import os, re, sys
sys.dont_write_bytecode = True
import common


def empty(b, name, flags):
    """A program that does nothing."""
    source = f"{b.folder.name}/empty.c"
    with open(source, "w") as f:
        f.write("int main(void)\n{\n    return 0;\n}\n")
    path = f"{b.folder.name}/{name}"
    common.run(["gcc", "-O2", source, "-o", path, "-Wl,--no-as-needed", *flags])
    return path


def libraries(program):
    """What it is linked with, as flags of the linker."""
    found = re.findall(r"\(NEEDED\).*\[(.*)\]", common.run(["readelf", "-d", program])[0])
    return ["-l:" + name for name in found]


def bundle(b, program):
    """Of the pipeline, fitted on as many rows as a quick look takes: its size is the same."""
    images, labels = common.mnist(b.data, "train", 2000)
    common.write_csv(f"{b.folder.name}/train.csv", images, labels)
    common.write_csv(f"{b.folder.name}/row.csv", images[:1], labels[:1])
    common.run([program, "run", os.path.join(common.SOURCE, "pipelines", "hog_svm.txt"), "--quiet",
                "--train", f"{b.folder.name}/train.csv", "--test", f"{b.folder.name}/row.csv",
                "-o", f"{b.folder.name}/run"], to_nothing=True)
    return f"{b.folder.name}/run/bundle.mnp"


def side(command):
    """Milliseconds by the clock."""
    return lambda: {"ms": 1e3 * common.run(command, to_nothing=True)[1]["seconds"]}


def main():
    b = common.Bench(__doc__, rows=1, quick=1, runs=21)
    program = common.program("mnistpipe")
    floors = {"an empty program, same libraries": side([empty(b, "same", libraries(program))]),
              "an empty program, C library": side([empty(b, "plain", [])]),
              "an empty program, static": side([empty(b, "static", ["-static"])])}
    case = common.Case("ms", "ms")
    b.compare("mnistpipe --version", {"mnistpipe": side([program, "--version"]), **floors}, case)
    predict = [program, "predict", bundle(b, program), f"{b.folder.name}/row.csv", "--quiet",
               "-o", f"{b.folder.name}/predictions.csv"]
    b.compare("mnistpipe predict, one row", {"mnistpipe": side(predict), **floors}, case)
    b.end()


if __name__ == "__main__":
    main()
