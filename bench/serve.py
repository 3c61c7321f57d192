#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering over HTTP with one fitted pipeline, pixels and a linear SVM: requests a second with 16
connections, latency at half of the most that each side does, memory after that.

Both sides run as two processes or threads on the same cores as the client, bench/http_load.c, one
thread; they have the same weights, and their answers are checked to be the same. The peer is
FastAPI on uvicorn (uvloop and httptools, if they are there) with scikit-learn's LinearSVC: bytes
and JSON are read in the shortest way, "model" is the way of FastAPI's manual, by pydantic.
--memory sends so many requests to ours, and prints what it holds on the way. Peers:
python3-fastapi, python3-uvicorn, python3-uvloop, python3-httptools, python3-sklearn.
"""
import json, os, re, socket, subprocess, sys, time, urllib.request
sys.dont_write_bytecode = True
import numpy as np
import common

PEERS = os.path.join(common.SOURCE, "bench", "peers")
CONNECTIONS, IMAGES = 16, 200
BYTES, JSON = "application/octet-stream", "application/json"


def options(parser):
    parser.add_argument("--seconds", type=float, default=5, help="of each load (default: 5)")
    parser.add_argument("--memory", type=int, default=0, metavar="REQUESTS",
                        help="send ours so many, and print its memory (default: none)")


def resident(pid):
    """MiB of a process and those that it began."""
    total = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/status") as f:
                status = dict(line.split(":", 1) for line in f if ":" in line)
        except OSError:
            continue
        if int(name) == pid or int(status["PPid"]) == pid:
            total += int(status.get("VmRSS", "0 kB").split()[0])
    return total / 1024


def load(client, port, path, type, bodies, seconds, rate=0, requests=0):
    out, _ = common.run([client, str(port), path, type, bodies, str(CONNECTIONS), str(seconds),
                         str(rate), str(requests)])
    found = json.loads(out)
    if found["errors"]:
        sys.exit(f"{path}: {found['errors']} of {found['requests']} requests failed")
    return found


class Ours:
    def __init__(self, program, bundle):
        self.command = [program, "serve", bundle, "--port", "0", "--threads", "2"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True,
                                        env=common.OWN)
        self.port = next(int(m[1]) for m in (re.search(r":(\d+)/$", line)
                                             for line in self.process.stdout) if m)
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


class Theirs:
    def __init__(self, model):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.command = [sys.executable, "-m", "uvicorn", "--app-dir", PEERS, "serve:app",
                        "--port", str(self.port), "--workers", "2", "--log-level", "error",
                        "--no-access-log"]
        self.environment = {**os.environ, "MODEL": model, "OMP_NUM_THREADS": "1",
                            "OPENBLAS_NUM_THREADS": "1"}

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.environment)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                time.sleep(2)   # the second process, too
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("uvicorn does not begin")

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def check(port, path, type, body, seen):
    """Scores of the first image, which have to be those of the first side."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body,
                                     {"Content-Type": type})
    with urllib.request.urlopen(request) as r:
        p = json.load(r)["predictions"][0]
    seen.append(p)
    if p["class"] != seen[0]["class"] or p["second"] != seen[0]["second"] or any(
            abs(p["scores"][k] - v) > 1e-4 for k, v in seen[0]["scores"].items()):
        sys.exit(f"{path}: {p}, and mnistpipe {seen[0]}")


def measure(b, server, client, path, type, bodies, first, seen):
    with server as s:
        check(s.port, path, type, first, seen)
        most = load(client, s.port, path, type, bodies, b.seconds)
        rate = most["requests"] / most["seconds"]
        half = load(client, s.port, path, type, bodies, b.seconds, rate / 2)
        return {"rate": rate, "p50": half["p50"], "p99": half["p99"],
                "memory": resident(s.process.pid)}


def flat(b, ours, client, bodies):
    """Memory in ten looks; the first tenth is the warm-up."""
    with ours as s:
        held = []
        for _ in range(10):
            load(client, s.port, "/predict", BYTES, bodies, 3600, 0, b.memory // 10)
            held.append(resident(s.process.pid))
    b.note(f"Memory of mnistpipe over {b.memory} requests, in ten looks, MiB: "
           + ", ".join(f"{m:.1f}" for m in held))


def write_bodies(path, bodies):
    with open(path, "wb") as f:
        for body in bodies:
            f.write(len(body).to_bytes(4, "little") + body)
    return bodies[0]


def main():
    b = common.Bench(__doc__, rows=60000, quick=1000, runs=3, options=options)
    b.a.seconds = min(b.seconds, 0.3) if b.quick else b.seconds
    program, client = common.program("mnistpipe"), common.program("bench/http_load")
    folder = b.folder.name
    images, labels = common.mnist(b.data, "train", b.rows)
    common.write_idx(folder, "train", images, labels)
    tests, _ = common.mnist(b.data, "t10k", IMAGES)
    with open(f"{folder}/pixels_svm.txt", "w") as f:
        f.write("data train=x\npixels\nsvm C=0.01\n")
    common.run([program, "run", f"{folder}/pixels_svm.txt", "--quiet", "-o", f"{folder}/run",
                "--train", f"{folder}/train-images-idx3-ubyte"], to_nothing=True)
    rows = tests.reshape(len(tests), -1)
    forms = {"bytes": (BYTES, [r.tobytes() for r in rows], "/bytes"),
             "JSON": (JSON, [json.dumps({"images": [r.tolist()]}).encode() for r in rows], "/json")}
    ours = Ours(program, f"{folder}/run/bundle.mnp")
    there = [b.module(name, package) for name, package in
             (("fastapi", "python3-fastapi"), ("uvicorn", "python3-uvicorn"),
              ("sklearn", "python3-sklearn"))]
    for name, (type, bodies, path) in forms.items():
        file = f"{folder}/{name}"
        first = write_bodies(file, bodies)
        seen = []
        sides = {"mnistpipe": lambda: measure(b, ours, client, "/predict", type, file, first, seen)}
        if all(there):
            theirs = lambda path: lambda: measure(
                b, Theirs(f"{folder}/run/svm.liblinear"), client, path, type, file, first, seen)
            peer = f"FastAPI {there[0].__version__}"
            sides[peer] = theirs(path)
            if name == "JSON":
                sides[f"{peer}, model"] = theirs("/model")
        b.compare(f"one image, {name}", sides,
                  common.Case("rate", "requests/s", more=True, leads=True),
                  common.Case("p50", "ms", "median latency at half of that"),
                  common.Case("p99", "ms", "99th percentile of it"),
                  common.Case("memory", "MiB", "memory"))
    if b.memory:
        flat(b, ours, client, f"{folder}/bytes")
    b.end()


if __name__ == "__main__":
    main()
