# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: arguments, runs in turns, limits of the machine, one form of result.

A benchmark is an executable file in this folder.  It asks one question, measures each case of it
by all sides in turns, and prints the tables, or with --json the result as README.md describes it:

    b = common.Bench(__doc__)
    pandas = b.module("pandas", "python3-pandas")       # None: one line says how to get it
    sides = {"mnistpipe": ours}                         # ours is first; each returns {key: number}
    if pandas:
        sides["pandas " + pandas.__version__] = theirs
    b.compare("train.csv", sides, common.Case("seconds", "s"))
    b.end()

Numbers that no Case names are facts: they stand beside the result, as an accuracy does.
"""
import argparse, datetime, gzip, importlib, json, os, statistics, subprocess, sys, tempfile, zlib

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCHEMA = 1
OWN = dict(os.environ)   # what mnistpipe runs in: the user's environment, nothing tuned
median = statistics.median


def flags():
    """What the processor can do, in the words of /proc/cpuinfo."""
    with open("/proc/cpuinfo") as f:
        return set(next((line.split() for line in f if line.startswith("flags")), []))


def tuned():
    """What peers run in: Debian's OpenBLAS does not know newer processors by itself."""
    cpu, env = flags(), dict(os.environ)
    if "avx512vl" in cpu:
        env.setdefault("OPENBLAS_CORETYPE",
                       "Cooperlake" if "avx512_bf16" in cpu else "SkylakeX")
    elif "avx2" in cpu:
        env.setdefault("OPENBLAS_CORETYPE", "Haswell")
    return env


os.environ.update(tuned())   # before the first import of anything that holds OpenBLAS
try:
    import numpy as np
except ImportError:
    sys.exit("numpy is missing, nothing is measured without it: apt-get install python3-numpy")


def say(*words):
    """Progress; results alone go to stdout."""
    print(*words, file=sys.stderr, flush=True)


# ------------------------------------------------------------------- the result

class Case:
    """One of the numbers that a side returns, and what its best could be: `limit` is (name, value)
    in the same unit, or (name, None).  A case that leads is in the picture that README shows."""
    def __init__(self, key, unit, what="", more=False, limit=None, leads=False):
        self.key, self.unit, self.what, self.more = key, unit, what, more
        self.limit, self.leads = limit, leads


def positive(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def cache():
    """The folder of `mnistpipe fetch mnist`."""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = xdg if xdg.startswith("/") else os.path.expanduser("~/.cache")
    own = os.environ.get("MNISTPIPE_CACHE") or os.path.join(base, "mnistpipe")
    return os.path.join(own, "mnist")


def arguments(doc, rows, runs):
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("data", nargs="?", default=cache(), metavar="DATA",
                   help="folder of MNIST's four IDX files (default: %(default)s,\n"
                        "where `mnistpipe fetch mnist` puts them)")
    p.add_argument("-n", type=positive, metavar="RUNS",
                   help=f"runs of each side in turns, after one for nothing (default: {runs})")
    p.add_argument("--rows", type=positive, metavar="ROWS", help=f"images (default: {rows})")
    p.add_argument("--quick", action="store_true",
                   help="few rows, two runs: a look, no measurement")
    p.add_argument("--json", action="store_true", help="print the result as JSON, not as tables")
    return p


class Bench:
    """`options` is called with the argument parser, to add the program's own; `quick` is how many
    rows a quick look has.  What follows -- on the command line is in `extra`."""
    def __init__(self, doc, rows=60000, quick=2000, runs=5, options=None):
        at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
        parser = arguments(doc, rows, runs)
        if options is not None:
            options(parser)
        self.a, self.extra = parser.parse_args(sys.argv[1:at]), sys.argv[at + 1:]
        self.rows = min(self.a.rows or rows, rows, quick if self.a.quick else rows)
        self.runs = self.a.n or (2 if self.a.quick else runs)
        self.data = os.path.abspath(self.a.data)
        self.folder = tempfile.TemporaryDirectory()
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.result = {
            "schema": SCHEMA, "bench": name, "question": " ".join(doc.split("\n\n")[0].split()),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "commit": commit(), "machine": machine_facts(), "rows": self.rows, "runs": self.runs,
            "quick": self.a.quick, "cases": [], "missing": [], "notes": []}

    def __getattr__(self, name):   # options of the program's own
        return getattr(self.a, name)

    def missing(self, peer, package):
        how = f"apt-get install {package}"
        if {"peer": peer, "how": how} not in self.result["missing"]:
            self.result["missing"].append({"peer": peer, "how": how})
            say(f"{self.result['bench']}: {peer} is missing, the others go on: {how}")

    def module(self, name, package):
        """A peer that is a module of Python, or None."""
        try:
            return importlib.import_module(name)
        except ImportError:
            self.missing(name.split(".")[0], package)
            return None

    def note(self, text):
        self.result["notes"].append(text)

    def compare(self, name, sides, *cases):
        """Runs each side once for nothing, then all in turns; ours is the first."""
        found = {side: [] for side in sides}
        for i in range(-1, self.runs):
            for side, work in sides.items():
                values = work()
                if i >= 0:
                    found[side].append(values)
                key = cases[0].key
                say(f"{self.result['bench']}: {name}, {'run %d' % (i + 1) if i >= 0 else 'warm-up'}"
                    f": {side} {values[key]:.4g} {cases[0].unit}")
        self.add(name, found, *cases)

    def add(self, name, found, *cases):
        """What was found: for each side the numbers of each run."""
        keys = {case.key for case in cases}
        for case in cases:
            if any((c["name"], c["what"]) == (name, case.what) for c in self.result["cases"]):
                sys.exit(f"{name}, {case.what}: two cases have this name")
            own, sides = None, []
            for side, runs in found.items():
                if case.key not in runs[0]:
                    continue
                values = [r[case.key] for r in runs]
                s = {"name": side, "median": median(values), "low": min(values),
                     "high": max(values), "values": values}
                if own is None:
                    own = s["median"]
                else:
                    s["ratio"] = quotient(own, s["median"], case.more)
                if case.limit and case.limit[1]:
                    s["share"] = quotient(s["median"], case.limit[1], case.more)
                s["facts"] = {k: median([r[k] for r in runs]) for k in runs[0]
                              if k not in keys and case is cases[0]}
                sides.append(s)
            self.result["cases"].append({
                "name": name, "what": case.what, "unit": case.unit,
                "better": "more" if case.more else "less", "leads": case.leads,
                "limit": case.limit and dict(zip(("name", "value"), case.limit)), "sides": sides})

    def curve(self, name, x, y, points):
        """How y grows with x: for each series its (x, y), and the exponent that fits them."""
        self.result.setdefault("curves", []).append({"name": name, "x": x, "y": y, "series": {
            k: {"points": p, "exponent": exponent(p)} for k, p in points.items() if len(p) > 1}})

    def end(self):
        self.folder.cleanup()
        if self.a.json:
            json.dump(self.result, sys.stdout, indent=1)
            print()
        else:
            print("\n".join(tables(self.result)))


def exponent(points):
    """Of the power of x that fits best, by least squares of the logarithms."""
    return float(np.polyfit(*np.log(np.array(points, float)).T, 1)[0])


def quotient(a, b, direct):
    a, b = (a, b) if direct else (b, a)
    return a / b if b else None


# ----------------------------------------------------------- tables for people

def number(x):
    """Three digits that count."""
    if x == int(x):
        return str(int(x))
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:#.3g}".rstrip(".")


def percent(share):
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


def fact(name, x):
    return f"{100 * x:.2f}" if name.endswith("%") else number(x)


def heading(case):
    """What two cases share that stand in one table."""
    return (case["unit"], case["what"], case["limit"] and case["limit"]["name"],
            tuple(dict.fromkeys(k for s in case["sides"] for k in s["facts"])))


def cells(case, side):
    facts = heading(case)[3]
    return [case["name"], side["name"], number(side["median"]),
            f"{number(side['low'])} .. {number(side['high'])}",
            f"{side['ratio']:.2f}" if side.get("ratio") else "",
            percent(side["share"]) if side.get("share") else "",
            *(fact(k, side["facts"][k]) if k in side["facts"] else "" for k in facts)]


def table(group):
    """Headings and rows of cases that share them; what is empty in all rows is left out."""
    unit, what, limit, facts = heading(group[0])
    head = ["case", "side", f"{what}{', ' if what else ''}{unit}", "least .. most", "ratio",
            f"of {limit}", *facts]
    rows = [cells(case, side) for case in group for side in case["sides"]]
    used = [i for i in range(len(head)) if any(row[i] for row in rows)]
    return [head[i] for i in used], [[row[i] for i in used] for row in rows]


def grouped(result):
    """Its cases, those together that fit one table."""
    groups = {}
    for case in result["cases"]:
        groups.setdefault(heading(case), []).append(case)
    return list(groups.values())


def circumstances(result):
    m = result["machine"]
    return (f"{m['processor']}, {m['cores']} cores, {m['system']}; {result['rows']} rows; medians "
            f"of {result['runs']} runs in turns; commit {result['commit']}"
            + ("; a quick look, no measurement" if result["quick"] else ""))


def tables(result):
    """The result as Markdown, line by line."""
    lines = [f"**{result['bench']}**: {result['question']}", "", circumstances(result)]
    for group in grouped(result):
        head, rows = table(group)
        lines += ["", "| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    for curve in result.get("curves", []):
        lines += ["", f"| {curve['name']}: {curve['y']} | exponent | "
                  + f"{curve['x']}: {curve['y']} |", "|---|---:|---|"]
        lines += [f"| {k} | {s['exponent']:.2f} | "
                  + ", ".join(f"{number(x)}: {number(y)}" for x, y in s["points"]) + " |"
                  for k, s in curve["series"].items()]
    lines += [""] + [f"{note}\n" for note in result["notes"]]
    return lines + [f"Missing: {m['peer']} ({m['how']})\n" for m in result["missing"]]


# ------------------------------------------------------------------- the machine

def machine_facts():
    """What the figures belong to."""
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    with open("/proc/meminfo") as f:
        kib = int(f.readline().split()[1])
    system = "system unknown"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release") as f:
            system = dict(line.rstrip().split("=", 1) for line in f if "=" in line).get(
                "PRETTY_NAME", system).strip('"')
    vector = [k for k in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if k in flags()]
    return {"processor": names[0] if names else "processor unknown",
            "cores": len(os.sched_getaffinity(0)), "vector": vector,
            "memory_gib": round(kib / 2**20, 1), "system": system}


def machine():
    m = machine_facts()
    return f"{m['processor']}, {m['cores']} cores"


def commit():
    """Of the source; "+" if it was changed since; a release's source has none."""
    def git(*words):
        return subprocess.run(["git", "-C", SOURCE, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        found = git("rev-parse", "--short=9", "HEAD")
        if found.returncode == 0:
            clean = git("diff", "--quiet", "HEAD", "--", ".", ":!bench", ":!docs").returncode == 0
            return found.stdout.strip() + ("" if clean else "+")
    except OSError:
        pass
    return "none"


def peaks():
    """What the processor can do (bench/peak.c): GFLOP/s of a core by kind, GB/s of memory."""
    out, _ = run([program("bench/peak")])
    return {kind: float(rate) for kind, rate in (line.split() for line in out.splitlines())}


def inflate(data):
    """Of gzip bytes: what is in them, as zlib's inflate alone gives it."""
    return zlib.decompressobj(31).decompress(data)


# ---------------------------------------------------------------------- programs

# A process counts the memory of the one that it was begun from; so a small one begins it.
LAUNCH = """
import json, os, sys, time
out, command = int(sys.argv[1]), sys.argv[2:]
start = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
os.write(out, json.dumps({"status": os.waitstatus_to_exitcode(status),
    "seconds": time.perf_counter() - start, "cpu": usage.ru_utime + usage.ru_stime,
    "memory": usage.ru_maxrss / 1024, "written": usage.ru_oublock / 2048}).encode())
"""


def run(command, env=None, cwd=None, to_nothing=False):
    """A process's output, and what it took: seconds by the clock, cpu seconds, memory and what was written to
    disk in MiB."""
    r, w = os.pipe()
    p = subprocess.Popen([sys.executable, "-I", "-S", "-c", LAUNCH, str(w), *command],
                         stdout=subprocess.DEVNULL if to_nothing else subprocess.PIPE, text=True,
                         env=env or OWN, cwd=cwd, pass_fds=[w])
    os.close(w)
    out = p.communicate()[0]
    with open(r) as f:
        taken = json.loads(f.read() or '{"status": 1}')
    if taken.pop("status") != 0:
        sys.exit(f"{' '.join(command)}: failed")
    return out, taken


def program(name):
    """Builds "mnistpipe" or "bench/NAME" where the project was configured."""
    build = os.path.abspath(os.environ.get("BUILD", "."))
    if not os.path.exists(os.path.join(build, "Makefile")):
        sys.exit(f"{build}: no Makefile; run this where ./configure was run, or set BUILD=FOLDER")
    subprocess.run(["make", "-s", name], cwd=build, check=True, stdout=sys.stderr)
    return os.path.join(build, name)


# -------------------------------------------------------------------------- data

def idx_path(folder, name):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return path
    if not os.path.exists(path + ".gz"):
        sys.exit(f"{path}.gz: not there; `mnistpipe fetch mnist` downloads it, or name its folder")
    return path + ".gz"


def idx(folder, name):
    """The array in an IDX file of bytes, gzip or not."""
    path = idx_path(folder, name)
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as f:
        data = f.read()
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def mnist(folder, part, rows=None):
    """Images and labels of "train" or "t10k"."""
    return (idx(folder, part + "-images-idx3-ubyte")[:rows],
            idx(folder, part + "-labels-idx1-ubyte")[:rows])


def write_idx(folder, part, images, labels):
    os.makedirs(folder, exist_ok=True)
    for name, data in (("images-idx3", images), ("labels-idx1", labels)):
        with open(f"{folder}/{part}-{name}-ubyte", "wb") as f:
            f.write(bytes([0, 0, 8, data.ndim]) + np.array(data.shape, ">u4").tobytes())
            f.write(data.tobytes())


def write_csv(path, images, labels):
    """In the form of Kaggle's competition: a header, then label and pixels."""
    text = [str(i) for i in range(256)]
    rows = images.reshape(len(images), -1)
    with open(path, "w") as f:
        f.write("label," + ",".join(f"pixel{i}" for i in range(rows.shape[1])) + "\n")
        for label, row in zip(labels.tolist(), rows):
            f.write(f"{label}," + ",".join([text[v] for v in row.tolist()]) + "\n")
