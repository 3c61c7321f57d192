#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing goes wrong at a time, or the program is killed: is anything lost, wrong, or left?

    faults.py memory|calls|kill MOST PROGRAM [INJECT.so]

memory  every allocation of each scenario refused once (tests/inject.c)
calls   every write, open, rename, mmap ... failing once (strace)
kill    SIGKILL at any moment; then the same command again, with --resume where there is one

FAULTS_ONLY: scenarios, where not all are tried. FAULTS_NOT: calls that do not fail.
FAULTS_FROM: the number of the first allocation that is refused, to go on where a run was ended.
MOST: how many faults of each kind are tried, drawn with a fixed seed; 0: all (kill: 1000).

A command that ends with 0 has written the bytes that it writes undisturbed, or says in a warning
what is missing; any other end is one line on stderr.  In neither case is anything left behind.
"""

import collections
import filecmp
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HOG = "hog\nsvm C=0.3\n"
PIPELINES = {
    "svm": HOG,
    "ridge": "pca components=20\nridge\n",
    "net": "net epochs=2\n  conv filters=4 kernel=5\n  maxpool size=2\n  dense units=16\n",
    "long": "net epochs=40\n  conv filters=8 kernel=5\n  maxpool size=2\n  dense units=32\n",
    "vote": "vote\n  branch\n    hog cell=7\n    svm C=0.3\n    calibrate\n  branch\n    pixels\n"
            "    logistic C=0.01\n    calibrate\n",
}
# name: what is run, with the folder `out` for what it writes
SCENARIOS = {
    "svm": "run svm.txt -o out",
    "ridge": "run ridge.txt -o out",
    "net": "run net.txt -o out",
    "vote": "run vote.txt -o out",
    "predict": "predict ready/bundle.mnp test.csv -o out/predictions.csv",
    "export": "export svm.txt -o out --format npz",
    "compare": "compare svm.txt ridge.txt -o out --no-cache",
    "cached": "compare svm.txt ridge.txt -o out --cache cache",
    "beside": "compare svm.txt ridge.txt -o out --cache cache --threads 2",
    "ablate": "ablate svm.txt -o out --no-cache",
    "gallery": "gallery --train train.csv --only deskew,holes --folds 2 --no-costs "
               "-o out/gallery.html --cache cache",
    "manual": "help --format=man",
}
KILLED = {
    "svm": "run svm.txt -o out",
    "net": "run long.txt -o out --resume",
    "compare": "compare svm.txt net.txt -o out --cache cache --threads 2",
    "search": "search svm.txt --set svm.C={0.1,1} --folds 2 -o out --cache cache",
}
CALLS = {
    "write": "ENOSPC", "pwrite64": "EIO", "read": "EIO", "pread64": "EIO", "openat": "EMFILE",
    "rename": "EIO", "fsync": "EIO", "close": "EIO", "mmap": "ENOMEM", "mprotect": "ENOMEM",
    "unlink": "EIO", "mkdir": "ENOSPC", "flock": "ENOLCK", "lseek": "EIO", "newfstatat": "EIO",
    "getdents64": "EIO", "clone3": "EAGAIN", "clone": "EAGAIN", "ftruncate": "ENOSPC",
    "fcntl": "EINVAL",
}
TIMES = re.compile("second|threads|peak_bytes|"
                   "^(apply|memory|layers|libraries|page|warnings|from_cache)$")
EXACT = re.compile(r"\.(mnp|liblinear|npz|npy)$|^predictions\.csv$|\.gz$")


def without_times(o):
    if isinstance(o, dict):
        return {k: without_times(v) for k, v in o.items() if not TIMES.search(k)}
    if isinstance(o, list): # a resumed run says so
        return [without_times(v) for v in o if not re.match("resumed (at|after) ", str(v))]
    return o


def difference(a, b, at=""):
    """Where two documents differ first."""
    if isinstance(a, dict) and isinstance(b, dict):
        both = [(k, a.get(k), b.get(k)) for k in sorted(set(a) | set(b))]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        both = [(str(i), x, y) for i, (x, y) in enumerate(zip(a, b))]
    else:
        return None if a == b else f"{at}: {str(b)[:80]}, undisturbed {str(a)[:80]}"
    found = (difference(x, y, f"{at}/{k}") for k, x, y in both)
    return next((text for text in found if text is not None), None)


def files(folder):
    return {os.path.relpath(os.path.join(at, f), folder)
            for at, _, names in os.walk(folder) for f in names}


class Work:
    """A folder with data, pipelines and a `before` that each try is put back to."""

    def __init__(self, program, scenarios):
        self.program = program
        self.top = tempfile.mkdtemp(prefix="faults-")
        self.tmp = os.path.join(self.top, "tmp")
        self.at = os.path.join(self.top, "work")
        self.reference = os.path.join(self.top, "reference")
        for folder in (self.tmp, self.at, self.reference):
            os.mkdir(folder)
        self.env = dict(os.environ, TMPDIR=self.tmp, HOME=self.top, LC_ALL="C",
                        MNISTPIPE_CACHE=os.path.join(self.top, "cache"), OMP_WAIT_POLICY="passive")
        self.scenarios = scenarios
        self.prepare()

    def prepare(self):
        data = os.environ["MNISTPIPE_DATA"]
        for part, rows in (("train", 301), ("test", 101)):
            text = subprocess.run(["gzip", "-dc", f"{data}/{part}.csv.gz"], check=True,
                                  stdout=subprocess.PIPE).stdout
            with open(f"{self.at}/{part}.csv", "wb") as f:
                f.write(b"".join(text.splitlines(True)[:rows]))
        for name, text in PIPELINES.items():
            with open(f"{self.at}/{name}.txt", "w") as f:
                f.write("data train=train.csv test=test.csv\n" + text)
        self.run("run svm.txt -o ready --threads 1 --quiet".split())
        self.known = set(os.listdir(self.at))

    def run(self, args, before=(), env=None, **more):
        return subprocess.run([*before, self.program, *args], cwd=self.at, text=True,
                              env={**self.env, **(env or {})}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=600, errors="replace", **more)

    def arguments(self, name):
        args = self.scenarios[name].split()
        return args + (["--threads", "1"] if args[0] != "help" and "--threads" not in args else [])

    def reset(self, name):
        for folder in ("out", "cache"):
            shutil.rmtree(f"{self.at}/{folder}", ignore_errors=True)
        if name in ("predict", "gallery"):
            os.mkdir(f"{self.at}/out")

    def measure(self, name):
        """What the scenario writes undisturbed."""
        self.reset(name)
        done = self.run(self.arguments(name))
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr}")
        shutil.copytree(f"{self.at}/out", f"{self.reference}/{name}", dirs_exist_ok=True) \
            if os.path.isdir(f"{self.at}/out") else os.makedirs(f"{self.reference}/{name}")
        self.manual = done.stdout if name == "manual" else None

    def other(self, name, path, said):
        """How a file differs from what it is undisturbed, but for times and for warnings that were
        said, though not kept; None: it does not."""
        a, b = f"{self.reference}/{name}/{path}", f"{self.at}/out/{path}"
        if EXACT.search(path):
            return None if filecmp.cmp(a, b, shallow=False) else path
        with open(a) as f, open(b) as g:
            old, new = f.read(), g.read()
        if path.endswith(".json"):
            try:
                where = difference(without_times(json.loads(old)), without_times(json.loads(new)))
            except ValueError:
                where = "no JSON"
            return where and path + where
        if path.endswith(".html"):
            return None if new.endswith("</html>\n") else path
        lines = len(new.splitlines()) + len(said.splitlines())
        return None if lines >= len(old.splitlines()) else path

    def wrong(self, name, done, mute=False):
        """What is wrong with how it ended; None: nothing.  mute: it was stderr that failed."""
        out = f"{self.at}/out"
        warned = "warning: " in done.stderr
        left = [f for f in files(self.at) if ".mnistpipe." in f or f.endswith(".lock")]
        left += sorted(set(os.listdir(self.at)) - self.known - {"out", "cache"})
        left += os.listdir(self.tmp)
        if left:
            return f"left behind: {left}"
        there = files(out) if os.path.isdir(out) else set()
        want = files(f"{self.reference}/{name}")
        if done.returncode == 0:
            gone = {f for f in want - there if not (warned and f.endswith(".html"))}
            more = {f for f in there - want if not (warned and f.startswith("checkpoint"))}
            if gone or more:
                return f"status 0, but missing {gone}, unknown {more}"
            if self.manual is not None and done.stdout != self.manual:
                return "status 0, but another manual"
        elif not mute and not re.search("^(mnistpipe: .*: .|mnistpipe: no memory|mnistpipe: .)",
                                        done.stderr, re.M) and \
                "shared librar" not in done.stderr:
            return f"status {done.returncode} without a word: {done.stderr[-200:]}"
        other = [where for where in (self.other(name, f, done.stderr) for f in there & want)
                 if where]
        if done.returncode == 0 and other:
            return f"status 0, but other bytes: {other}"
        return None

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)


class Count:
    def __init__(self):
        self.of = collections.Counter()
        self.failures = []

    def add(self, name, fault, work, done, mute=False):
        self.of["tried"] += 1
        glib = "GLib-" in done.stderr or "failed to allocate" in done.stderr
        code = done.returncode
        if code < 0 or code >= 128:
            if glib and code in (-signal.SIGTRAP, -signal.SIGABRT, 128 + signal.SIGTRAP,
                                 128 + signal.SIGABRT):
                self.of["ended by GLib"] += 1
                return
            what = f"killed by {signal.Signals(-code if code < 0 else code - 128).name}"
        else:
            self.of["status %d" % code] += 1
            what = work.wrong(name, done, mute)
        if what is not None:
            self.of["wrong"] += 1
            self.failures.append(f"{name}, {fault}: {what}")
            print(f"# {name}, {fault}: {what}", flush=True)

    def report(self, name):
        print(f"# {name}: " + ", ".join(f"{n} {k}" for k, n in sorted(self.of.items())), flush=True)


def drawn(total, most, seed):
    everything = list(range(1, total + 1))
    if most == 0 or total <= most:
        return everything
    return sorted(random.Random(seed).sample(everything, most))


def memory(work, most, inject):
    first = int(os.environ.get("FAULTS_FROM", "1"))
    for name in work.scenarios:
        count = Count()
        work.measure(name)
        log = f"{work.top}/log"
        work.reset(name)
        work.run(work.arguments(name),
                 env={"LD_PRELOAD": inject, "INJECT_AT": "0", "INJECT_LOG": log})
        with open(log) as f:
            total = int(f.read())
        os.remove(log)
        for at in (at for at in drawn(total, most, name) if at >= first):
            work.reset(name)
            done = work.run(work.arguments(name), env={"LD_PRELOAD": inject, "INJECT_AT": str(at)})
            count.add(name, f"allocation {at} of {total}", work, done)
        count.report(f"{name}, {total} allocations")
        yield name, count


def traced(work, args):
    """How often each call is made; by children, too."""
    trace = f"{work.top}/trace"
    work.run(args, ["strace", "-f", "-qq", "-o", trace,
                    "-e", "trace=" + ",".join(f"?{c}" for c in CALLS)])
    with open(trace) as f:
        return collections.Counter(re.findall(r"^\d+ +(\w+)\(", f.read(), re.M))


def failing(call, at):
    return ["-e", "trace=" + call, "-e", f"inject={call}:error={CALLS[call]}:when={at}"]


def blamed(work, name, call, at):
    """The library of others that made the call; None: ours did, or strace cannot tell."""
    work.reset(name)
    done = work.run(work.arguments(name), ["strace", "-k", "-f", "-qq", *failing(call, at)])
    stack = done.stderr.partition("(INJECTED)")[2].partition("\n---")[0]
    asked = [os.path.basename(at) for at in re.findall(r"^ > (\S+?)\(", stack, re.M)]
    asked = [at for at in asked if not at.startswith(("libc.so", "libstdc++.so"))]
    library = re.match(r"lib(\w+)\.so", asked[0] if asked else "")
    return library and library[1]


def calls(work, most):
    kept = os.environ.get("FAULTS_NOT", "").split()
    start = traced(work, ["--version"]) # the dynamic loader's, before the program begins
    for name in work.scenarios:
        count = Count()
        work.measure(name)
        work.reset(name)
        seen = traced(work, work.arguments(name))
        faults = [(call, at) for call in CALLS if call not in kept
                  for at in range(start[call] + 1, seen[call] + 1)]
        for k in drawn(len(faults), most, name):
            call, at = faults[k - 1]
            work.reset(name)
            trace = f"{work.top}/trace"
            done = work.run(work.arguments(name),
                            ["strace", "-f", "-qq", "-o", trace, *failing(call, at)])
            with open(trace) as f: # each process has such a call
                mute = re.search(r"^\d+ +write\(2, .*\(INJECTED\)", f.read(), re.M) is not None
            os.remove(trace)
            crashed = done.returncode < 0 or done.returncode >= 128
            library = blamed(work, name, call, at) if crashed else None
            if library is not None:
                count.of["tried"] += 1
                count.of["ended by " + library] += 1
                continue
            count.add(name, f"{call} {at} of {seen[call]} {CALLS[call]}", work, done, mute)
        count.report(f"{name}, {len(faults)} calls")
        yield name, count


def kill(work, most):
    for name in work.scenarios:
        count = Count()
        work.measure(name)
        chance = random.Random(name)
        work.reset(name)
        start = time.monotonic()
        work.run(work.arguments(name))
        whole = time.monotonic() - start
        work.reset(name)
        for at in range((most or 1000) // len(work.scenarios)):
            if at % 5 == 0: # several in a row, each into what the one before has left
                work.reset(name)
            with subprocess.Popen([work.program, *work.arguments(name)], cwd=work.at, env=work.env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
                time.sleep(chance.uniform(0, 1.05 * whole))
                child.send_signal(signal.SIGKILL)
            if at % 5 != 4 and chance.random() < 0.5:
                continue
            done = work.run(work.arguments(name))
            count.add(name, f"kill {at}", work, done)
            if done.returncode != 0:
                print(f"# {name}, kill {at}: {done.stderr[-300:]}")
                count.of["failed afterwards"] += 1
                count.failures.append(f"{name}, kill {at}: {done.stderr[-300:]}")
        count.report(f"{name}, {(most or 1000) // len(work.scenarios)} kills")
        yield name, count


def main():
    kind, most, program = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])
    only = os.environ.get("FAULTS_ONLY", "").split()
    scenarios = {k: v for k, v in (KILLED if kind == "kill" else SCENARIOS).items()
                 if not only or k in only}
    work = Work(program, scenarios)
    try:
        tries = {"memory": lambda: memory(work, most, os.path.abspath(sys.argv[4])),
                 "calls": lambda: calls(work, most), "kill": lambda: kill(work, most)}[kind]()
        bad = [name for name, count in tries if count.failures]
    finally:
        work.close()
    sys.exit(f"{kind}: " + " ".join(bad) if bad else 0)


main()
