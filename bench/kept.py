#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs that a bundle keeps training digits, of which `serve` shows the nearest: bytes of the
bundle, seconds until the server is there, its memory, milliseconds of processor time for an answer
with the eight nearest.

pipelines/hog_svm.txt on MNIST, whose distances are those of 1152 values; 0, 2000 and all digits.
"""
import http.client, os, re, subprocess, sys, time
sys.dont_write_bytecode = True
import common

ASKED = 200


def fit(b, program, keep):
    """The bundle, and its bytes."""
    out = f"{b.folder.name}/run{keep}"
    common.run([program, "run", os.path.join(common.SOURCE, "pipelines", "hog_svm.txt"), "--quiet",
                "--train", f"{b.folder.name}/train.csv", "--test", f"{b.folder.name}/test.csv",
                "--keep", str(keep), "-o", out], to_nothing=True)
    return f"{out}/bundle.mnp", os.path.getsize(f"{out}/bundle.mnp")


def work(pid):
    """Seconds of processor time that a process has had."""
    with open(f"/proc/{pid}/stat") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read())[1]) / 1024


def serve(program, bundle, rows, query):
    start = time.monotonic()
    with subprocess.Popen([program, "serve", bundle, "--port", "0"], stdout=subprocess.PIPE,
                          text=True) as p:
        port = next(int(m[1]) for m in (re.search(r":(\d+)/$", x) for x in p.stdout) if m)
        up = time.monotonic() - start
        c = http.client.HTTPConnection("127.0.0.1", port)
        before = work(p.pid)
        for i in range(ASKED):
            c.request("POST", "/predict" + query, rows[i % len(rows)].tobytes(),
                      {"Content-Type": "application/octet-stream"})
            answer = c.getresponse()
            if answer.status != 200:
                sys.exit(f"{answer.read()}")
            answer.read()
        side = {"ms": 1e3 * (work(p.pid) - before) / ASKED, "seconds until it is there": up,
                "MiB": resident(p.pid)}
        p.terminate()
    return side


def main():
    b = common.Bench(__doc__, rows=60000, quick=2000, runs=5)
    program = common.program("mnistpipe")
    images, labels = common.mnist(b.data, "train", b.rows)
    common.write_csv(f"{b.folder.name}/train.csv", images, labels)
    images, labels = common.mnist(b.data, "t10k", 200)
    common.write_csv(f"{b.folder.name}/test.csv", images, labels)
    sides = {}
    for keep in 0, 2000, b.rows:
        bundle, size = fit(b, program, keep)
        query = "?nearest=8" if keep else ""
        sides[f"{keep} kept"] = lambda bundle=bundle, query=query, size=size: {
            **serve(program, bundle, images, query), "bundle's bytes": size}
    b.compare("an answer, with the nearest where there are some", sides, common.Case("ms", "ms"))
    b.end()


main()
