#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# folds.sh - `data folds=k`: training rows are scored out of fold, the test file is left
# alone, and the bundle is that of all training rows.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 600 > train.csv
rows test 200 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'deskew\npixels\npca components=12\nsvm C=0.1' > pca.txt
pipe 'hog cell=7\nsvm C=0.1' > hog.txt
check() { # NAME CODE: of the report r and the predictions p of runs/$run
    if [ -z "$python" ]; then
        skip "$1" "no python3"
        return
    fi
    "$python" - "$2" "$run" >> "$log" 2>&1 << 'END'
import csv
import json
import statistics
import sys

r = json.load(open(f"runs/{sys.argv[2]}/report.json"))
t, x = r["test"], r["cross_validation"]
p = [int(r["predicted"]) for r in csv.DictReader(open(f"runs/{sys.argv[2]}/predictions.csv"))]
truth = [int(row[0]) for row in list(csv.reader(open("train.csv")))[1:]]
near = lambda a, b: abs(a - b) <= 1e-8
if not eval("(" + sys.argv[1] + ")"):
    print("false:", sys.argv[1])
    sys.exit(1)
END
    ok "$1"
}

# -------------------------------------------------------------- what is said

run=five
mp run pca.txt --set data.folds=5 -o runs/five &&
    grep -qx 'test     600 rows of train.csv (5-fold cross-validation), seed 1' "$out" &&
    grep -q '^fold by fold, %: [0-9. ]*$' "$out" &&
    grep -q '^mean [0-9.]* %, standard deviation [0-9.]*;' "$out" &&
    grep -qx 'cross-validation leaves the test file alone; folds=0 scores its rows' "$out"
ok "run says that it is cross-validation, and of what"
check "every training row is predicted once" \
    'len(p) == 600 and t["rows"] == 600 and sum(f["rows"] for f in x["folds"]) == 600 and
     t["split"] == "5-fold cross-validation" and t["folds"] == 5 and "holdout" not in t'
check "accuracy is that of all rows" \
    't["errors"] == sum(a != b for a, b in zip(p, truth)) == sum(f["errors"] for f in x["folds"])
     and near(t["accuracy"], 1 - t["errors"] / 600)'
check "mean and deviation are those of the folds" \
    'near(x["mean"], statistics.mean(f["accuracy"] for f in x["folds"])) and
     near(x["deviation"], statistics.stdev(f["accuracy"] for f in x["folds"])) and
     all(near(f["accuracy"], 1 - f["errors"] / f["rows"]) for f in x["folds"])'
check "no test row counts as one that training has" '"in_training" not in t'
grep -q 'id="folds"' runs/five/report.html && { [ -z "$python" ] ||
    "$python" "$source/tests/cli/page.py" runs/five/report.{html,json} >> "$log" 2>&1; }
ok "the page has the folds, and keeps what pages promise"
[ -z "$python" ] || ! "$python" - >> "$log" << 'END'
import re
page = open("runs/five/report.html").read()
for card in re.findall(r'<p class="note near-names">nearest:(.*?)</p>', page):
    if "(0)" in card:
        print(card)
        raise SystemExit(0)
raise SystemExit(1)
END
ok "no mistake is its own nearest neighbour"

# ------------------------------------------------------------------ the bundle

mp run pca.txt -o runs/plain && same runs/plain/bundle.mnp runs/five/bundle.mnp &&
    same runs/plain/svm.liblinear runs/five/svm.liblinear
ok "the bundle is that of all training rows"
mp predict runs/five/bundle.mnp test.csv -o five.csv && same five.csv runs/plain/predictions.csv
ok "and predicts"
sed 's/test=test.csv/& folds=5/' pca.txt > written.txt
mp run written.txt -o runs/written && same runs/written/predictions.csv runs/five/predictions.csv
ok "folds=5 in the pipeline is --set data.folds=5"
rm -f nowhere.csv
mp run pca.txt --test nowhere.csv --set data.folds=5 -o runs/alone &&
    same runs/alone/predictions.csv runs/five/predictions.csv
ok "the test file is not even looked for"

# --------------------------------------------------- whatever else is different

for threads in 1 4; do
    mp run written.txt --threads $threads -o runs/t$threads &&
        same runs/t$threads/predictions.csv runs/five/predictions.csv &&
        same runs/t$threads/bundle.mnp runs/five/bundle.mnp
    ok "the same bytes with $threads threads"
done
for time in cold warm; do
    mp run written.txt --cache "$dir/c" -o runs/$time &&
        same runs/$time/predictions.csv runs/five/predictions.csv &&
        same runs/$time/bundle.mnp runs/five/bundle.mnp
    ok "and with a $time cache"
done
mp run written.txt --seed 2 -o runs/seed && ! same runs/seed/predictions.csv \
    runs/five/predictions.csv
ok "another seed makes other folds"
pipe 'net epochs=2 batch=32\n  dense units=8' > net.txt
mp run net.txt --set data.folds=2 -o runs/net && [ ! -e runs/net/checkpoint.mnp ] &&
    [ -z "$python" ] || "$python" -c 'import json
assert len(json.load(open("runs/net/report.json"))["training"]["loss"]) == 2' >> "$log" 2>&1
ok "of a net the last training alone is told, and no checkpoint stays"
mp compare pca.txt hog.txt --set data.folds=3 &&
    grep -qx 'test    600 rows of 3-fold cross-validation of the training rows' "$out" &&
    grep -q 'better than' "$out"
ok "compare puts cross-validated runs side by side"
! mp compare pca.txt written.txt && equal "$(cat "$err")" "mnistpipe: written.txt: its rows are \
train=train.csv folds=5 seed=1, but those of pca.txt are train=train.csv test=test.csv; only the \
same rows can be compared: --train FILE --test FILE sets them for all"
ok "but not one with one that is not"
mp check written.txt && grep -q '600 training rows, 600 test rows' "$out"
ok "check takes folds"

# ------------------------------------------------------------------ mistakes

fails() { # NAME STATUS TEXT ARGUMENT...
    local name=$1 status=$2 text=$3
    shift 3
    mp "$@" -o runs/never
    equal $? "$status" status && equal "$(tail -1 "$err")" "mnistpipe: $text" &&
        [ ! -e runs/never ] && [ ! -s "$out" ]
    ok "$name"
}
fails "one fold" 2 "command line: data: folds=1: one fold leaves nothing to learn from; take 2 to \
100, or 0 for no cross-validation" run pca.txt --set data.folds=1
sed 's/folds=5/folds=1/' written.txt > one.txt
fails "one fold in the file" 1 "one.txt:1: data: folds=1: one fold leaves nothing to learn from; \
take 2 to 100, or 0 for no cross-validation" run one.txt
fails "too many folds" 2 "command line: data: folds=101: out of range (whole number 0..100 folds)" \
    run pca.txt --set data.folds=101
head -21 train.csv > few.csv
fails "more folds than rows" 1 "30 folds need at least as many rows, found 20" \
    run pca.txt --train few.csv --set data.folds=30
awk -F, 'NR == 1 || $1 != 7 || n++ < 1' train.csv > rare.csv
mp run pca.txt --train rare.csv --set data.folds=5 -o runs/rare &&
    grep -q "^warning: label 7 has one row: all folds learn from it, and none tests it$" "$err" &&
    equal "$(($(wc -l < runs/rare/predictions.csv) + 1))" "$(wc -l < rare.csv)" &&
    ! cut -d, -f2 runs/rare/predictions.csv | grep -q 7
ok "a label with one row is learned from, and not tested"
awk -F, 'NR == 1 || $1 < 2 && n[$1]++ < 2 || n[$1]++ < 1' train.csv > rare.csv
fails "too few rows of labels that have two" 1 "5 folds need at least as many rows of labels that \
have two, one to learn from while the other is held out; found 4" run pca.txt --train rare.csv \
    --set data.folds=5
fails "export has no folds" 1 "written.txt: data: folds=5: in every fold the stages learn other \
features; export takes one split (--set data.folds=0)" export written.txt
awk -F, 'NR == 1 || $1 != 7 || n++ < 3' train.csv > rare.csv
mp run pca.txt --train rare.csv --set data.folds=5 -o runs/rare &&
    grep -qx 'warning: label 7 has 3 rows, fewer than the 5 folds: some folds test none of it' "$err"
ok "a label with fewer rows than folds is a warning"
finish
