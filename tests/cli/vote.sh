#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# vote.sh - a vote tells what each of its branches is worth, and when one alone is better.
. "$(dirname "$0")/lib.bash"

rows train 600 > train.csv
rows test 300 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'hog cell=7\nsvm C=0.1' > good.txt
pipe 'resize width=2 height=2\nlogistic C=0.01' > bad.txt
# Two that are equally bad outvote the good one.
bad='  branch\n    resize width=2 height=2\n    logistic C=0.01\n'
pipe "vote by=majority\n  branch\n    hog cell=7\n    svm C=0.1\n$bad$bad" > vote.txt
errors() { sed -n 's/^accuracy .* \([0-9]*\) errors in .*/\1/p' "$1/report.txt"; } # RUN

COLUMNS=200 mp run good.txt -o good && mp run bad.txt -o bad && mp run vote.txt -o vote
ok "a vote, and each of its branches as a pipeline of its own"
equal "$(grep '^warning: vote' "$err")" "warning: vote is worse than one of its branches alone: \
$(errors vote) errors, where line 5 (svm) makes $(errors good)" warning
ok "it says that the best branch alone is better"
if [ -z "$python" ]; then
    skip "report.json: each branch, with the errors that it has alone" "no python3"
    finish
fi
"$python" - >> "$log" 2>&1 << 'END'
import json
test = {name: json.load(open(f"{name}/report.json"))["test"] for name in ("good", "bad", "vote")}
found = [(b["line"], b["stage"], b["errors"]) for b in test["vote"]["branches"]]
bad = test["bad"]["errors"]
assert found == [(5, "svm", test["good"]["errors"]), (8, "logistic", bad), (11, "logistic", bad)], found
assert test["vote"]["branches"][0]["accuracy"] == test["good"]["accuracy"]
assert "branches" not in test["good"]
END
ok "report.json: each branch, with the errors that it has alone"
flat vote/report.txt | grep -q "each alone: .* % (svm, line 5), .* % (logistic, line 8)"
ok "report.txt: the same"
grep -q '<dt>svm of line 5 alone</dt>' vote/report.html
ok "report.html: the same"

# ----------------------------------------------------------------- several nets

net='net epochs=2 batch=100\n'
printf "data train=train.csv test=test.csv\n${net}  dense units=9\n" > inner.txt
# Nets of 1 to 3 epochs, one of them in another pipeline, twice.
pipe "vote by=majority\n  branch\n    net epochs=1 batch=100\n      dense units=8\n  branch\n\
    embed bundle=inner.txt\n    net epochs=3 batch=100\n      dense units=7\n  branch\n\
    embed bundle=inner.txt layer=output\n    logistic C=0.01" > nets.txt
mp run nets.txt -o nets --cache store --quiet && mp run nets.txt -o again --cache store --quiet &&
    mp compare nets.txt good.txt -o compared --cache store --quiet
ok "nets in branches"
"$python" - >> "$log" 2>&1 << 'END'
import json
for run in "nets", "again":
    r = json.load(open(run + "/report.json"))
    found = {k: len(v) for k, v in r["training"].items()}
    epochs = {"line 4": 1, "line 7.inner": 2, "line 8": 3, "line 11.inner": 2}
    expected = {f"{net}.{s}": n for net, n in epochs.items() for s in ("loss", "accuracy")}
    assert found == expected, found
    names = [(q["line"], q["layer"]) for q in r["layers"]]
    assert names == [(5, "line 4.dense"), (0, "line 4.dense"), (3, "line 7.inner.dense"),
                     (0, "line 7.inner.dense"), (9, "line 8.dense"), (0, "line 8.dense"),
                     (3, "line 11.inner.dense"), (0, "line 11.inner.dense")], names
END
ok "each has series and layers of its own, also from the cache"
"$python" "$source/tests/cli/page.py" nets/report.html nets/report.json >> "$log" 2>&1 &&
    equal "$(grep -o 'The net of line [0-9a-z.]*' nets/report.html | xargs)" \
        "The net of line 4 The net of line 7.inner The net of line 8 The net of line 11.inner"
ok "report.html: the same"
equal "$(grep -o 'nets: line [0-9a-z.]*' compared/compare.html | xargs)" \
    "nets: line 4 nets: line 7.inner nets: line 8 nets: line 11.inner"
ok "compare.html: a line for each net"
mp show nets/bundle.mnp --layers --rows 2 --train train.csv &&
    equal "$(grep -E '^ +[a-z]' "$out" | xargs -n 1 | grep -c '^line$')" 7
ok "show --layers: of each net, the embedded ones as far as they are used"

# ----------------------------------------------------------------------- folds

mp run vote.txt -o folds --set data.folds=3 && ! grep -q 'each alone' folds/report.txt
ok "folds: those of the bundle know all rows, nothing is said of them"
finish
