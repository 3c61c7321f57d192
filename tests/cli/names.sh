#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# names.sh - classes have names: texts, negative and large numbers, as many as there are; what
# the test has and training never had is wrong, and no failure.
. "$(dirname "$0")/lib.bash"

cat > svm.txt << 'END'
data train=train.csv test=test.csv
pixels
svm C=0.05
END
rows train 300 > train.csv
rows test 100 > test.csv

# ------------------------------------------- labels that training never had

awk -F, '$1 != 7 && $1 != 3' train.csv > no7.csv
wrong=$(awk -F, '$1 == 7 || $1 == 3' test.csv | wc -l)
mp run svm.txt --train no7.csv --test test.csv -o no7 &&
    equal "$(flat "$err")" "warning: test.csv: $wrong rows have one of the labels 3, 7 that no \
training row had; they count as wrong "
ok "a test with labels that training never had: a warning"
json() { # FILE EXPRESSION
    [ -n "$python" ] || return 0
    "$python" -c "import json, sys; r = json.load(open('$1')); t = r.get('test', r)
sys.exit(not ($2))" || { echo "false: $2" >> "$log"; return 1; }
}
json no7/report.json "t['errors'] >= $wrong and [c['label'] for c in t['classes']] == \
[0, 1, 2, 4, 5, 6, 8, 9, 3, 7] and r['labels'] == [0, 1, 2, 4, 5, 6, 8, 9] and \
sum(c['rows'] for c in t['classes']) == 100 and t['classes'][9]['predicted'] == 0 and \
t['classes'][9]['recall'] == 0 and t['classes'][9]['precision'] is None and \
sum(m['rows'] for m in t['mistakes']) == t['errors'] and sum(t['confusion'][9][:8]) == \
t['classes'][9]['rows'] and sum(r[9] for r in t['confusion']) == 0"
ok "they are in the confusion, and in JSON"
mp predict no7/bundle.mnp test.csv -o p.csv && same p.csv no7/predictions.csv &&
    grep -q "no training row had" "$err" && grep -q '^accuracy' "$out"
ok "predict scores them as wrong, too"
awk -F, 'NR == 1 || $1 == 7' test.csv > only7.csv
mp predict no7/bundle.mnp only7.csv -o p.csv && grep -q 'accuracy 0.00 %' "$out" &&
    grep -q 'have the label 7 that no' "$err"
ok "rows of nothing else"

finish
