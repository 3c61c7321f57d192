#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# gallery.sh - `mnistpipe gallery`: the page has every stage of `mnistpipe list` and keeps what
# pages promise; a gain is what two runs by the same folds say, and Holm's correction is for all.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 400 > train.csv
cut -d, -f2- train.csv > blind.csv
some=deskew,shift,hog,holes,normalize,pixels,embed
page() { # NAME PAGE JSON CONTAINS...: keeps what pages promise, has the figures, and all this
    local name=$1 page=$2 json=$3 word bad=0
    shift 3
    for word; do
        grep -qF -- "$word" "$page" || { echo "not in the page: $word" >> "$log"; bad=1; }
    done
    [ $bad = 0 ] && { [ -z "$python" ] ||
        "$python" "$source/tests/cli/page.py" "$page" "$json" >> "$log" 2>&1; }
    ok "$name"
}
check() { # NAME CODE: of some.json o, its rows by name, and what runs by the same folds predict
    if [ -z "$python" ]; then
        skip "$1" "no python3"
        return
    fi
    "$python" - "$2" >> "$log" 2>&1 << 'END'
import csv
import glob
import json
import math
import sys

o = json.load(open("some.json"))
row = {q["name"]: q for q in o["rows"]}
said = {f[5:-16]: [int(v["predicted"]) for v in csv.DictReader(open(f))]
        for f in glob.glob("runs/*/predictions.csv")}
truth = [int(v[0]) for v in list(csv.reader(open("train.csv")))[1:]]
wrong = {k: sum(a != b for a, b in zip(v, truth)) for k, v in said.items()}
fixed = lambda k, b: sum(p == t != q for p, q, t in zip(said[k], said[b], truth))
made = lambda k, b: sum(p != t == q for p, q, t in zip(said[k], said[b], truth))
near = lambda a, b: abs(a - b) <= 1e-6 * max(1, abs(a))
gains = [(q, b) for q in o["rows"] for b in ("pixels", "hog") if b + "_p" in q]


def mcnemar(a, b):
    m, k = a + b, min(a, b)
    return min(1, 2 * sum(math.comb(m, i) for i in range(k + 1)) / 2 ** m)


def holm():
    p, out, least = {(q["name"], b): q[b + "_p"] for q, b in gains}, {}, 0
    for i, k in enumerate(sorted(p, key=p.get)):
        least = out[k] = max(least, min(1, (len(p) - i) * p[k]))
    return out


if not eval("(" + sys.argv[1] + ")"):
    print("false:", sys.argv[1])
    sys.exit(1)
END
    ok "$1"
}

# ------------------------------------------------------------------ all stages

mp gallery --train train.csv --no-gains -o all.html && cp "$out" all.txt && silent
ok "every filter and feature"
mp gallery --train train.csv --no-gains --format json -o again.html && cp "$out" all.json
page "the page of all" again.html all.json 'id="filters"' 'id="features"' 'id="models"' \
    'The digits as they were read: the first of each class.'
equal "$(grep -c '"error": null' all.json) $(grep -c '"microseconds":' all.json)" \
    "$(grep -c '"kind"' all.json) $(grep -c '"kind"' all.json)"
ok "none fails, and each has its cost"
mp list && sed -n 's/^  \([a-z_0-9]*\)\( .*\)\?$/\1/p' "$out" > names
while read -r name; do
    grep -q ">$name<" all.html || equal "" "$name" "in the page"
done < names
[ ! -s "$log" ]
ok "all of mnistpipe list are in the page"
equal "$(grep -o 'id="stage-[a-z_0-9]*"' all.html | sort -u | wc -l)" \
    "$(grep -c '"kind"' all.json)"
ok "each filter and feature has its place, which the tables lead to"
grep -q '^deskew  *filter  *[0-9.]*$' all.txt && equal "$(tail -1 all.txt)" "look at  all.html"
ok "the table, and where to look"
! grep -q 'McNemar\|id="gains"\|pixels + svm' all.html && ! grep -q '"pixels_\|"hog_' all.json
ok "--no-gains says nothing of gains"

# ----------------------------------------------------------------------- gains

gallery() { mp gallery --train train.csv --only $some --folds 3 "$@"; }
gallery --format json -o some.html && cp "$out" some.json
ok "what each of some buys"
page "the page with gains" some.html some.json 'id="gains"' 'errors fixed' \
    'embed bundle=pipelines/cnn_fast.txt layer=dense: ' 'shift x=1.5 y=-2: '
check "the stages asked for, in the order of the list" \
    '[q["name"] for q in o["rows"]] == ["deskew", "shift", "embed", "hog", "holes", "normalize",
                                        "pixels"] and o["held_out"] == "3 folds" and
     o["scored_rows"] == 400'
check "each as it says, by its defaults where these do something" \
    '[q["line"] for q in o["rows"] if q["example"]] ==
     ["shift x=1.5 y=-2", "embed bundle=pipelines/cnn_fast.txt layer=dense"]'
check "a filter comes before, a feature beside, what takes any rows behind" \
    'row["deskew"]["hog_pipeline"] == "deskew\nhog\nsvm\n" and
     row["deskew"]["pixels_pipeline"] == "deskew\npixels\nnormalize\nsvm\n" and
     row["holes"]["hog_pipeline"] == "union\n  branch\n    hog\n  branch\n    holes\n"
         "    standardize floor=0.01\n    normalize\nsvm\n" and
     row["normalize"]["hog_pipeline"] == "hog\nnormalize\nsvm\n"'
check "a base has no gain by its own feature" \
    'row["hog"]["hog_pipeline"] is None and "hog_p" not in row["hog"] and
     "pixels_p" in row["hog"] and "pixels_p" not in row["pixels"] and "hog_p" in row["pixels"] and
     o["tried"] == len(gains) == 12'
mp gallery --train train.csv --only polynomial --folds 2 --format json --no-cache \
    -o wide.html
grep -q '"hog_error": "gallery: rows of 665280 values; a gallery takes at most 65536"' "$out"
ok "what would take hours is told apart, not begun"
try() { # NAME TEXT
    printf 'data train=train.csv folds=3\n%b' "$2" > "$1.txt"
    mp run "$1.txt" -o "runs/$1" --quiet || cat "$err" >> "$log"
}
try pixels 'pixels\nnormalize\nsvm\n'
try hog 'hog\nsvm\n'
try deskew_pixels 'deskew\npixels\nnormalize\nsvm\n'
try deskew_hog 'deskew\nhog\nsvm\n'
try holes_hog 'union\n  branch\n    hog\n  branch\n    holes\n    standardize floor=0.01\n    '\
'normalize\nsvm\n'
[ -n "$python" ] && check "errors are those of runs by the same folds" \
    '[b["errors"] for b in o["bases"]] == [wrong["pixels"], wrong["hog"]] and
     all(row[k][b + "_errors"] == wrong[k + "_" + b] for k, b in (("deskew", "pixels"),
         ("deskew", "hog"), ("holes", "hog")))'
[ -n "$python" ] && check "so are the errors fixed and made, the difference and McNemar's test" \
    'all(row[k][b + "_fixed"] == fixed(k + "_" + b, b) and
         row[k][b + "_made"] == made(k + "_" + b, b) and
         near(row[k][b + "_bought"], (wrong[b] - wrong[k + "_" + b]) / len(truth)) and
         near(row[k][b + "_p"], mcnemar(fixed(k + "_" + b, b), made(k + "_" + b, b)))
         for k, b in (("deskew", "pixels"), ("deskew", "hog"), ("holes", "hog")))'
check "Holm's correction is for all of them" \
    'all(near(q[b + "_p_holm"], holm()[q["name"], b]) for q, b in gains)'
check "better is what remains at 5 %" \
    'all(q[b + "_better"] == (None if q[b + "_p_holm"] >= .05 else
         "with" if q[b + "_bought"] > 0 else "without") for q, b in gains)'
check "the interval holds the difference" \
    'all(q[b + "_bought_interval"][0] <= q[b + "_bought"] <= q[b + "_bought_interval"][1]
         for q, b in gains)'

gallery --holdout 0.25 --format json -o some.html && cp "$out" held.json &&
    printf 'data train=train.csv\nhog\nsvm C={1,2}\n' > hog.txt &&
    mp search hog.txt --holdout 0.25 --format json
if [ -n "$python" ]; then
    "$python" -c '
import json
import sys

o, s = json.load(open("held.json")), json.load(open(sys.argv[1]))
one = next(t for t in s["trials"] if t["settings"]["svm.C"] == "1")
found = o["held_out"], o["scored_rows"], o["bases"][1]["errors"]
sys.exit(f"{found}" if found != ("%d rows" % one["rows"], one["rows"], one["errors"]) else 0)
' "$out" >> "$log" 2>&1
    ok "--holdout: the rows of a search with that holdout, and its errors"
fi

# ---------------------------------------------------------------- the same again

gallery --no-costs --format json -o free.html --no-cache --threads 1 && cp "$out" one.json &&
    gallery --no-costs --format json -o same.html --no-cache --threads 3 &&
    same <(grep -v '"threads"' one.json) <(grep -v '"threads"' "$out")
ok "the figures are the same bytes for any number of threads, without the cache"
same <(grep -v 'mnistpipe gallery\|Machine:' free.html) \
    <(grep -v 'mnistpipe gallery\|Machine:' same.html) && ! grep -q '&#181;s\|µs' free.html
ok "and so is the page without costs"
gallery --no-costs --format json -o free.html && same <(grep -v '"threads"' one.json) \
    <(grep -v '"threads"' "$out") &&
    mp cache && equal "$(grep -c predictions "$out")" 28
ok "what the cache gives, too"
for format in text csv markdown; do
    gallery --no-costs --format $format -o form.html && [ -s "$out" ] && cp "$out" form.$format
    ok "--format $format"
done
equal "$(awk -F'|' '/^\|/ { print NF }' form.markdown | sort | uniq -c | tr -s ' ')" " 9 12" &&
    equal "$(head -1 form.csv)" "stage,kind,line,microseconds,least,most,pixels_errors,\
pixels_bought,pixels_low,pixels_high,pixels_p,pixels_p_holm,pixels_better,hog_errors,hog_bought,\
hog_low,hog_high,hog_p,hog_p_holm,hog_better,error"
ok "as wide as their heads"
mp gallery --train train.csv --only blur --no-gains -o - && grep -q '^</html>$' "$out" &&
    ! grep -q '^look at' "$out"
ok "-o - writes the page alone"

# --------------------------------------------------------------------- what is wrong

mp gallery --train blind.csv --no-gains --only blur,select,hog --format json -o blind.html &&
    cp "$out" blind.json && grep -q 'Failed: .*select: ' blind.html &&
    equal "$(grep -c '"error": null' blind.json)" 2
ok "a stage that cannot do without labels says so in its place"
awk 'BEGIN { for (i = 0; i < 40; i++) { printf "%d", i % 2
    for (p = 0; p < 9; p++) printf ",%d", (i % 2 == p % 2) * 200 + i % 5
    print "" } }' > tiny.csv
mp gallery --train tiny.csv --folds 2 --only blur,hog,pixels,crop --format json -o tiny.html &&
    cp "$out" tiny.json && grep -q 'hog + svm failed: ' tiny.html &&
    grep -q 'Failed: .*crop' tiny.html && grep -q 'errors fixed' tiny.html
page "a base that cannot be on such images says so, and the other goes on" tiny.html tiny.json
refuses() { # STATUS NAME TEXT ARGUMENT...: ends so, and leaves nothing behind
    local status=$1 name=$2 text=$3
    shift 3
    ls -A > "$dir/before"
    mp gallery "$@"
    equal "$? $(cat "$err")" "$status mnistpipe: $text" && [ ! -s "$out" ] &&
        ls -A | diff "$dir/before" - >> "$log"
    ok "$name"
}
refuses 2 "an unknown stage" '--only: no filter or feature "deskw"; did you mean "deskew"?' \
    --only blur,deskw
refuses 2 "a model" '--only: svm is a model; the gallery shows filters and features' --only svm
refuses 2 "a comma too many" '--only: expected names of stages with commas between them' \
    --only blur,
refuses 2 "an argument" 'gallery: takes no arguments, found "train.csv"; --train names the rows' \
    train.csv
refuses 1 "gains without labels" 'blind.csv: has no labels, without which nothing tells what a '\
'stage buys; --no-gains leaves that out' --train blind.csv -o no.html
refuses 1 "more folds than rows" '50 folds need at least as many rows, found 40' \
    --train tiny.csv --folds 50 -o no.html
refuses 2 "a page of another name" "$(mp gallery -o a.png; sed 's/^mnistpipe: //' "$err")" -o a.png
refuses 1 "no such rows" 'none.csv: cannot read: No such file or directory' --train none.csv \
    -o no.html
cp some.html kept.html
"$program" gallery --train train.csv --no-cache -o kept.html > "$out" 2> "$err" &
pid=$!
sleep 2
kill -TERM $pid
wait $pid 2> /dev/null
equal "$?" 143 && equal "$(grep -v '^[0-9][0-9]:' "$err")" "mnistpipe: interrupted" &&
    same some.html kept.html && [ -z "$(ls -A | grep -v '^[a-z_]*\(\.[a-z]*\)\?$')" ]
ok "one that is stopped leaves the page of before, and no half file"
finish
