# SPDX-License-Identifier: GPL-3.0-or-later
"""page.py PAGE [JSON] - what every page promises, by an XML parser that forgives nothing.

Prints what is wrong, a line each; with the report.json of a run, the compare.json of a comparison
or the ablate.json of an ablation also where figures differ."""
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree as tree

H = "{http://www.w3.org/1999/xhtml}"
S = "{http://www.w3.org/2000/svg}"
wrong = []


def must(good, what):
    if not good:
        wrong.append(what)


def text(e):
    return " ".join("".join(e.itertext()).split())


def structure(root):
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    must(len(ids) == len(set(ids)), "an id occurs twice")
    for e in root.iter():
        name = e.tag.split("}")[1]
        must(name != "script", "a script")
        for key, value in e.attrib.items():
            key = key.split("}")[-1]
            if key == "href" and name == "a" and not value.startswith("#"):
                path = os.path.join(os.path.dirname(sys.argv[1]), urllib.parse.unquote(value))
                must(":" not in value and not value.startswith("/") and os.path.isfile(path),
                     f"{value}: no file beside the page")
            elif key in ("src", "href"):
                must(value.startswith(("data:", "#")), f"{name} {key}={value[:60]}: from elsewhere")
                must(not value.startswith("#") or value[1:] in ids, f"{value}: leads nowhere")
            if key in ("aria-labelledby", "aria-describedby"):
                must(value in ids, f"{key}={value}: not there")
            must(not key.startswith("on"), f"{name} {key}: a script")
    for style in root.iter(H + "style"):
        must("url(" not in style.text and "@import" not in style.text, "the style loads something")
    levels = [int(e.tag[-1]) for e in root.iter() if re.fullmatch(r"h[1-6]", e.tag.split("}")[1])]
    must(levels[0] == 1 and levels.count(1) == 1, "not one h1, first")
    must(all(b <= a + 1 for a, b in zip(levels, levels[1:])), f"headings skip a level: {levels}")
    for name in "header", "main", "title":
        must(len(list(root.iter(H + name))) == 1, f"not one {name}")
    must(root.get("lang") == "en", "no language")


def alternatives(root):
    for e in root.iter(H + "img"):
        must((e.get("alt") or "").strip(), "a picture without a text")
    for e in root.iter(S + "svg"):
        must(e.get("role") == "img" and e.get("aria-label"), "a plot without a text")
        must(e.find(S + "title") is not None and e.find(S + "desc") is not None, "a plot, no title")
        must(not re.search(r"\b(nan|inf)\b", tree.tostring(e, "unicode")), "a plot of no numbers")
    for e in root.iter(H + "figure"):
        must(text(e.find(H + "figcaption")), "a figure without a caption")
    for e in root.iter(H + "th"):
        must(e.get("scope") in ("row", "col"), "a heading of a table without its scope")
    for e in root.iter(H + "table"):
        must(text(e.find(H + "caption")), "a table without a caption")
        sizes = {sum(int(cell.get("colspan", 1)) for cell in row) for row in e.iter(H + "tr")}
        must(len(sizes) == 1, f"a table with rows of {sizes} cells")


# Words that a page explains where it uses them: by what they stand for on the page.
WORDS = {"macro F1": "macro F1", "Wilson": "interval", "expected calibration error": "calibration",
         "Brier score": "Brier score", "log likelihood": "log loss", "precision and F1": "F1",
         "Holm\u2019s": "Holm's correction", "McNemar\u2019s": "McNemar's test",
         "standard error": "standard error", "margins": "margins", "Suspect labels": "suspect",
         "Reject curve": "reject curve", "How it learned": "loss"}


def words(root):
    """Every such word is explained, and none is explained twice within one fold."""
    lists = [e for e in root.iter(H + "dl") if e.get("class") == "words"]
    told = {text(d) for e in lists for d in e.iter(H + "dt")}
    must(lists, "no words are explained")
    for e in lists:
        parent = next(d for d in root.iter(H + "details") if e in list(d))
        must(text(parent.find(H + "summary")) == "What the words mean", "words, not folded away")
        terms = [text(d) for d in e.iter(H + "dt")]
        must(terms and len(terms) == len(set(terms)) == len(list(e.iter(H + "dd"))), "words")
    said = " ".join(text(e) for name in ("p", "dt", "caption", "figcaption", "h2")
                    for e in root.iter(H + name))
    for word, name in WORDS.items():
        must(word not in said or name in told, f"{word}: not explained")


def table(root, caption):
    for e in root.iter(H + "table"):
        if text(e.find(H + "caption")).startswith(caption):
            return [[text(c) for c in row] for row in e.find(H + "tbody")]
    wrong.append("no table: " + caption)
    return []


def section(root, name):
    return next((e for e in root.iter(H + "section") if e.get("id") == name), tree.Element("none"))


def figures(root, r):
    t = r["test"]
    whole = text(root.find(H + "body"))
    facts = {text(d[0]): text(d[1]) for d in root.iter(H + "div") if d.find(H + "dt") is not None}
    must(facts["seed"] == str(r["seed"]), "seed")
    must(facts["time"] == "%.2f s" % r["seconds"]["total"], "time")
    for d in r["train"], t:
        must(d["crc32"] in whole and str(d["rows"]) in whole, "data")
    must(r["pipeline"]["text"].strip() in [e.text.strip() for e in root.iter(H + "code")], "text")
    must(all(f"{n} {v}" in whole for n, v in r["libraries"].items()), "libraries")
    must(all(w in whole for w in r["warnings"]), "warnings")
    costs = table(root, "What each stage cost")
    must([c[0] for c in costs] == [s["text"].split("\n")[0] for s in r["stages"]], "stages")
    if "accuracy" not in t:
        must("accuracy" not in facts and "nothing is scored" in whole, "a score without labels")
        return
    must(facts["accuracy"] == "%.2f %%" % (100 * t["accuracy"]), "accuracy")
    must(facts["errors"] == f"{t['errors']} of {t['rows']} rows", "errors")
    must(facts["95 % interval"] == "%.2f .. %.2f %%" %
         tuple(100 * v for v in t["accuracy_interval"]), "interval")
    if len(r["labels"]) <= 64:
        confusion = [[int(c) for c in row[1:]] for row in table(root, "Rows of the test")]
        must(confusion == t["confusion"], "confusion")
    share = lambda v: "\u2013" if v is None else "%.4f" % v
    must(table(root, "Recall, precision") ==
         [[str(c["label"]), str(c["rows"]), str(c["predicted"]),
           str(t["confusion"][i][i]), share(c["recall"]), share(c["precision"]), share(c["f1"])]
          for i, c in enumerate(t["classes"])], "classes")
    must(len([e for e in root.iter(H + "li") if e.get("class") == "card"]) ==
         min(48, t["errors"]), "mistakes")
    if "calibration" in t:
        q = t["calibration"]
        must([facts[k] for k in ("expected calibration error", "negative log likelihood",
                                 "Brier score")] ==
             ["%.4f" % q[k] for k in ("expected_error", "log_loss", "brier")], "calibration")
        must([row[1] for row in table(root, "Rows by how sure")] ==
             [str(b["rows"]) for b in q["bins"] if b["rows"]], "bins")
    else:
        must("expected calibration error" not in facts, "a calibration of nothing")
    if "training" in r:
        nets = [name for name in r["training"] if name.split(".")[-1] == "loss"]
        must(len(list(section(root, "learning").iter(S + "svg"))) == 2 * len(nets),
             "loss and accuracy of every net, drawn")
        for net in (name.rpartition(".")[0] for name in nets):
            series = [v for k, v in r["training"].items()
                      if k.rpartition(".")[0] == net and not k.endswith("kept_epoch")]
            title = "What the net of %s recorded" % net if net else "What the model recorded"
            must([row[1:] for row in table(root, title)] ==
                 [["%.4f" % v for v in row] for row in zip(*series)], "training" + net)


DASH = "\u2013"


def rows_of(table, head):
    """The rows of a list of runs: cells of the good ones, (name, why) of those that failed."""
    good = [row for row in table if len(row) > head + 1]
    return good, [(row[head - 1], row[head]) for row in table if len(row) == head + 1]


def why(rows):
    return [(q["name"], "failed: " + q["error"]) for q in rows if q["error"] is not None]


def points(v):
    return "0.00" if abs(v) < 5e-5 else "%+.2f" % (100 * v)


def comparison(root, o):
    whole = text(root.find(H + "body"))
    good, failed = rows_of(table(root, "Each name leads"), 2)
    runs = [q for q in o["runs"] if q["error"] is None]
    must(failed == why(o["runs"]), "failures")
    must([row[:3] for row in good] ==
         [[str(q["rank"]), q["name"], q["kind"]] for q in runs], "runs")
    links = [e.get("href") for e in root.iter(H + "a") if e.get("href")[0] != "#"]
    must([urllib.parse.unquote(v) for v in links] ==
         [q["folder"].split("/")[-1] + "/report.html" for q in runs], "links")
    must(len(runs) < 2 or all(q["name"] in whole for q in runs), "names")
    if not o["scored"]:
        must("nothing is scored" in whole and "pairs-title" not in whole, "a score without labels")
        return
    must([row[3:7] for row in good] ==
         [["%.2f %%" % (100 * q["accuracy"]), "%.2f .. %.2f" %
           tuple(100 * v for v in q["accuracy_interval"]), str(q["errors"]), "%.4f" % q["macro_f1"]]
          for q in runs], "accuracy")
    pairs = {(q["a"], q["b"]): q for q in o["pairs"]}
    if not pairs:
        return
    first = f"{runs[0]['name']} has the fewest errors: {runs[0]['errors']} of {o['test_rows']}"
    must(first in whole or runs[0]["errors"] == runs[1]["errors"], "the answer")
    better = {q["better"] for q in o["pairs"] if q["a"] == runs[0]["name"]} - {None}
    must(bool(better) == (runs[0]["name"] + " is better than" in whole), "better")
    squares = table(root, "Is the one of the column better")
    must(len(squares) == len(runs) - 1, "a line for each but the best")
    for i, line in enumerate(squares):
        must(line[0].endswith(f" {i + 2}"), "a name and its number")
        for j, cell in enumerate(line[1:]):
            if j > i:
                must(cell == "", "a triangle")
                continue
            q = pairs.get((runs[j]["name"], runs[i + 1]["name"]),
                          pairs.get((runs[i + 1]["name"], runs[j]["name"])))
            p = q["p_holm"]
            told = "not told apart" if q["better"] is None else "better"
            small = "<.001" if p < .001 else "1" if p >= .995 else \
                ("%.3f" if p < .1 else "%.2f") % p
            must(cell == f"{told}, p {small.lstrip('0')}", f"square {i}, {j}: {cell}")
    must([row[4:8] for row in table(root, "Differences of accuracy")] ==
         [[points(q["difference"]), "%+.2f .. %+.2f" %
           tuple(100 * v for v in q["difference_interval"]), "%.2g" % q["p"], "%.2g" % q["p_holm"]]
          for q in o["pairs"]], "every pair")


def ablation(root, o):
    whole = text(root.find(H + "body"))
    facts = {text(d[0]): text(d[1]) for d in root.iter(H + "div") if d.find(H + "dt") is not None}
    good, failed = rows_of(table(root, "The pipeline without"), 1)
    rows = [q for q in o["rows"] if q["error"] is None]
    must(failed == why(o["rows"]), "failures")
    must(facts["accuracy of the whole"] == "%.2f %%" % (100 * o["whole"]["accuracy"]), "accuracy")
    must(facts["errors"] == f"{o['whole']['errors']} of {o['test_rows']} rows", "errors")
    must([row[:9] for row in good] ==
         [[q["name"], "%.2f %%" % (100 * q["accuracy"]), points(q["bought"]), "%+.2f .. %+.2f" %
           tuple(100 * v for v in q["bought_interval"]), str(q["fixed"]), str(q["made"]),
           "%.2g" % q["p"], "%.2g" % q["p_holm"], q["better"] or DASH] for q in rows], "rows")
    earned = [q["name"] for q in rows if q["better"] == "with"]
    must(bool(earned) == ("earns its place" in whole or "earn their places" in whole), "the answer")
    for q in rows:
        said = f"{q['name']}: {q['fixed']} fixed, {q['made']} made"
        must((said in whole) == (q["fixed"] + q["made"] > 0), said)


def seconds(x, cell):
    """As the page has them; JSON has 9 digits, so that halves may have gone either way."""
    unit, form = (0.01, "%.2f") if x < 99.95 else (1, "%.0f")
    return cell if abs(float(cell) - x) <= 0.500001 * unit else form % x


def gallery(root, o):
    whole = text(root.find(H + "body"))
    rows = {q["name"]: q for q in o["rows"]}
    bases = [b for b in ("pixels", "hog") if o["bases"]]
    costs = any("microseconds" in q for q in o["rows"])
    orders = [e for e in root.iter(H + "table") if text(e.find(H + "caption")).startswith("All st")]
    must(len(orders) == 1 + costs + len(bases), "a table for each order")
    order = {"by name": lambda q: q["name"], "by cost": lambda q: q.get("microseconds", 1e9),
             "by gain with pixels + svm": lambda q: -q.get("pixels_bought", -9),
             "by gain with hog + svm": lambda q: -q.get("hog_bought", -9)}
    for e in orders:
        name = text(e.find(H + "caption")).split(", ", 1)[1]
        lines = [[text(c) for c in row] for row in e.find(H + "tbody")]
        keys = [order[name](rows[cells[0]]) for cells in lines]
        must(sorted(q[0] for q in lines) == sorted(rows) and keys == sorted(keys), name)
        for cells in lines:
            q = rows[cells[0]]
            if q["error"] is not None:
                must(cells[2] == "failed: " + q["error"], "a failure")
                continue
            want = [q["kind"]] + ([seconds(q["microseconds"], cells[2])] if costs else [])
            for b in bases:
                want += [points(q[b + "_bought"]), "%+.2f .. %+.2f" %
                         tuple(100 * v for v in q[b + "_bought_interval"]),
                         "%.2g" % q[b + "_p_holm"] if q[b + "_p_holm"] else "<1e-300"] if b + "_p" in q else [DASH] * 3
            must(cells[1:] == want, f"{name}, {cells[0]}: {cells[1:]}, not {want}")
        bold = sum(e.tag == H + "strong" for e in e.iter())
        must(bold == sum(q.get(b + "_better") is not None for q in o["rows"] for b in bases),
             "what remains is bold")
    for name, q in rows.items():
        e = next(e for e in root.iter(H + "li") if e.get("id") == "stage-" + name)
        must(q["brief"] in text(e), name + ": its help")
        must((e.find(".//" + H + "img") is None) == (q["error"] is not None), name + ": a picture")
        must(q["error"] is None or q["error"] in text(e), name + ": why not")
    must(not bases or f"all {o['tried']} differences" in whole, "how many were tried")


root = tree.parse(sys.argv[1]).getroot()
structure(root)
alternatives(root)
if len(sys.argv) > 2: # a page of the program, not of the benchmarks
    words(root)
    o = json.load(open(sys.argv[2]))
    (comparison if "pairs" in o else ablation if "whole" in o else gallery if "bases" in o
     else figures)(root, o)
print("\n".join(sorted(set(wrong))))
sys.exit(bool(wrong))
