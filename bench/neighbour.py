#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the threads that mnistpipe takes by default cost where the machine is not its own: whole
runs on an idle machine, beside neighbours that keep half of the cores busy, and with the time of
one processor.

Beside the default stand runs with --threads 1, 2, 4 ... up to the number of cores; a note has the
default's time in terms of the best of these, which 1.15 is to bound.  The time of one processor is
a quota of a cgroup, which takes the right to make one.
"""
import contextlib, os, subprocess, sys
sys.dont_write_bytecode = True
import common

JOBS = {"hog_svm": [], "cnn_fast": ["--set", "net.epochs=1"]}
GROUPS = (("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000"),    # version 1
          ("/sys/fs/cgroup", "cpu.max", "100000 100000"))          # version 2


@contextlib.contextmanager
def neighbours(n):
    """Processes that do nothing but compute."""
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(n)]
    try:
        yield []
    finally:
        for p in busy:
            p.kill()
            p.wait()


@contextlib.contextmanager
def quota():
    """The words before a command that give it the time of one processor; None: not allowed."""
    for parent, file, text in GROUPS:
        folder = f"{parent}/mnistpipe-bench-{os.getpid()}"
        try:
            os.mkdir(folder)
        except OSError:
            continue
        try:
            if os.path.exists(f"{folder}/{file}"):
                with open(f"{folder}/{file}", "w") as f:
                    f.write(text)
                yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', f"{folder}/cgroup.procs"]
                return
        except OSError:
            pass
        finally:
            os.rmdir(folder)
    yield None


def measure(b, name, command, counts):
    """The default, and so many threads, in turns; then a sentence on them."""
    side = lambda *more: lambda: common.run([*command, *more], to_nothing=True)[1]
    sides = {"mnistpipe": side()}
    sides.update({f"mnistpipe --threads {n}": side("--threads", str(n)) for n in counts})
    b.compare(name, sides, common.Case("seconds", "s", "whole job"),
              common.Case("cpu", "s", "of all cores"))
    own, *others = next(c for c in b.result["cases"] if c["name"] == name)["sides"]
    best = min(others, key=lambda s: s["median"])
    b.note(f"{name}: the default takes {own['median'] / best['median']:.2f} times as long as "
           f"{best['name'].removeprefix('mnistpipe ')}, the best.")


def main():
    b = common.Bench(__doc__, rows=20000, quick=400)
    program, folder = common.program("mnistpipe"), b.folder.name
    cores = len(os.sched_getaffinity(0))
    counts = sorted({cores, *(1 << i for i in range(cores.bit_length()) if 1 << i <= cores)})
    common.write_csv(f"{folder}/train.csv", *common.mnist(b.data, "train", b.rows))
    common.write_csv(f"{folder}/test.csv", *common.mnist(b.data, "t10k", b.rows))
    places = {"idle": neighbours(0), f"{max(1, cores // 2)} of {cores} cores busy":
              neighbours(max(1, cores // 2)), "the time of one processor": quota()}
    for place, enter in places.items():
        with enter as before:
            if before is None:
                b.note(f"{place}: not measured; no cgroup with a quota can be made here.")
                continue
            for job, more in JOBS.items():
                pipeline = os.path.join(common.SOURCE, "pipelines", job + ".txt")
                measure(b, f"{job}, {place}",
                        [*before, program, "run", pipeline, "--train", f"{folder}/train.csv",
                         "--test", f"{folder}/test.csv", "--quiet", "-o", f"{folder}/run", *more],
                        counts)
    b.end()


if __name__ == "__main__":
    main()
