#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bench.sh - `make bench` on a few rows: results, page, picture and ledger; what is missing or
# fails is a line, and the others go on; a slowdown is said.
. "$(dirname "$0")/lib.bash"

python=/usr/bin/python3
if ! "$python" -c 'import numpy' 2> /dev/null; then
    skip "benchmarks" "no numpy for $python"
    finish
fi
export PYTHONDONTWRITEBYTECODE=1 BUILD=${BUILD:-$(dirname "$program")} QUICK=1 MNIST=$PWD/mnist
export RESULTS=$PWD/results LEDGER=$PWD/ledger.jsonl
"$python" - "$source" "$data" << 'END'
import gzip, sys
sys.path.insert(0, sys.argv[1] + "/bench")
import common, numpy as np
for part, name in ("train", "train"), ("t10k", "test"):
    with gzip.open(f"{sys.argv[2]}/{name}.csv.gz", "rt") as f:
        t = np.loadtxt(f, np.uint8, delimiter=",", skiprows=1, max_rows=400)
    common.write_idx("mnist", part, t[:, 1:].reshape(-1, 28, 28), t[:, 0])
END
ok "the sample as MNIST's four files"
suite() { "$python" "$source/bench/suite.py" "$@" -- --rows 400 > "$out" 2> "$err"; }

if command -v make > /dev/null; then
    for tool in "$source"/bench/*.c; do
        tool=bench/$(basename "$tool" .c)
        env -u MAKEFLAGS -u MAKELEVEL make -s -C "$BUILD" "$tool" > "$log" 2>&1 &&
            ! grep 'warning:' "$log"
        ok "$tool builds"
    done
fi
suite read && grep -q '^look at ' "$out" && grep -q '^| train.csv, 1 MB | mnistpipe |' "$out"
ok "one benchmark"
"$python" - "$source" << 'END' >> "$log" 2>&1
import json, statistics, sys
found = json.load(open("results/bench.json"))
assert found["schema"] == 1 and [r["bench"] for r in found["results"]] == ["read"]
r = found["results"][0]
assert set(r) >= {"question", "date", "commit", "machine", "rows", "runs", "quick", "missing",
                  "notes"}
assert r["quick"] and r["rows"] == 400 and r["runs"] == 2
assert len(r["cases"]) == (5 if not r["missing"] else 4) # shares want pandas to write them
assert [c.get("limit") is not None for c in r["cases"][:3]] == [True, True, False]
for case in r["cases"]:
    own = case["sides"][0]
    assert own["name"] == "mnistpipe" and "ratio" not in own
    limit = case.get("limit")
    assert case["better"] == "less" and (limit is None or limit["value"] > 0)
    for s in case["sides"]:
        v = s["values"]
        assert len(v) == 2 and s["median"] == statistics.median(v)
        assert (s["low"], s["high"]) == (min(v), max(v))
        assert limit is None or abs(s["share"] - limit["value"] / s["median"]) < 1e-9
        assert s is own or abs(s["ratio"] - s["median"] / own["median"]) < 1e-9
lines = [json.loads(x) for x in open("ledger.jsonl")]
assert len(lines) == 1 and len(lines[0]["medians"]) == len(r["cases"])
one = lines[0]["medians"]["read/train.csv, 1 MB/s"]
s = r["cases"][0]["sides"][0]
assert one["rows"] == 400 and one["sides"]["mnistpipe"] == [s["median"], s["low"], s["high"]]
END
ok "results and ledger: medians, spread, ratios, shares of the limit"

mkdir hidden && echo 'raise ImportError("hidden")' > hidden/pandas.py
PYTHONPATH=$PWD/hidden suite read
ok "a peer is missing, the others go on"
said=$(grep -c 'pandas is missing' "$err")
equal "$said" 1 &&
    equal "$(grep '^missing' "$out")" "missing: pandas; apt-get install python3-pandas" &&
    ! grep -q '| pandas' "$out" && grep -q '| numpy' "$out"
ok "one line says so, and how to get it"
equal "$(wc -l < ledger.jsonl)" 2 && grep -q 'The past: ' results/bench.html
ok "the ledger grows, and the page shows it"
"$python" "$source/tests/cli/page.py" results/bench.html >> "$log" 2>&1
ok "the page keeps what pages promise"
"$python" - << 'END' >> "$log" 2>&1
import xml.etree.ElementTree as tree
picture = open("results/bench.svg").read()
tree.fromstring(picture)
assert "prefers-color-scheme:dark" in picture and "train.csv" in picture
END
ok "the picture is well-formed, light and dark"

! suite nothing && equal "$(cat "$err")" \
    "nothing: no such benchmark; there are: $(cd "$source/bench" && for f in *; do
        [ -f "$f" ] && [ -x "$f" ] && head -1 "$f" | grep -aq '^#!' && echo "${f%.*}"; done | LC_ALL=C sort | xargs)"
ok "a benchmark that is not there"
! MNIST=$dir/nowhere suite read && grep -qx 'read: failed; the others go on' "$err" &&
    grep -q 'mnistpipe fetch mnist' "$err" && equal "$(wc -l < ledger.jsonl)" 2
ok "a benchmark that fails leaves the ledger as it is"
for f in "$source"/bench/*; do
    [ ! -f "$f" ] || [ ! -x "$f" ] && continue
    "$f" --help > help.txt 2>> "$log" && grep -q -e --json help.txt &&
        grep -q -e --quick help.txt ||
        { echo "$f: does not follow bench/README.md" >> "$log"; false; } || break
done
ok "every benchmark follows the convention"

"$python" - "$source" << 'END' >> "$log" 2>&1
import sys
sys.path.insert(0, sys.argv[1] + "/bench")
import page

def line(day, own, peer=None, machine="m", rows=9, better="less"):
    sides = {"mnistpipe": own, **({"pandas": peer} if peer else {})}
    case = {"unit": "s", "better": better, "rows": rows, "sides": sides}
    return {"date": f"2026-01-0{day}T00:00:00Z", "commit": f"c{day}", "machine": machine,
            "medians": {"read/a/s": case}}

def said(*lines):
    return page.slowdowns(list(lines), lines[-1])

fast, slow = [1.0, 0.9, 1.1], [1.5, 1.4, 1.6]
assert said(line(1, fast)) == [] and said(line(1, slow), line(2, fast)) == []
assert said(line(1, fast), line(2, [1.05, 1.0, 1.3])) == []                      # within the spread
assert said(line(1, fast, machine="n"), line(2, slow)) == []                     # another machine
assert said(line(1, fast, rows=8), line(2, slow)) == []                          # other rows
assert said(line(1, slow, better="more"), line(2, fast, better="more")) == [
    "read/a/s has 1 s against 1.50 s on 2026-01-01 (commit c1), 50 % slower; runs had 1.40 .. 1.60 "
    "then, 0.900 .. 1.10 now"]
# Against the best of all before, and beside what the peer did.
assert said(line(1, fast, [5, 5, 5]), line(2, slow, [5, 5, 5]), line(3, slow, [5, 5, 5])) == [
    "read/a/s has 1.50 s against 1 s on 2026-01-01 (commit c1), 50 % slower; runs had 0.900 .. "
    "1.10 then, 1.40 .. 1.60 now; pandas 0 % slower"]
assert said(line(1, fast, [5, 5, 5]), line(2, slow, [7, 7, 7]))[0].endswith(
    "; pandas 40 % slower: so was the machine")
END
ok "a slowdown is said when it is more than the spread, on one machine, for as many rows"

"$python" - "$source" << 'END' >> "$log" 2>&1
import re, sys
sys.path.insert(0, sys.argv[1] + "/bench")
import page
same = {"points": [(1, 1), (2, 3), (4, 9)], "exponent": 1.5}
svg, _ = page.curve_plot({"x": "rows", "y": "s", "series": {f"curve{i}": same for i in range(6)}})
at = sorted(float(y) for y in re.findall(r'y="([0-9.-]+)"[^>]*>curve', svg))
assert len(at) == 6 and all(b - a >= 14 - 1e-6 for a, b in zip(at, at[1:])), (at, svg)
END
ok "labels of curves that end in one place do not cover each other"

finish
