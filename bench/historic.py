#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pipeline that ships on all of MNIST, beside what was published of the same idea; writes
pipelines/README.md and docs/historic.svg.

usage: historic.py [--page] [--only PIPELINE ...] [--program FILE] [DATA]

What the page says of an idea are comments in the pipeline: `# paper: ...`, and for each published
figure `# published: PERCENT | WHO: WHAT | OPTIONS`, the options being those of `mnistpipe run` that
make the pipeline what was published.  What was measured is kept in historic.jsonl, a line for each
row; --page writes to the standard output what the page is without running anything.
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
takes seconds; `--train mnist:train --test mnist:test` takes all of MNIST, and that is what the table is about: 60 000
training rows, 10 000 test rows, seed 1, no parameter chosen on test rows. What was published of the same idea stands
beside, first of all what LeCun, Cortes and Burges list on the page of MNIST; it is not always the same program, only
the same idea.

Where ours is worse by more than its interval: `fourier.txt` draws its cosines blindly, where the centres of 1998 were
found by k-means in each class; `stumps.txt` and `boost.txt` stop after the rounds that seconds allow, and `haar` has
the values of one wavelet transform to ask about, where stumps of 2009 chose among many kinds of filters at every place; `lda` takes
all classes for equally wide normal distributions; `scatter_svm.txt`, `pcanet_svm.txt` have plain parameters, not those
that their papers searched for.

This page and the picture are written by `bench/historic.py`, from the comments in the pipelines and from runs.

![Errors against seconds of learning and predicting, both on logarithmic axes](../docs/historic.svg)

| pipeline | idea | published | errors, % | published, % | 95 % interval | learning, s | predicting, s |
|---|---|---|---:|---:|---|---:|---:|
"""


class Row:
    """One line of the table: a pipeline, what was published, and with which options it is that."""
    def __init__(self, name, idea, published="", who="", options=""):
        self.name, self.idea, self.published, self.who = name, idea, published, who
        self.options = options.strip()
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
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def page(found):
    lines, papers = [HEAD.rstrip("\n")], {}
    for file, rows, named in pipelines():
        for row in rows:
            q = found.get(row.key)
            shown = f"`{row.key}`"
            measured = ["-"] * 4
            if q:
                measured = [f"{100 * q['errors'] / q['rows']:.2f}",
                            "{:.2f} .. {:.2f}".format(*wilson(q["errors"], q["rows"])),
                            seconds(q["learn"]), seconds(q["predict"])]
            lines.append("| " + " | ".join([shown, row.idea, row.who or "-", measured[0],
                                            row.published or "-", *measured[1:]]) + " |")
        papers.update(dict.fromkeys(paper for line in named for paper in line.split("; ")))
    machines = sorted({q["machine"] for q in found.values()})
    lines += [""] + [f"Measured on: {m}." for m in machines] + [""] * bool(machines)
    lines += ["Papers: " + "; ".join(sorted(papers)) + ".", ""]
    return "\n".join(lines)


def curve(found):
    """Errors against seconds of the pipelines as they ship; a line joins those that none beats in both."""
    wide, high, left, top, low = 860, 520, 56, 16, 44
    points = sorted((q["learn"] + q["predict"], 100 * q["errors"] / q["rows"], q["row"][:-4])
                    for q in found.values() if " " not in q["row"])
    x0, x1 = 0.4, 1000
    y0, y1 = 0.25, 12
    def at(s, e):
        return (left + (wide - left - 90) * math.log(s / x0) / math.log(x1 / x0),
                top + (high - top - low) * (1 - math.log(e / y0) / math.log(y1 / y0)))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-size="12" '
           'font-family="system-ui, sans-serif">',
           "<style>svg{background:#fff}text{fill:#222}.a{stroke:#ddd}.f{fill:none;stroke:#2463b4}"
           ".p{fill:#2463b4}.n{fill:#b4540a}@media(prefers-color-scheme:dark){svg{background:#161616}"
           "text{fill:#ddd}.a{stroke:#383838}.f{stroke:#7ab0f0}.p{fill:#7ab0f0}.n{fill:#f0a35e}}</style>"]
    for s in 1, 10, 100, 1000:
        x, y = at(s, y0)
        out += [f'<path class="a" d="M{x:.0f} {top}V{y:.0f}"/>',
                f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{s} s</text>']
    for e in 0.3, 0.5, 1, 2, 5, 10:
        x, y = at(x1, e)
        out += [f'<path class="a" d="M{left} {y:.0f}H{x:.0f}"/>',
                f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{e:g} %</text>']
    best, front, used = 100, [], []
    for s, e, name in points:
        if e < best:
            best = e
            front.append("%.0f %.0f" % at(s, e))
    out.append(f'<path class="f" d="M{"L".join(front)}"/>')
    dots = [at(s, e) for s, e, _ in points]
    for s, e, name in sorted(points, key=lambda p: p[1]):
        x, y = at(s, e)
        size = 7.3 * len(name)
        places = [(u, y + 4 + d) for d in (0, 11, -11, 22, -22) for u in (x + 7, x - 7 - size)]
        place = next(((u, v) for u, v in places
                      if all(abs(v - w) > 11 or u > k + n or k > u + size for k, w, n in used) and
                      all(not (u - 4 < k < u + size and v - 11 < w < v + 3) for k, w in dots)),
                     places[0])
        used.append((*place, size))
        net = re.match("cnn|lenet|.*lstm|mlp", name)
        out += [f'<circle class="{"n" if net else "p"}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
                f'<text x="{place[0]:.0f}" y="{place[1]:.0f}">{name}</text>']
    out += [f'<text x="{(wide - 90 + left) / 2:.0f}" y="{high - 8}" text-anchor="middle">learning and '
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


def run(program, data, row):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [program, "run", os.path.join(SOURCE, "pipelines", row.name), "--train",
             part(data, "train"), "--test", part(data, "t10k"), "--seed", "1", "--json", "--quiet",
             "-o", f"{folder}/run", *shlex.split(row.options)],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    out = json.loads(out)
    return {"row": row.key, "errors": out["test"]["errors"], "rows": out["test"]["rows"],
            "learn": round(out["seconds"]["fit"], 3), "predict": round(out["seconds"]["predict"], 3),
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
    p.add_argument("--program", default=os.path.join(os.environ.get("BUILD", "."), "mnistpipe"))
    a = p.parse_args()
    found = kept()
    if a.page:
        sys.stdout.write(page(found))
        return
    for file, rows, _ in pipelines():
        for row in rows if not a.only or file in a.only else []:
            print(f"historic: {row.key}", file=sys.stderr)
            found[row.key] = run(a.program, a.data, row)
            write(KEPT, "".join(json.dumps(found[k]) + "\n" for k in sorted(found)))
            write(PAGE, page(found))
    write(PAGE, page(found))
    write(CURVE, curve(found))


if __name__ == "__main__":
    main()
