#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pipeline that ships on all of MNIST, beside what was published of the same idea; writes
pipelines/README.md and docs/historic.svg.

usage: historic.py [--page] [--only PIPELINE ...] [--missing] [--errors] [--program FILE] [DATA]

What the page says of an idea are comments in the pipeline: `# paper: ...`, and for each published
figure `# published: PERCENT | WHO: WHAT | OPTIONS | WHY`, the options being those of `mnistpipe run`
that make the pipeline what was published, WHY the reason for the difference; the last two may be
missing.  What was measured is kept in historic.jsonl, a line for each row; --page writes to the
standard output what the page is without running anything, and --curve the picture.
Beside other work seconds mean nothing: --errors keeps only errors, and --missing runs later what
has no seconds yet.
DATA is the folder of MNIST's four IDX files (default: where `mnistpipe fetch mnist` puts them).
The test rows choose nothing here: they are looked at to report.
"""
import argparse, datetime, json, math, os, re, shlex, subprocess, sys, tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(SOURCE, "bench/historic.jsonl")
PAGE = os.path.join(SOURCE, "pipelines/README.md")
CURVE = os.path.join(SOURCE, "docs/historic.svg")
HEAD = """# Pipelines

Each is an experiment: `mnistpipe run NAME.txt`. As they stand they learn from the sample that ships, which
takes seconds; `--train mnist:train --test mnist:test` takes all of MNIST, and that is what the tables are about: 60 000
training rows, 10 000 test rows, seed 1, no parameter chosen on test rows.

This page and the picture are written by `bench/historic.py`, from the comments in the pipelines and from runs.

![Errors against seconds of learning and predicting, both on logarithmic axes](../docs/historic.svg)

## Beside what was published

Above all the list of LeCun, Cortes and Burges on the page of MNIST. It is the same idea, not the same program: where
ours has what came later (rectifiers, dropout, Adam, a softmax), it says so. *No worse* compares the two
percentages as they stand; *level* means that the published one lies in the interval, which is where ours would lie, at
95 %, for very many such digits. Rows without seconds were measured beside other work.

"""
COLUMNS = """| pipeline | published | published, % | errors, % | 95 % interval | | why | learning, s | predicting, s |
|---|---|---:|---:|---|---|---|---:|---:|
"""
REST = """
## The others

| pipeline | idea | errors, % | 95 % interval | learning, s | predicting, s |
|---|---|---:|---|---:|---:|
"""
VERDICTS = "no worse", "level", "worse"


class Row:
    """One line of the table: a pipeline, what was published, and with which options it is that."""
    def __init__(self, name, idea, published="", who="", options="", why=""):
        self.name, self.idea, self.published, self.who = name, idea, published, who
        self.options, self.why = options.strip(), why
        self.key = f"{name} {self.options}".strip()


def pipelines():
    """Of each that learns from images such as MNIST's: its name, its rows, its papers."""
    for file in sorted(os.listdir(os.path.join(SOURCE, "pipelines"))):
        if not file.endswith(".txt"):
            continue
        with open(os.path.join(SOURCE, "pipelines", file), encoding="utf-8") as f:
            text = f.read()
        idea = re.match(r"# \S+ - (.*)", text).group(1)
        rows = [Row(file, idea, *(part.strip() for part in line.split("|")))
                for line in re.findall(r"^# published: (.*)", text, re.M)]
        if re.search(r"^data\s.*train=sample:train", text, re.M):
            yield file, rows or [Row(file, idea)], re.findall(r"^# paper: (.*)", text, re.M)


def kept():
    if not os.path.exists(KEPT):
        return {}
    with open(KEPT) as f:
        return {q["row"]: q for q in map(json.loads, f)}


def wilson(errors, n):
    z, p = 1.959963984540054, errors / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n))


def seconds(x):
    return "-" if x is None else f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def verdict(row, q):
    """How a measured row stands to the published figure, one of VERDICTS."""
    low, _ = wilson(q["errors"], q["rows"])
    ours = 100 * q["errors"] / q["rows"]
    return VERDICTS[0 if ours <= float(row.published) else 1 if low <= float(row.published) else 2]


def cells(row, q):
    """Errors, their interval and seconds."""
    if not q:
        return ["-"] * 4
    return [f"{100 * q['errors'] / q['rows']:.2f}",
            "{:.2f} .. {:.2f}".format(*wilson(q["errors"], q["rows"])),
            seconds(q["learn"]), seconds(q["predict"])]


def counted(rows, found):
    """The sentences that sum the first table up.  A figure that is tried in several ways counts
    once, by the last of them, which leaves out most."""
    measured = [row for row in rows if row.key in found]
    figures = {(row.who, row.published): verdict(row, found[row.key]) for row in measured}
    better, level, worse = (list(figures.values()).count(v) for v in VERDICTS)
    return (f"Of {len(figures)} published figures ours is no worse than {better}; {level} more lie in our "
            f"interval, and {worse} we do not reach.{several(measured, figures)}\n\n")


def several(measured, figures):
    more = len(measured) - len(figures)
    return "" if more == 0 else (f" {more} lines try a figure in a second way; it counts by the way "
                                 "that prepares less.")


def page(found):
    published, others, papers = [], [], {}
    for _, rows, named in pipelines():
        for row in rows:
            (published if row.published else others).append(row)
        papers.update(dict.fromkeys(paper for line in named for paper in line.split("; ")))
    out = HEAD + counted(published, found) + COLUMNS
    for row in published:
        q = found.get(row.key)
        errors, interval, learn, predict = cells(row, q)
        out += "| " + " | ".join([f"`{row.key}`", row.who, row.published, errors, interval,
                                  verdict(row, q) if q else "-", row.why, learn, predict]) + " |\n"
    out += REST
    for row in others:
        out += "| " + " | ".join([f"`{row.key}`", row.idea, *cells(row, found.get(row.key))]) + " |\n"
    machines = sorted({q["machine"] for q in found.values() if q["learn"] is not None})
    out += "\n" + "".join(f"Seconds were measured on: {m}.\n" for m in machines) + "\n" * bool(machines)
    return out + "Papers: " + "; ".join(sorted(papers)) + ".\n"


WIDE, HIGH, LEFT, RIGHT, TOP, LOW = 900, 620, 56, 72, 16, 44
LETTER = 7.2  # the width of one, for the widest of usual letters


class Plane:
    """The picture's axes, as far as the points reach and a quarter more."""
    def __init__(self, points):
        ends = lambda values: (min(values) / 1.25, max(values) * 1.25)
        self.seconds = ends([s for s, _, _ in points])
        self.errors = ends([e for _, e, _ in points])

    def at(self, s, e):
        """Where a point lies."""
        part = lambda v, ends: math.log(v / ends[0]) / math.log(ends[1] / ends[0])
        return (LEFT + (WIDE - LEFT - RIGHT) * part(s, self.seconds),
                TOP + (HIGH - TOP - LOW) * (1 - part(e, self.errors)))

    def lines(self):
        out = []
        steps = lambda ends: [d * 10.0 ** k for k in range(-3, 5) for d in (1, 2, 5)
                              if ends[0] < d * 10.0 ** k < ends[1]]
        for s in steps(self.seconds):
            x, _ = self.at(s, 1)
            out += [f'<path class="a" d="M{x:.0f} {TOP}V{HIGH - LOW}"/>',
                    f'<text x="{x:.0f}" y="{HIGH - LOW + 16}" text-anchor="middle">{s:g} s</text>']
        for e in steps(self.errors):
            _, y = self.at(1, e)
            out += [f'<path class="a" d="M{LEFT} {y:.0f}H{WIDE - RIGHT}"/>',
                    f'<text x="{LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{e:g} %</text>']
        return out


def names(dots, points, front):
    """Where each name stands: beside its point, on no other name or point, nearest to its own, and
    off the line if it can."""
    line = [(a[0] + (b[0] - a[0]) * t / 40, a[1] + (b[1] - a[1]) * t / 40)
            for a, b in zip(front, front[1:]) for t in range(41)]
    used = []
    for (x, y), (_, _, name) in sorted(zip(dots, points), key=lambda p: p[0][1]):
        size = LETTER * len(name)
        places = [(x + dx, y + 4 + dy) for dy in (0, -7, 7, -13, 13, -20, 20, -28, 28, -36, 36)
                  for dx in (7, -7 - size, -size / 2) if dy * dy > 100 or dx != -size / 2]
        def bad(u, v):
            gap = lambda k, w: max(u - k, k - u - size, 0) + abs(v - 4 - w)
            strange = sum((k, w) != (x, y) and gap(k, w) < gap(x, y) + 6 for k, w in dots)
            over = sum(u < k + n + 3 and k < u + size + 3 and abs(v - w) < 12 for k, w, n in used)
            over += sum(u - 5 < k < u + size + 5 and v - 14 < w < v + 6 for k, w in dots)
            over += 5 * (u < LEFT or u + size > WIDE)
            crossed = any(u - 2 < k < u + size + 2 and v - 11 < w < v + 3 for k, w in line)
            return 100 * over + 30 * strange + 40 * crossed
        u, v = min(places, key=lambda place: bad(*place))
        used.append((u, v, size))
        yield x, y, u, v, name


def curve(found):
    """Errors against seconds of the pipelines as they ship; a line joins those that none beats in both."""
    points = sorted((q["learn"] + q["predict"], 100 * q["errors"] / q["rows"], q["row"][:-4])
                    for q in found.values() if " " not in q["row"] and q["learn"] is not None)
    plane = Plane(points)
    dots = [plane.at(s, e) for s, e, _ in points]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-size="12" '
           'font-family="system-ui, sans-serif">',
           "<style>svg{background:#fff}text{fill:#222}.a{stroke:#ddd}.f{fill:none;stroke:#2463b4}"
           ".l{stroke:#999;stroke-width:.6}"
           ".p{fill:#2463b4}.n{fill:#b4540a}@media(prefers-color-scheme:dark){svg{background:#161616}"
           "text{fill:#ddd}.a{stroke:#383838}.f{stroke:#7ab0f0}.p{fill:#7ab0f0}.n{fill:#f0a35e}}</style>",
           *plane.lines()]
    best, front = 100, []
    for (s, e, _), dot in zip(points, dots):
        if e < best:
            best = e
            front.append(dot)
    out.append('<path class="f" d="M' + "L".join("%.0f %.0f" % p for p in front) + '"/>')
    for x, y, u, v, name in names(dots, points, front):
        if abs(v - 4 - y) > 14:  # a name that had to go far is led to
            out.append(f'<path class="l" d="M{x:.1f} {y:.1f}L{u + 3.5 * len(name):.0f} '
                       f'{v - 4 + (5 if v - 4 < y else -5):.0f}"/>')
        net = re.match("(colour_)?cnn|conv|lenet|.*lstm|mlp", name)
        left = u + LETTER * len(name) < x  # then it ends beside its point, however wide letters are
        out += [f'<circle class="{"n" if net else "p"}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
                f'<text x="{u + LETTER * len(name) * left:.0f}" y="{v:.0f}"'
                f' text-anchor="{"end" if left else "start"}">{name}</text>']
    out += [f'<text x="{(WIDE - RIGHT + LEFT) / 2:.0f}" y="{HIGH - 8}" text-anchor="middle">learning and '
            'predicting; errors of 10 000 test rows; nets are orange</text>', "</svg>", ""]
    return "\n".join(out)


def machine():
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{names[0] if names else 'a processor'}, {len(os.sched_getaffinity(0))} cores"


def part(data, name):
    for end in "", ".gz":
        if os.path.exists(f"{data}/{name}-images-idx3-ubyte{end}"):
            return f"{data}/{name}-images-idx3-ubyte{end}"
    sys.exit(f"{data}: no {name}-images-idx3-ubyte there; `mnistpipe fetch mnist` downloads it")


def run(program, data, row, timed):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [program, "run", os.path.join(SOURCE, "pipelines", row.name), "--train",
             part(data, "train"), "--test", part(data, "t10k"), "--seed", "1", "--json", "--quiet",
             "-o", f"{folder}/run", *shlex.split(row.options)],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    out = json.loads(out)
    return {"row": row.key, "errors": out["test"]["errors"], "rows": out["test"]["rows"],
            "learn": round(out["seconds"]["fit"], 3) if timed else None,
            "predict": round(out["seconds"]["predict"], 3) if timed else None,
            "machine": machine(), "date": datetime.date.today().isoformat()}


def write(path, text):
    with open(path + "~", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + "~", path)


def main():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", nargs="?", metavar="DATA",
                   default=os.path.join(os.environ.get("MNISTPIPE_CACHE") or
                                        os.path.join(cache, "mnistpipe"), "mnist"))
    p.add_argument("--page", action="store_true", help="print the page, run nothing")
    p.add_argument("--only", action="append", metavar="PIPELINE", help="rows of it, such as knn.txt")
    p.add_argument("--missing", action="store_true", help="rows without errors or seconds")
    p.add_argument("--errors", action="store_true", help="keep errors, not seconds")
    p.add_argument("--curve", action="store_true", help="print the picture, run nothing")
    p.add_argument("--program", default=os.path.join(os.environ.get("BUILD", "."), "mnistpipe"))
    a = p.parse_args()
    found = kept()
    if a.page or a.curve:
        sys.stdout.write(page(found) if a.page else curve(found))
        return
    lacks = lambda key: key not in found or (not a.errors and found[key]["learn"] is None)
    keys = set()  # a row of which two figures were published runs once
    for file, rows, _ in pipelines():
        for row in rows:
            if row.key in keys or (a.only and file not in a.only) or (a.missing and not lacks(row.key)):
                continue
            keys.add(row.key)
            print(f"historic: {row.key}", file=sys.stderr)
            found[row.key] = run(a.program, a.data, row, not a.errors)
            write(KEPT, "".join(json.dumps(found[k]) + "\n" for k in sorted(found)))
            write(PAGE, page(found))
    write(PAGE, page(found))
    write(CURVE, curve(found))


if __name__ == "__main__":
    main()
