# SPDX-License-Identifier: GPL-3.0-or-later
"""The page and the picture that `make bench` makes of results and ledger.  The style is that of
the program's own pages, taken from src/pages/html.c; plots are drawn as src/pages/plot.c draws them."""
import html, math, os, re
import common

WIDTH, BROAD, LETTER, STEP = 400, 720, 12, 19   # px: of a plot, of the one across the page
NARROW, WIDE = set("ijlI.,:;'|!-() ftr"), set("mwMW%")
OURS, LONG_AGO = "mnistpipe", 40   # lines of the ledger that a sparkline shows at most


def esc(text):
    return html.escape(str(text))


def text_width(text):
    return LETTER * sum(0.42 if c in NARROW else 0.98 if c in WIDE else 0.72 if c.isupper()
                        else 0.64 for c in text)


def clip(text, width):
    """The text, or as much of it as is not wider."""
    if text_width(text) <= width:
        return text
    while text_width(text + "\u2026") > width:
        text = text[:-1]
    return text + "\u2026"


def style():
    """The strings of `style[]` in html.c, whose only escapes are those of a backslash."""
    with open(os.path.join(common.SOURCE, "src/pages/html.c")) as f:
        block = f.read().split("style[] = {", 1)[1].split("\n};", 1)[0]
    return "\n".join(s.replace("\\\\", "\\") for s in re.findall(r'^ *"(.*)",$', block, re.M))


# ------------------------------------------------------------------------ names

def case_id(result, case):
    return "/".join([result["bench"], case["name"], case["what"] or case["unit"]])


def machine_id(result):
    m = result["machine"]
    return f"{m['processor']}, {m['cores']} cores, {' '.join(m['vector'][-1:])}, {m['system']}"


def value(x, unit):
    return f"{common.number(x)} {unit.split()[0]}"


def best_peer(case):
    """The peer that comes closest, or None."""
    peers = [s for s in case["sides"][1:] if s.get("ratio") and not s["name"].startswith(OURS)]
    return min(peers, key=lambda s: s["ratio"]) if peers else None


# ------------------------------------------------------------------------- plots

def svg(title, text, height, body, width=WIDTH):
    broad = f'style="max-width:{width}px" ' if width > WIDTH else ""
    return (f'<svg class="plot" {broad}xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{esc(title)}. {esc(text)}"><title>{esc(title)}</title>'
            f"<desc>{esc(text)}</desc>\n{body}</svg>\n")


def label(x, y, text, anchor="start", kind="strong"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{esc(text)}</text>'


def line(kind, x1, x2, y1, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" />'


def case_bars(group):
    """For each case its name, and below a bar for each side; to scale within the case."""
    sides = [(s, value(s["median"], c["unit"])) for c in group for s in c["sides"]]
    left = min(max(text_width(s["name"]) for s, _ in sides) + 10, WIDTH * 0.62)
    room = WIDTH - left - max(text_width(v) for _, v in sides) - 8
    y, body = 0, []
    for case in group:
        most = max(max(s["high"] for s in case["sides"]), 1e-300)
        body.append(label(0, y + 13, clip(case["name"], WIDTH)))
        y += STEP
        for i, s in enumerate(case["sides"]):
            scale = [left + room * v / most for v in (s["median"], s["low"], s["high"])]
            own = s["name"].startswith(OURS)
            body += [label(left - 8, y + 13, clip(s["name"], left - 10), "end",
                           "strong" if i == 0 else ""),
                     f'<rect class="f{1 if own else 0}" x="{left:.1f}" y="{y + 3}" '
                     f'width="{scale[0] - left:.1f}" height="12" />',
                     line("whisker", scale[1], scale[2], y + 9, y + 9),
                     label(scale[2] + 6, y + 13, value(s["median"], case["unit"]), kind="")]
            y += STEP
        y += 6
    return "\n".join(body) + "\n", y


def ratio_bars(rows):
    """rows: (name, peer, ratio).  A scale of powers around 1: right of the line we are ahead."""
    ratios = [1.0] + [r for _, _, r in rows]
    low, high = min(ratios), max(ratios)
    names = max(text_width(name) for name, _, _ in rows) + 10
    room = BROAD - names - max(text_width(f"88.8x {peer}") for _, peer, _ in rows) - 8
    span = math.log(high / low) or 1

    def place(r):
        return names + room * math.log(r / low) / span
    body = []
    for i, (name, peer, r) in enumerate(rows):
        top, one = 4 + i * STEP, place(1)
        body += [label(names - 8, top + 13, name, "end"),
                 f'<rect class="f{1 if r >= 1 else 2}" x="{min(one, place(r)):.1f}" y="{top + 3}" '
                 f'width="{abs(place(r) - one):.1f}" height="12" />',
                 label(max(one, place(r)) + 6, top + 13,
                       (f"{r:.1f}x " if r < 100 else f"{r:.0f}x ") + peer, kind="")]
    height = 8 + len(rows) * STEP
    body.append(line("axis", place(1), place(1), 2, height - 2))
    return "\n".join(body) + "\n", height


def sparkline(values, name):
    least, most = min(values), max(values)
    step, span = 100 / max(1, len(values) - 1), (most - least) or 1
    at = [(3 + i * step, 25 - 22 * (v - least) / span) for i, v in enumerate(values)]
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    body = (f'<path class="line k1" d="M{way}" /><circle class="f1" cx="{at[-1][0]:.1f}" '
            f'cy="{at[-1][1]:.1f}" r="3" />')
    return svg(name, f"{len(values)} results, the last is the dot", 28, body, 110).replace(
        'class="plot"', 'class="plot spark"')


def ticks(low, high):
    """Powers of ten with 2 and 5 between, or of four where there would be many."""
    each = [m * 10.0 ** e for e in range(math.floor(math.log10(low)) - 1,
                                         math.ceil(math.log10(high)) + 1) for m in (1, 2, 5)]
    inside = [t for t in each if low * 0.999 <= t <= high * 1.001]
    return inside if len(inside) <= 7 else [t for t in inside if f"{t:e}"[0] == "1"]


def short(x):
    return f"{x / 1000:g} k" if x >= 10000 else f"{x:g}"


def free_place(y, taken, line=14):
    """The place nearest to y that is a line away from all that are taken."""
    places = [y] + [t + d for t in taken for d in (-line, line)]
    return min((p for p in places if all(abs(p - t) >= line for t in taken)),
               key=lambda p: abs(p - y))


def curve_plot(curve):
    """Both axes in powers: a cost that grows as a power is a straight line."""
    ends = [curve["series"][k]["points"] for k in curve["series"]]
    xs, ys = [[p[i] for points in ends for p in points if p[i] > 0] for i in (0, 1)]
    x0, x1, y0, y1 = min(xs) * 0.9, max(xs) * 1.1, min(ys) * 0.8, max(ys) * 1.25
    names = {k: f"{k} {s['exponent']:.2f}" for k, s in curve["series"].items()}
    left, right = 52, WIDTH - max(text_width(n) for n in names.values()) - 14

    def px(x):
        return left + (right - left) * math.log(x / x0) / math.log(x1 / x0)

    def py(y):
        return 198 - 168 * math.log(y / y0) / math.log(y1 / y0)
    body = [label(0, 12, curve["y"]), label(right, 234, curve["x"], "end"),
            line("axis", left, right, 198, 198)]
    body += [line("grid", left, right, py(t), py(t))
             + label(left - 6, py(t) + 4, short(t), "end", "") for t in ticks(y0, y1)]
    body += [line("axis", px(t), px(t), 198, 202) + label(px(t), 215, short(t), "middle", "")
             for t in ticks(x0, x1)]
    taken = []
    for i, (name, s) in enumerate(curve["series"].items()):
        at = [(px(x), py(y)) for x, y in s["points"]]
        body.append(f'<path class="line k{i % 4 + 1}" d="M'
                    + "L".join(f"{x:.1f} {y:.1f}" for x, y in at) + '" />')
        body += [f'<circle class="f{i % 4 + 1}" cx="{x:.1f}" cy="{y:.1f}" r="3.5" />'
                 for x, y in at]
        taken.append(free_place(at[-1][1], taken))
        body.append(label(at[-1][0] + 7, taken[-1] + 4, names[name], kind=f"over f{i % 4 + 1}"))
    return "\n".join(body) + "\n", 240


# ----------------------------------------------------------------------- history

def slower(case):
    """For a pair of the ledger's (median, least, most): how many times slower the second is."""
    return lambda old, new: new[0] / old[0] if case["better"] == "less" else old[0] / new[0]


def apart(case, old, new):
    """Whether every run was slower than every run before."""
    return new[1] > old[2] if case["better"] == "less" else new[2] < old[1]


def earlier(ledger, entry, name):
    """Lines of the same machine that measured the same on as many rows, oldest first."""
    rows = entry["medians"][name]["rows"]
    return [e for e in ledger if e["machine"] == entry["machine"] and e["date"] <= entry["date"]
            and e["medians"].get(name, {}).get("rows") == rows]


def percent(times):
    return f"{100 * abs(times - 1):.0f} % {'slower' if times >= 1 else 'faster'}"


def excuse(case, own, old):
    """What the peers did in the same time: a machine that was slower is slower for all."""
    ratio = slower(case)
    peers = {k: ratio(old[k], v) for k, v in case["sides"].items() if k != own and k in old}
    if not peers:
        return ""
    mine = ratio(old[own], case["sides"][own])
    return ("; " + ", ".join(f"{k} {percent(v)}" for k, v in peers.items())
            + (": so was the machine" if min(peers.values()) - 1 > (mine - 1) / 2 else ""))


def slowdowns(ledger, entry):
    """Sentences: where every run was slower than every run of the best result before."""
    said = []
    for name, case in entry["medians"].items():
        own = next(iter(case["sides"]))
        past = [e for e in earlier(ledger, entry, name)
                if e is not entry and own in e["medians"][name]["sides"]]
        if not past:
            continue
        ratio, new = slower(case), case["sides"][own]
        best = max(past, key=lambda e: ratio(e["medians"][name]["sides"][own], new))
        old = best["medians"][name]["sides"]
        if not apart(case, old[own], new):
            continue
        said.append(
            f"{name} has {value(new[0], case['unit'])} against {value(old[own][0], case['unit'])} "
            f"on {best['date'][:10]} (commit {best['commit']}), {percent(ratio(old[own], new))}; "
            f"runs had {common.number(old[own][1])} .. {common.number(old[own][2])} then, "
            f"{common.number(new[1])} .. {common.number(new[2])} now" + excuse(case, own, old))
    return said


def history(ledger, machine):
    """Rows of a table: for each case of that machine with a past, how it went."""
    lines = [e for e in ledger if e["machine"] == machine]
    names = dict.fromkeys(name for e in lines for name in e["medians"])
    rows = []
    for name in names:
        last = next(e for e in reversed(lines) if name in e["medians"])
        case = last["medians"][name]
        own = next(iter(case["sides"]))
        past = [(e["date"][:10], e["medians"][name]["sides"][own])
                for e in earlier(ledger, last, name) if own in e["medians"][name]["sides"]]
        if len(past) < 2:
            continue
        ratio = slower(case)
        values = [v[0] for _, v in past][-LONG_AGO:]
        rows.append([esc(name), esc(past[0][0]), esc(value(past[0][1][0], case["unit"])),
                     esc(past[-1][0]), esc(value(past[-1][1][0], case["unit"])),
                     f"{1 / ratio(past[0][1], past[-1][1]):.2f}",
                     sparkline(values, f"{name} over time")])
    return rows


# -------------------------------------------------------------------------- page

def html_table(caption, head, rows, text_columns=1):
    """Cells are markup; all but the first columns are numbers."""
    def kind(i):
        return ' class="n"' if i >= text_columns else ""
    out = [f'<div class="scroll"><table>\n<caption><span>{esc(caption)}</span></caption>',
           "<thead><tr>"]
    out += [f'<th scope="col"{kind(i)}>{esc(h)}</th>' for i, h in enumerate(head)]
    out += ["</tr></thead>", "<tbody>"]
    for row in rows:
        out.append(f'<tr><th scope="row">{row[0]}</th>' + "".join(
            f"<td{kind(i)}>{cell}</td>" for i, cell in enumerate(row) if i) + "</tr>")
    return "\n".join(out + ["</tbody>", "</table></div>\n"])


def figure(plot, caption):
    return f"<figure>\n{plot}<figcaption>{esc(caption)}</figcaption>\n</figure>\n"


def bars_figures(result):
    out = []
    for unit, what in dict.fromkeys((c["unit"], c["what"]) for c in result["cases"]
                                    if len(c["sides"]) > 1):
        group = [c for c in result["cases"] if (c["unit"], c["what"]) == (unit, what)
                 and len(c["sides"]) > 1]
        body, height = case_bars(group)
        title = f"{result['bench']}: {what}{', ' if what else ''}{unit}"
        better = "longer" if group[0]["better"] == "more" else "shorter"
        text = (f"{title}, medians; {better} is better; lines are the least and the most; bars are "
                "to scale within a case.")
        out.append(figure(svg(title, text, height, body), text))
    return '<div class="pair">\n' + "".join(out) + "</div>\n" if out else ""


def section(result):
    out = [f"<p>{esc(result['question'])}</p>\n", bars_figures(result)]
    for curve in result.get("curves", []):
        body, height = curve_plot(curve)
        text = (f"{curve['name']}: {curve['y']} over {curve['x']}, both in powers. The number "
                "behind a name is the exponent that fits: 1 grows with the rows, 0 does not grow.")
        out.append(figure(svg(curve["name"], text, height, body), text))
    for group in common.grouped(result):
        head, rows = common.table(group)
        out.append(html_table(f"{result['bench']}: {head[2]}", head,
                              [[esc(c) for c in row] for row in rows], 2))
    out += [f'<p class="note">{esc(note)}</p>\n' for note in result["notes"]]
    out += [f'<p class="note">Missing: {esc(m["peer"])}; {esc(m["how"])}</p>\n'
            for m in result["missing"]]
    return "".join(out) + f'<p class="note">{esc(common.circumstances(result))}</p>\n'


def who(side):
    """A peer's name without its version and what it was told."""
    name = re.split(r" [\d(-]", side["name"])[0]
    return name if "," in name else name.split()[0]


def glance(results, only_leaders):
    """(name, best peer, ratio to it) of the cases that have one, the largest first."""
    rows = [(clip(c["name"] + (f", {c['what']}" if c["what"] else ""), BROAD * 0.45),
             who(best_peer(c)), best_peer(c)["ratio"])
            for r in results for c in r["cases"]
            if best_peer(c) and (c["leads"] or not only_leaders)]
    return sorted(rows, key=lambda row: -row[2])


def facts(results):
    newest = max(results, key=lambda r: r["date"])
    ratios = [r for _, _, r in glance(results, False)]
    pairs = [("machine", machine_id(newest)), ("date", newest["date"][:10]),
             ("commit", newest["commit"]), ("cases with a peer", len(ratios))]
    if ratios:
        ahead = sum(r > 1 for r in ratios)
        pairs.insert(0, ("ahead of the best peer in", f"{ahead} of {len(ratios)}"))
    return '<dl class="facts">\n' + "".join(
        f"<div><dt>{esc(a)}</dt><dd>{esc(b)}</dd></div>\n" for a, b in pairs) + "</dl>\n"


def sections(results, ledger):
    """(id, title, markup) of each."""
    out, rows = [], glance(results, True)
    if rows:
        body, height = ratio_bars(rows)
        text = ("How many times faster than the best peer, median against median, on a scale of "
                "powers; left of the line the peer is faster.")
        out.append(("glance", "At a glance",
                    figure(svg("Ratios", text, height, body, BROAD), text)))
    out += [(r["bench"], r["bench"], section(r)) for r in results]
    slow = slowdowns(ledger, ledger[-1]) if ledger else []
    if slow:
        out.insert(0, ("slower", "Slower than before",
                       "".join(f"<p>{esc(s)}.</p>\n" for s in slow)))
    for i, machine in enumerate(dict.fromkeys(e["machine"] for e in ledger)):
        past = history(ledger, machine)
        if past:
            head = ["case", "first", "", "last", "", "times faster", "all"]
            caption = "Medians of mnistpipe, first and last, on as many rows; and all between."
            out.append((f"past-{i}", f"The past: {machine}", html_table(caption, head, past)))
    return out


def page(results, ledger):
    parts = sections(results, ledger)
    slow = len(slowdowns(ledger, ledger[-1])) if ledger else 0
    warning = (f'<p class="warning"><a href="#slower">{slow} case{"s" * (slow > 1)}</a> slower '
               "than before.</p>\n" if slow else "")
    return (
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
        '<meta charset="utf-8" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        'style-src \'unsafe-inline\'; img-src data:" />\n'
        "<title>mnistpipe beside its peers \u2013 make bench</title>\n"
        f'<link rel="icon" href="data:," />\n<style>\n{style()}\n'
        "svg.spark{width:7rem;margin:0}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the content</a>\n<header>\n'
        '<p class="kind">make bench</p>\n'
        f"<h1>mnistpipe beside its peers</h1>\n{facts(results)}{warning}</header>\n"
        '<nav aria-label="Sections"><ul>\n'
        + "".join(f'<li><a href="#{esc(i)}">{esc(t)}</a></li>\n' for i, t, _ in parts)
        + '</ul></nav>\n<main id="main">\n'
        + "".join(f'<section id="{esc(i)}" aria-labelledby="{esc(i)}-title">\n'
                  f'<h2 id="{esc(i)}-title">{esc(t)}</h2>\n{body}</section>\n'
                  for i, t, body in parts)
        + "</main>\n</body>\n</html>\n")


def picture(results):
    """For a README: nothing around it, so it brings its colours itself."""
    rows = glance(results, True)
    body, height = ratio_bars(rows) if rows else ("", 20)
    text = ("How many times faster mnistpipe is than the best peer; left of the line the peer is "
            "faster.")
    rules = re.findall(r":root\{color-scheme:light dark[^}]*\}|@media\(prefers-color-scheme:dark\)"
                       r"\{:root\{[^}]*\}\}|\bsvg [.a-z][^{}]*\{[^}]*\}", style())
    inner = (f"<style>{''.join(rules)}text{{font:{LETTER}px system-ui,'Liberation Sans',"
             "'DejaVu Sans',sans-serif}</style>\n"
             '<rect width="100%" height="100%" style="fill:var(--page)" />\n')
    shifted = inner + label(0, 14, "times faster than the best peer") \
        + f'\n<g transform="translate(0 20)">\n{body}</g>\n'
    return svg("mnistpipe beside its peers", text, height + 24, shifted, BROAD)
