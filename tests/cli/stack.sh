#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# stack.sh - models stacked by the program: the same bytes however it is run, a bundle that
# predicts, and mistakes told.  What it learns from, tests/unit/stack.c tells.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 900 > train.csv
rows test 400 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
net='net epochs=3 batch=32 lr=0.003\n      dense units=32 act=relu'
pipe "stack folds=3 C=0.1\n  branch\n    hog cell=7\n    svm C=0.1\n    calibrate
  branch\n    $net\n  branch\n    pixels\n    logistic C=0.01" > stack.txt
pipe 'hog cell=7\nsvm C=0.1' > hog.txt
pipe 'pixels\nlogistic C=0.01' > pixels.txt
accuracy() { sed -n 's/^accuracy \([0-9.]*\) %.*/\1/p' "$1/report.txt"; } # RUN

mp run stack.txt && mp run hog.txt && mp run pixels.txt
ok "three models stacked, and two of them alone"
[ "$(printf '%s\n' "$(accuracy runs/stack)" "$(accuracy runs/hog)" "$(accuracy runs/pixels)" |
    sort -rn | head -1)" = "$(accuracy runs/stack)" ]
ok "the stack is as good as the better of them"
head -1 runs/stack/predictions.csv | grep -q probability_0
ok "its scores are probabilities"
[ -z "$python" ] || "$python" -c 'import json
r = json.load(open("runs/stack/report.json"))
assert r["scores"] == "probabilities" and len(r["training"]["loss"]) == 3, r["training"]
assert r["stages"][-1]["fit"]["rows"] == 900' >> "$log" 2>&1
ok "of the net the last training alone is told"
[ -z "$python" ] || "$python" "$source/tests/cli/page.py" runs/stack/report.{html,json} >> "$log" 2>&1
ok "the page keeps what pages promise"
mp predict runs/stack/bundle.mnp test.csv -o again.csv && same again.csv runs/stack/predictions.csv
ok "the bundle predicts the same"
for threads in 1 4; do
    mp run stack.txt --threads $threads -o runs/t$threads &&
        same runs/stack/bundle.mnp runs/t$threads/bundle.mnp &&
        same runs/stack/predictions.csv runs/t$threads/predictions.csv
    ok "the same bytes with $threads threads"
done
for time in cold warm; do
    mp run stack.txt --cache "$dir/c" -o runs/$time &&
        same runs/stack/bundle.mnp runs/$time/bundle.mnp &&
        same runs/stack/predictions.csv runs/$time/predictions.csv
    ok "and with a $time cache"
done
mp check stack.txt && grep -q '^stack\|^2 .*stack' "$out"
ok "check"
mp run stack.txt --set data.folds=3 -o runs/folds && same runs/folds/bundle.mnp runs/stack/bundle.mnp
ok "within cross-validation, too"
mp search stack.txt --folds 2 --set 'stack.C={0.01,1}' -o runs/search && grep -q '^best ' "$out"
ok "and in a search"
awk -F, 'NR == 1 || $1 != 7 || n++ < 2' train.csv > two.csv
mp run stack.txt --train two.csv --test test.csv --set stack.folds=5 -o runs/two &&
    equal "$(grep '^warning:.* stack:' "$err")" "warning: stack.txt:2: stack: label 7 has 2 rows, fewer \
than the 5 folds: some folds would test none of it; 2 folds are made" &&
    mp run stack.txt --train two.csv --test test.csv --set stack.folds=2 -o runs/same &&
    same runs/two/predictions.csv runs/same/predictions.csv
ok "a label with fewer rows than folds: fewer folds, and a warning"
awk -F, 'NR == 1 || $1 != 7 || n++ < 1' train.csv > rare.csv
mp run stack.txt --train rare.csv --test test.csv -o runs/rare &&
    grep -q "^warning: stack.txt:2: stack: \
label 7 has one row: the branches learn from it, and what stacks them has no scores for it$" "$err"
ok "a label with one row"
finish
