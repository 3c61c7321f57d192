# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the figures and pictures of the tutorial's pages, or checks them.

    docs/tutorial/make.py --program ./mnistpipe            runs all steps, writes
    docs/tutorial/make.py --program ./mnistpipe --check    runs all steps, compares

figures.json holds what was measured; what the pages say of it stands between markers,
<!-- KIND ARGUMENTS --> ... <!-- end -->, and is written by the functions below from that
file alone.  Pictures are drawn by the commands that the pages print, and, at markers
<!-- learned FILE PIPELINE COUNT ZOOM -->, put together from a run's report.html.

--check runs everything again.  Steps without a net must give the same errors.  Nets add up
in another order on another processor, and training makes small differences large: their
errors may differ by WITHIN rows of 1000, and their pictures a little.

Needs Python 3, nothing else.
"""
import argparse
import base64
import csv
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
WITHIN = 10                  # rows of 1000; other first weights (--seed 2) changed at most 6
PICTURE = {False: 2, True: 24}  # mean difference of two pictures in grey levels; True: of nets
HELD = {"06_choose": ("svm.C", ["0.01", "0.1", "1", "10", "100"]),  # tried on held-out rows
        "14_neighbours": ("knn.k", ["1", "3", "10", "100"]),
        "15_forest": ("forest.trees", ["1", "10", "100"]),
        "16_bells": ("quadratic.shrinkage", ["0", "0.03", "0.3", "1"])}
LEFT = [0, 10, 20, 50, 100]  # least sure rows of 1000 left to a person
BLOCK = re.compile(r"(<!-- (?!learned|end)(\w+)((?: [^ >]+)*) -->)(.*?)(<!-- end -->)", re.S)
ARROWS = re.compile(r"^    docs/hog_arrows\.py \./mnistpipe (\d+) (\S+\.svg)$", re.M)
LOOK = re.compile(r"^    docs/tutorial/look\.py \./mnistpipe (\w+) (\S+\.png)(.*)$", re.M)
LEARNED = re.compile(r"<!-- learned (\S+) (\S+) (\d+) (\d+) -->")
SHOW = re.compile(r"^    \./mnistpipe show (docs/tutorial|runs)/(\w+)(?:\.txt|/bundle\.mnp)(.*)"
                  r" -o (\S+\.png)$", re.M)


def pages():
    return sorted(HERE.glob("*.md"))


def steps():
    """Pipelines that have a page."""
    return [p.stem for p in sorted(HERE.glob("[0-9]*.txt")) if p.with_suffix(".md").exists()]


def base(name):
    """The step that a step changes: the second argument of its page's `pipeline`."""
    m = re.search(r"<!-- pipeline %s (\S+) -->" % name, (HERE / (name + ".md")).read_text())
    return m.group(1) if m else None


# ------------------------------------------------------------------- measuring

def mnistpipe(*args, folder):
    r = subprocess.run([str(PROGRAM), *args, "--quiet"], cwd=folder, capture_output=True,
                       text=True, env=dict(os.environ, MNISTPIPE_CACHE=str(folder / "cache")))
    if r.returncode != 0:
        sys.exit("mnistpipe %s: %s" % (" ".join(args), r.stderr.strip()))
    return r.stdout


def table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def step_figures(run, report, truth):
    """What is kept of one run."""
    said = [int(r["predicted"]) for r in table(run / "predictions.csv")]
    model = next(s for s in report["stages"] if s["group"] == "models")
    shape = model["shape_in"]
    if not isinstance(shape, list):
        shape = [shape[k] for k in ("h", "w", "c")]
    figures = {
        "errors": report["test"]["errors"],
        "interval": [round(100 * v, 1) for v in report["test"]["accuracy_interval"]],
        "values": shape[0] * shape[1] * shape[2],
        "net": bool(report.get("layers")),
        # A CSV file's first row is line 2, under the header: the number that `show` takes.
        "wrong": [i + 2 for i, (a, b) in enumerate(zip(said, truth)) if a != b],
    }
    if "accuracy" in report.get("training", {}):
        figures["training"] = round(report["training"]["accuracy"][-1], 3)
    return figures


def unsure(run):
    """Rows by how sure the model was of its choice, the least sure first."""
    rows = table(run / "predictions.csv")
    keys = [k for k in rows[0] if k.startswith("probability_")]
    sure = [(max(float(r[k]) for k in keys), i + 2) for i, r in enumerate(rows)]
    return [i for _, i in sorted(sure)]


def measure(folder):
    texts = [str(p) for p in sorted(HERE.glob("[0-9]*.txt"))]
    o = json.loads(mnistpipe("compare", *texts, "-o", "all", "--format", "json", folder=folder))
    reports = {r["name"]: json.loads((folder / r["folder"] / "report.json").read_text())
               for r in o["runs"]}
    truth = [int(r["label"]) for r in table_of_sample(reports["01_pixels"]["test"]["file"])]
    figures = {"steps": {}, "pairs": {}, "heldout": {}}
    for r in sorted(o["runs"], key=lambda r: r["name"]):
        s = step_figures(folder / r["folder"], reports[r["name"]], truth)
        figures["steps"][r["name"]] = dict(s, parameters=r["parameters"])
    for p in o["pairs"]:
        for now, before, gained, lost in (
                (p["a"], p["b"], p["only_a_right"], p["only_b_right"]),
                (p["b"], p["a"], p["only_b_right"], p["only_a_right"])):
            if now in steps() and base(now) == before:
                figures["pairs"][now] = {"gained": gained, "lost": lost,
                                         "p": float("%.2g" % p["p"])}
    for name, (what, values) in HELD.items():
        for v in values:
            r = json.loads(mnistpipe("run", str(HERE / (name + ".txt")), "--set", "data.test=",
                                     "--set", what + "=" + v, "--json", "-o", "held", "--cache",
                                     str(folder / "cache"), folder=folder))
            figures["heldout"].setdefault(name, {})[v] = [r["test"]["errors"], r["test"]["rows"]]
    order = unsure(folder / "all/13_calibrate")
    wrong = set(figures["steps"]["13_calibrate"]["wrong"])
    figures["reject"] = [[n, len(wrong - set(order[:n]))] for n in LEFT]
    figures["unsure"] = order[:8]
    return figures


def table_of_sample(path):
    import gzip
    with gzip.open(path, "rt", newline="") as f:
        return [{"label": line.split(",", 1)[0]} for line in f][1:]


def differences(old, new):
    """What a new measurement contradicts."""
    bad = []
    for name, o in old["steps"].items():
        n, within = new["steps"].get(name), WITHIN if o["net"] else 0
        if n is None:
            bad.append("%s: has no run" % name)
            continue
        if abs(o["errors"] - n["errors"]) > within:
            bad.append("%s: %d errors, not %d%s" % (name, n["errors"], o["errors"],
                       " within %d" % within if within else ""))
        bad += ["%s: %s is %s, not %s" % (name, k, n[k], o[k])
                for k in ("values", "net", "parameters") if o[k] != n[k]]
        if abs(o.get("training", 0) - n.get("training", 0)) > 0.02:
            bad.append("%s: training accuracy is %s, not %s" % (name, n["training"],
                                                                 o["training"]))
        if not o["net"] and o["wrong"] != n["wrong"]:
            bad.append("%s: other rows are wrong" % name)
    for name, o in old["pairs"].items():
        if not old["steps"][name]["net"] and o != new["pairs"].get(name):
            bad.append("%s against the step before: %s, not %s" % (name, new["pairs"].get(name),
                                                                   o))
    bad += ["%s is %s, not %s" % (k, new[k], old[k]) for k in ("heldout", "reject", "unsure")
            if old[k] != new[k]]
    bad += ["%s: has no figures" % n for n in new["steps"] if n not in old["steps"]]
    return bad


# ----------------------------------------------------------------- the pages' text

def lines_of(name):
    return (HERE / (name + ".txt")).read_text().splitlines()[1:]


def pipeline(f, name, before=None):
    """The pipeline's text; marked what is new in it, unless all is."""
    import difflib
    now = lines_of(name)
    if before is None or not set(now[1:]) & set(lines_of(before)[1:]):
        return "\n\n" + "\n".join("    " + s for s in now) + "\n\n"
    marks = [s for s in difflib.ndiff(lines_of(before), now) if s[0] != "?"]
    return "\n```diff\n" + "\n".join(s[0] + " " + s[2:] for s in marks) + "\n```\n"


def row(f, name, label):
    s = f["steps"][name]
    return "| %s | %d | %.1f %% | %.1f .. %.1f | %d | %s |" % (
        label, s["errors"], 100 - s["errors"] / 10, *s["interval"], s["values"],
        "{:,}".format(s["parameters"]).replace(",", " "))


def verdict(p):
    if p["p"] >= 0.05:
        return "not told apart"
    return "better" if p["gained"] > p["lost"] else "worse"


def figures(f, name):
    out = ["", "", "| | errors in 1000 | accuracy | 95 % interval | values | weights |",
           "|---|---:|---:|---:|---:|---:|"]
    before = base(name)
    if before is None:
        return "\n".join(out + [row(f, name, "`%s`" % name)]) + "\n\n"
    p = f["pairs"][name]
    out += [row(f, before, "before: `%s`" % before), row(f, name, "now: `%s`" % name), "",
            "%d digits that were wrong before are right now, %d that were right are wrong now. "
            "McNemar's exact test: p = %.2g, **%s**." % (p["gained"], p["lost"], p["p"],
                                                         verdict(p))]
    return "\n".join(out) + "\n\n"


def against(name):
    """The number of the step that it changes, or the name of what is none."""
    return base(name)[:2] if base(name) in steps() else "`%s`" % base(name)


def index(f):
    out = ["", "", "| step | what changes | errors in 1000 | accuracy | 95 % interval | against "
           "| p | |", "|---|---|---:|---:|---:|---|---:|---|"]
    for n in steps():
        s, p = f["steps"][n], f["pairs"].get(n)
        title = (HERE / (n + ".md")).read_text().splitlines()[0].lstrip("# ")
        change = re.sub(r"^# \S+ - ", "", (HERE / (n + ".txt")).read_text().splitlines()[0])
        out.append("| [%s](%s.md) | %s | %s%d | %.1f %% | %.1f .. %.1f | %s | %s | %s |" % (
            title, n, change, "~" if s["net"] else "", s["errors"], 100 - s["errors"] / 10,
            *s["interval"], against(n) if p else "", "%.2g" % p["p"] if p else "",
            verdict(p) if p else ""))
    return "\n".join(out) + "\n\n"


def errors(f, name):
    return str(f["steps"][name]["errors"])


def heldout(f, name):
    what, values = HELD[name]
    found = f["heldout"][name]
    out = ["", "", "| %s | errors in %d held-out rows |" % (what.split(".")[1], found[values[0]][1]),
           "|---:|---:|"]
    return "\n".join(out + ["| %s | %d |" % (v, found[v][0]) for v in values]) + "\n\n"


def training(f, *names):
    out = ["", "", "| | right of the training rows, last epoch | right of the test rows |",
           "|---|---:|---:|"]
    return "\n".join(out + ["| `%s` | %.1f %% | %.1f %% |" % (
        n, 100 * f["steps"][n]["training"], 100 - f["steps"][n]["errors"] / 10)
        for n in names]) + "\n\n"


def reject(f):
    out = ["", "", "| rows left to a person | errors in the others |", "|---:|---:|"]
    return "\n".join(out + ["| %d | %d |" % tuple(r) for r in f["reject"]]) + "\n\n"


def look(f, name, picture):
    """The command that shows the first wrong rows of a step among their neighbours."""
    return "\n\n    docs/tutorial/look.py ./mnistpipe neighbours %s %s\n\n" % (
        picture, ",".join(map(str, f["steps"][name]["wrong"][:6])))


def test_rows(f, what, name, shown, picture):
    """The command that shows the least sure rows, or the first wrong ones, of a step."""
    rows = sorted(f["unsure"] if what == "unsure" else f["steps"][name]["wrong"][:8])
    return "\n\n    ./mnistpipe show docs/tutorial/%s.txt --part test --rows %s -o %s\n\n" % (
        shown, ",".join(map(str, rows)), picture)


KINDS = {"pipeline": pipeline, "figures": figures, "index": index, "errors": errors,
         "heldout": heldout, "training": training, "reject": reject, "rows": test_rows, "look": look}


def render(text, f):
    return BLOCK.sub(lambda m: m[1] + KINDS[m[2]](f, *m[3].split()) + m[5], text)


def broken_links(page):
    return [to for to in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
            if not (HERE / to).exists()]


# -------------------------------------------------------------------- pictures

def read_png(data):
    """8-bit grey or RGB, not interlaced, as libvips writes it -> w, h, bands, rows."""
    at, bits = 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        if kind == b"IHDR":
            w, h, depth, colour, _, _, laced = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and colour in (0, 2) and not laced, "a PNG of another kind"
        bits += body if kind == b"IDAT" else b""
        at += 12 + n
    bands = 3 if colour == 2 else 1
    raw, size, rows, up = zlib.decompress(bits), w * bands, [], bytearray(w * bands)
    for y in range(h):
        kind, line = raw[y * (size + 1)], bytearray(raw[y * (size + 1) + 1:(y + 1) * (size + 1)])
        for i in range(size if kind else 0):
            a, b = line[i - bands] if i >= bands else 0, up[i]
            c = up[i - bands] if i >= bands else 0
            near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, near)[kind]) & 255
        rows.append(line)
        up = line
    return w, h, bands, rows


def write_png(w, h, rows):
    """RGB."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body))
    bits = zlib.compress(b"".join(b"\0" + bytes(r) for r in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", bits) + chunk(b"IEND", b"")


def learned(report, count, zoom):
    """The first pictures of "What it has learned", enlarged, at most ten in a line."""
    section = report.read_text().split('<section id="learned"')[1].split("</figure>")[0]
    tiles = [read_png(base64.b64decode(b)) for b in
             re.findall(r'base64,([^"]+)"', section)[:count]]
    gap, across = 6, max(n for n in range(1, 11) if count % n == 0)
    side_w, side_h = tiles[0][0] * zoom + gap, tiles[0][1] * zoom + gap
    w, h = across * side_w + gap, -(-count // across) * side_h + gap
    rows = [bytearray(b"\xd0" * (3 * w)) for _ in range(h)]
    for i, (tw, th, _, px) in enumerate(tiles):
        left, top = gap + i % across * side_w, gap + i // across * side_h
        for y in range(th * zoom):
            line = px[y // zoom]
            wide = b"".join(bytes(line[3 * x:3 * x + 3]) * zoom for x in range(tw))
            rows[top + y][3 * left:3 * left + len(wide)] = wide
    return write_png(w, h, rows)


def pictures(folder, f):
    """Draws all pictures -> {name: (bytes, whether a net has a part in it)}."""
    out = {}
    for page in pages():
        text = render(page.read_text(), f)
        for where, name, args, file in SHOW.findall(text):
            args = shlex.split(args)
            if where == "runs":
                mnistpipe("show", str(folder / "all" / name / "bundle.mnp"), *args, "-o", file,
                          folder=folder)
                out[file] = (folder / file).read_bytes(), f["steps"][name]["net"]
                continue
            if "embed" in (HERE / (name + ".txt")).read_text():
                # The net is trained already: its bundle in place of its pipeline.
                args += ["--set", "embed.bundle=" + str(folder / "all/10_augment/bundle.mnp")]
            mnistpipe("show", str(HERE / (name + ".txt")), *args, "-o", file, folder=folder)
            out[file] = (folder / file).read_bytes(), "embed" in args[-1]
        for what, file, rows in LOOK.findall(text):
            subprocess.run([sys.executable, str(HERE / "look.py"), str(PROGRAM), what,
                            str(folder / file), *rows.split()], check=True)
            out[file] = (folder / file).read_bytes(), False
        for file, name, count, zoom in LEARNED.findall(text):
            out[file] = (learned(folder / "all" / name / "report.html", int(count), int(zoom)),
                         f["steps"][name]["net"])
    return out


def arrows(folder):
    """The same with the pictures of docs/hog_arrows.py -> {name: text}."""
    out = {}
    for page in pages():
        for row, file in ARROWS.findall(page.read_text()):
            subprocess.run([sys.executable, str(HERE.parent / "hog_arrows.py"), str(PROGRAM), row,
                            str(folder / file)], check=True)
            out[file] = (folder / file).read_text()
    return out


def far(a, b):
    """Mean difference of two PNGs in grey levels; infinite if they differ in size."""
    (w, h, bands, x), (w2, h2, bands2, y) = read_png(a), read_png(b)
    if (w, h, bands) != (w2, h2, bands2):
        return float("inf")
    return sum(abs(p - q) for r, s in zip(x, y) for p, q in zip(r, s)) / (w * h * bands)


# ------------------------------------------------------------------------ work

def write(folder):
    f = measure(folder)
    text = json.dumps(f, indent=1, sort_keys=True)
    text = re.sub(r"\[[^][{}]*\]", lambda m: re.sub(r"\s+", " ", m[0]), text)
    (HERE / "figures.json").write_text(text + "\n")
    for page in pages():
        page.write_text(render(page.read_text(), f))
    for name, (data, net) in pictures(folder, f).items():
        old = HERE / name
        if not old.exists() or far(old.read_bytes(), data) > 0:
            old.write_bytes(data)
    for name, text in arrows(folder).items():
        (HERE / name).write_text(text)


def check(folder):
    """One line for each thing that was looked at: good or bad, its name, a reason."""
    f = json.loads((HERE / "figures.json").read_text())
    def say(name, bad):
        print("%s\t%s\t%s" % ("bad" if bad else "good", name, "; ".join(bad)), flush=True)
    for page in pages():
        text = page.read_text()
        say(page.name + ": says what figures.json says, and its links lead somewhere",
            ["not as make.py writes it"] * (render(text, f) != text) +
            ["no " + to for to in broken_links(page)])
    new = measure(folder)
    bad = differences(f, new)
    for name in sorted(set(f["steps"]) | set(new["steps"])):
        mine = [b for b in bad if b.startswith(name)]
        say(name + ": a new run gives its figures", mine)
        bad = [b for b in bad if b not in mine]
    say("figures of held-out rows and of rows left to a person", bad)
    drawn = pictures(folder, f)
    for name in sorted(set(drawn) | {p.name for p in HERE.glob("*.png")}):
        old = HERE / name
        if name not in drawn or not old.exists():
            say(name, ["no page draws it" if name not in drawn else "is not there"])
            continue
        data, net = drawn[name]
        by = far(old.read_bytes(), data)
        say(name + ": is drawn again", ["differs by %.1f grey levels" % by] *
            (by > PICTURE[net]))
    numbers = lambda text: [float(x) for x in re.findall(r"-?\d+\.?\d*", text)]
    for name, text in arrows(folder).items():
        old, new = numbers((HERE / name).read_text()), numbers(text)
        say(name + ": is drawn again", ["differs"] * (len(old) != len(new) or any(
            abs(a - b) > 1.5 for a, b in zip(old, new))))  # processors differ a little


def main():
    global PROGRAM
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--program", default="./mnistpipe", help="default ./mnistpipe")
    a.add_argument("--check", action="store_true", help="compare in place of writing")
    a.add_argument("--folder", help="keeps the runs and their cache there, to use them again")
    o = a.parse_args()
    PROGRAM = Path(o.program).resolve()
    work = check if o.check else write
    if o.folder:
        work(Path(o.folder).resolve())
    else:
        with tempfile.TemporaryDirectory() as folder:
            work(Path(folder))


if __name__ == "__main__":
    main()
