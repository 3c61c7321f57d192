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
mp run vote.txt -o folds --set data.folds=3 && ! grep -q 'each alone' folds/report.txt
ok "folds: those of the bundle know all rows, nothing is said of them"
finish
