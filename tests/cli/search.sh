#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# search.sh - `mnistpipe search`: all combinations, each with the score that `run` gives it by
# the same folds; the best is the best, its run is a plain run, and test rows play no part.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 600 > train.csv
rows test 200 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'deskew\nhog cell={4,7}\nsvm C={0.01, 0.1, 1}' > hog.txt
pipe 'pixels\nsvm C={0.0001,0.0003,0.001,0.003,0.01,0.03,0.1,0.3,1,3}' > long.txt
pipe 'net epochs=9 lr={0.001,0.003,0.01,0.03} batch=32\n  dense units=16 act=relu' > net.txt
check() { # NAME FOLDER CODE: of search.json o in that folder
    if [ -z "$python" ]; then
        skip "$1" "no python3"
        return
    fi
    "$python" - "$2" "$3" >> "$log" 2>&1 << 'END'
import csv
import itertools
import json
import math
import statistics
import sys

folder = sys.argv[1]
o = json.load(open(folder + "/search.json"))
trials = o["trials"]
good = [t for t in trials if t["error"] is None]
table = list(csv.DictReader(open(folder + "/search.csv")))
near = lambda a, b: abs(a - b) <= 1e-8
values = lambda t: tuple(t["settings"].values())
grid = list(itertools.product(*(s["values"] for s in o["sets"])))
at = {v: i for i, v in enumerate(grid)}
report = lambda name: json.load(open(f"runs/{name}/report.json"))
if not eval("(" + sys.argv[2] + ")"):
    print("false:", sys.argv[2])
    sys.exit(1)
END
    ok "$1"
}
# The table without what a clock or the number of threads says.
bare() { sed -E '/"(seconds|threads|folder)":/d' "$1/search.json"; } # FOLDER

COLUMNS=200 mp search hog.txt --folds 3 && cp "$out" first.txt
ok "a grid is searched"
grep -qx 'train    600 rows of train.csv, scored by 3-fold cross-validation, seed 1' first.txt &&
    grep -qx 'tried    6 of 6 combinations' first.txt && same first.txt runs/hog-search/search.txt
ok "search.txt is what was printed"
equal "$(echo $(ls runs/hog-search))" \
    "best best.txt search.csv search.html search.json search.md search.txt"
ok "the folder has the table in its forms, the page, the winner and its run"

# ------------------------------------------------------------------ the table

h=runs/hog-search
check "every combination once" $h \
    'sorted(map(values, trials)) == sorted(grid) and len(grid) == 6 and
     [s["name"] for s in o["sets"]] == ["hog.cell", "svm.C"]'
for cell in 4 7; do
    for C in 0.01 0.1 1; do
        mp run hog.txt --set hog.cell=$cell --set svm.C=$C --set data.folds=3 -o runs/$cell-$C ||
            cat "$err" >> "$log"
    done
done
check "the score of each is that of a run by the same folds" $h \
    'all(near(t["mean"], report("-".join(values(t)))["cross_validation"]["mean"]) and
         near(t["deviation"], report("-".join(values(t)))["cross_validation"]["deviation"]) and
         t["errors"] == report("-".join(values(t)))["test"]["errors"] and
         t["accuracy_interval"] == report("-".join(values(t)))["test"]["accuracy_interval"] and
         [f["errors"] for f in t["folds"]] == [f["errors"] for f in
             report("-".join(values(t)))["cross_validation"]["folds"]] for t in trials)'
check "so is the number of values that it keeps" $h \
    'all(t["values"] == sum(s["fit"]["parameters"] for s in report("-".join(values(t)))["stages"]
                            if s["fit"]) for t in trials)'
check "best first; of equals what keeps fewer numbers, then the first" $h \
    'trials == sorted(trials, key=lambda t: (-round(t["mean"], 9), t["values"], at[values(t)])) and
     [t["rank"] for t in trials] == list(range(1, 7))'
check "the standard error is that of the mean of the folds" $h \
    'all(near(t["standard_error"], statistics.stdev(f["accuracy"] for f in t["folds"])
              / math.sqrt(3)) for t in trials)'
check "the simplest within one standard error of the best" $h \
    'o["one_standard_error"]["set"] == min(
        (t for t in trials if t["mean"] >= trials[0]["mean"] - trials[0]["standard_error"] - 1e-12),
        key=lambda t: (t["values"], at[values(t)]))["set"]'
for format in json csv markdown; do
    end=$format; [ $format = markdown ] && end=md
    mp search hog.txt --folds 3 --format $format -o runs/form && same "$out" runs/form/search.$end
    ok "--format $format"
done
check "the CSV has the same numbers" $h \
    '[(t["hog.cell"], t["svm.C"]) for t in table] == [values(t) for t in trials] and
     all(near(float(a["mean"]), b["mean"]) and int(a["errors"]) == b["errors"] and
         near(float(a["low"]), b["accuracy_interval"][0]) for a, b in zip(table, trials))'
equal "$(awk -F'|' '/^\|/ { print NF }' $h/search.md | sort | uniq -c | tr -s ' ')" " 8 11"
ok "the Markdown table is as wide as its head"

# ----------------------------------------------------------------- the winner

check "its settings as words" $h \
    'o["best"] == trials[0]["set"] == " ".join(f"--set {k}={v}"
        for k, v in trials[0]["settings"].items())'
words=$(sed -n 's/^best    //p' first.txt)
mp run hog.txt $words -o runs/plain && same runs/plain/bundle.mnp $h/best/bundle.mnp &&
    same runs/plain/predictions.csv $h/best/predictions.csv &&
    same runs/plain/svm.liblinear $h/best/svm.liblinear
ok "its run is a plain run with these words: bundle, predictions and model"
mp run $h/best.txt -o runs/written && same runs/written/bundle.mnp $h/best/bundle.mnp &&
    head -1 $h/best.txt | grep -q '^# best.txt - the best of 6 combinations of hog.txt: hog.cell='
ok "and best.txt is its pipeline"
check "its score on the test rows is that of the run" $h \
    'o["final"]["accuracy"] == report("plain")["test"]["accuracy"] and o["final"]["rows"] == 200 and
     o["final"]["errors"] == report("plain")["test"]["errors"] and o["final"]["test"] == "test.csv"'
awk -F, -v OFS=, 'NR > 1 { $1 = 9 - $1 } 1' test.csv > wrong.csv
mp search hog.txt --folds 3 --test wrong.csv -o runs/wrong
check "test rows play no part: with other labels the same table, another last score" runs/wrong \
    'json.load(open("runs/hog-search/search.json"))["best"] == o["best"] and
     [{k: v for k, v in t.items() if k != "seconds"} for t in trials] ==
     [{k: v for k, v in t.items() if k != "seconds"}
      for t in json.load(open("runs/hog-search/search.json"))["trials"]] and
     o["final"]["accuracy"] < 0.3'
cut -d, -f2- test.csv > blind.csv
mp search hog.txt --folds 3 --test blind.csv -o runs/blind && flat "$out" |
    grep -q ' test 200 rows of blind.csv, without labels: predicted by the best, not scored ' &&
    same_answers runs/blind/best/predictions.csv runs/plain/predictions.csv
ok "a test file without labels is predicted"
mp search hog.txt --folds 3 --set data.test= -o runs/none && grep -q '^test     no test rows' \
    "$out" && same runs/none/best/bundle.mnp $h/best/bundle.mnp
ok "without test rows nothing is held out of the last fit"

# --------------------------------------------------- whatever else is different

for threads in 1 2 4; do
    mp search hog.txt --folds 3 --threads $threads --no-cache -o runs/t$threads &&
        same <(bare $h) <(bare runs/t$threads) &&
        same $h/best/bundle.mnp runs/t$threads/best/bundle.mnp
    ok "the same table and bundle with $threads threads, computed anew"
done
for time in cold warm; do
    mp search hog.txt --folds 3 --cache "$dir/c" -o runs/$time &&
        same <(bare $h) <(bare runs/$time) &&
        same $h/best/bundle.mnp runs/$time/best/bundle.mnp
    ok "and with a $time cache"
done
mp search hog.txt --folds 3 --seed 2 -o runs/seed && ! same <(bare $h) <(bare runs/seed)
ok "another seed makes other folds"
pipe 'deskew\nhog cell=4\nsvm C=1' > fixed.txt
mp search fixed.txt --folds 3 --set 'hog.cell={4,7}' --set 'svm.C={0.01,0.1,1}' -o runs/set
check "sets on the command line are the same search" runs/set \
    'trials[0]["mean"] == json.load(open("runs/hog-search/search.json"))["trials"][0]["mean"] and
     list(map(values, trials)) ==
     list(map(values, json.load(open("runs/hog-search/search.json"))["trials"]))'
sed 's/test=test.csv/& folds=3/' hog.txt > three.txt
mp search three.txt -o runs/three
check "folds of the data line are taken; the last run is on the test rows" runs/three \
    'o["scoring"] == {"folds": 3} and o["final"]["split"] == "test file" and
     trials[0]["folds"] == json.load(open("runs/hog-search/search.json"))["trials"][0]["folds"]'

# ------------------------------------------------------------------ at random

mp search hog.txt --folds 2 --trials 4 --seed 7 -o runs/a &&
    mp search hog.txt --folds 2 --trials 4 --seed 7 -o runs/b &&
    same <(bare runs/a) <(bare runs/b) &&
    grep -qx 'tried    4 of 6 combinations, drawn at random' runs/a/search.txt
ok "--trials: the same seed draws the same"
check "four different ones of the grid" runs/a \
    'len(set(map(values, trials))) == 4 == len(trials) and set(map(values, trials)) <= set(grid)'
for seed in 1 2 3 4 5; do
    mp search hog.txt --folds 2 --trials 2 --seed $seed -o runs/s$seed
    grep -o '"set": .*' runs/s$seed/search.json | sort
done > draws && [ "$(sort -u draws | wc -l)" -gt 4 ]
ok "another seed draws others"
mp search hog.txt --folds 2 --trials 100 -o runs/all &&
    grep -qx 'tried    6 of 6 combinations' "$out"
ok "as many as there are, at most"

# ------------------------------------------------------- holdout, halving

mp search long.txt --holdout 0.25 -o runs/holdout &&
    grep -q 'scored by a holdout of 25 %, seed 1' "$out"
ok "--holdout"
check "one part, scored once" runs/holdout \
    'o["scoring"] == {"holdout": 0.25} and all(len(t["folds"]) == 1 and t["deviation"] is None and
     abs(t["rows"] - 150) <= 5 and near(t["mean"], 1 - t["errors"] / t["rows"]) and
     near(t["standard_error"], math.sqrt(t["mean"] * (1 - t["mean"]) / t["rows"]))
     for t in trials)'
rows train 3600 > many.csv
mp search long.txt --folds 2 --halving rows --train many.csv -o runs/rows
check "--halving rows: by thirds, until three or fewer have all" runs/rows \
    'o["rungs"] == 3 and [t["rung"] for t in trials] == [3] * 2 + [2] * 2 + [1] * 6 and
     all(abs(t["budget"] - 1800 / 3 ** (3 - t["rung"])) <= 6 for t in trials)'
check "who goes on was the best third, with the same budget" runs/rows \
    'all(len(t["means"]) == t["rung"] and t["means"][-1] == t["mean"] for t in trials) and
     all(min(t["means"][r] for t in trials if t["rung"] > r + 1) >=
         max(t["means"][r] for t in trials if t["rung"] == r + 1) for r in (0, 1))'
mp search long.txt --folds 2 --halving rows -o runs/least
check "the first part is not less than 20 rows a class" runs/least 'o["rungs"] == 1 or
     min(t["budget"] for t in trials) >= 20 * 10'
mp search net.txt --folds 2 --halving epochs -o runs/epochs
check "--halving epochs" runs/epochs \
    'o["rungs"] == 2 and sorted(t["budget"] for t in trials) == [3, 3, 9, 9]'
mp run net.txt $(sed -n 's/^best    //p' runs/epochs/search.txt) -o runs/net &&
    same runs/net/bundle.mnp runs/epochs/best/bundle.mnp
ok "the winner is trained for all its epochs"

# ------------------------------------------------------------------ mistakes

! mp search hog.txt --folds 3 --set 'hog.cell={7,20}' -o runs/some && equal "$(tail -1 "$err")" \
    "mnistpipe: search: 3 of 6 combinations failed" && [ "$(grep -c '^-  .*failed: ' "$out")" = 3 ]
ok "combinations that fail are rows with their error, and the others go on"
check "best among those that do not" runs/some \
    '[t["error"] is None for t in trials] == [True] * 3 + [False] * 3 and
     all("an image of 28x28 is smaller than one block" in t["error"] and t["rank"] is None
         for t in trials[3:]) and o["final"]["error"] is None'
fails() { # NAME STATUS TEXT ARGUMENT...
    local name=$1 status=$2 text=$3
    shift 3
    mp search "$@" -o runs/never
    equal $? "$status" status && equal "$(tail -1 "$err")" "mnistpipe: $text" &&
        [ ! -e runs/never ] && [ ! -s "$out" ]
    ok "$name"
}
fails "no set" 1 "fixed.txt: has no set of values to try; write one in it, such as svm \
C={0.1,0.3,1}, or give --set svm.C={0.1,0.3,1}" fixed.txt
fails "an empty set" 1 "command line: svm: C={}: an empty set; expected values between the braces, \
such as {0.1,0.3,1}" fixed.txt --set 'svm.C={}'
fails "a value twice" 1 "command line: svm: C={1,1}: has the value 1 twice" fixed.txt \
    --set 'svm.C={1,1}'
fails "one fold" 2 "--folds=1: one fold leaves nothing to learn from; take 2 to 100" \
    hog.txt --folds 1
fails "folds and a holdout" 2 "--folds=3 and --holdout=0.2: rows are scored by one or the other" \
    hog.txt --folds 3 --holdout 0.2
awk -F, 'NR == 1 || $1 != 7 || n++ < 1' train.csv > rare.csv
mp search hog.txt --train rare.csv -o runs/rare &&
    grep -q "label 7 has one row: all folds learn from it, and none tests it" "$err"
ok "a label with one row is learned from, and not tested"
fails "no combination is right" 1 "command line: hog: cell=999: out of range (whole number 1..256 \
px) (the other combinations fail, too)" hog.txt --set 'hog.cell={999,998}'
pipe 'hogg cell={4,7}\nsvm' > bad.txt
fails "all have the same mistake" 1 "bad.txt:2: hogg: no such stage; did you mean \"hog\"?" bad.txt
pipe 'hog cell={4,7}' > bad.txt
fails "no model" 1 "bad.txt: has no model to train" bad.txt
fails "no epochs" 1 "--halving epochs: no stage of hog.txt trains in epochs; --halving rows takes \
fewer rows" hog.txt --halving epochs
fails "epochs in a set" 1 "--halving epochs: net.epochs is one of the sets; --halving rows takes \
fewer rows" net.txt --halving epochs --set 'net.epochs={3,9}'
many=$(seq -s, 1 101)
fails "too many to try all" 1 "fixed.txt: 10201 combinations are too many to try all; --trials N \
tries N of them, at most 10000" fixed.txt --set "svm.C={$many}" --set "hog.cell={$many}"
mkfifo pipe
fails "rows from a pipe" 1 "pipe: is no file; a search reads its rows more than once, which a pipe \
does not allow" hog.txt --train pipe
fails "no pipeline" 2 "search: expected one pipeline file, found 0 arguments"
! mp run hog.txt && equal "$(cat "$err")" "mnistpipe: hog.txt:3: hog: cell={4,7}: a set of values; \
a run takes one (--set hog.cell=VALUE), a search tries all"
ok "run refuses a set, and names the search"

# ------------------------------------------------------------------ the page

mp search long.txt --folds 2 -o runs/line && mp search net.txt --folds 2 --trials 3 \
    --set 'dense.units={4,8}' --set 'net.batch={32,64}' -o runs/dots
ok "a search of one set, and one of three"
for name in hog-search some rows line dots; do
    [ -z "$python" ] || "$python" "$source/tests/cli/page.py" runs/$name/search.html >> "$log" 2>&1
    ok "the page keeps what pages promise: $name"
done
page=$(cat runs/hog-search/search.html)
for word in '<h1>Which values are best for hog?</h1>' 'href="best/report.html"' 'href="best.txt"' \
    'Where it comes from' '<code>mnistpipe search '; do
    [[ $page == *"$word"* ]] || { echo "not in the page: $word" >> "$log"; false; }
    ok "the page of a search: $word"
done
equal "$(grep -o '<th scope="row">t[a-z]*</th>' runs/hog-search/search.html)" '<th scope="row">train</th>'
ok "it names the rows that were read, and no test, which was not"
grep -q '<table class="heat"' runs/hog-search/search.html &&
    grep -q "<strong>$(sed -n 's/^1 .* \([0-9.]*\) %.*/\1/p' first.txt)</strong>" \
        runs/hog-search/search.html && ! grep -q '<svg' runs/hog-search/search.html
ok "two sets: a table of heat, the best in bold"
grep -q '<svg' runs/line/search.html && grep -q '>svm.C<' runs/line/search.html &&
    grep -q '>0.01<' runs/line/search.html && grep -q '>1<' runs/line/search.html
ok "one set of numbers: a line over powers of ten"
grep -q 'place in the table' runs/dots/search.html
ok "more: dots, best first"

# ------------------------------------------------------------------ stopped

pipe 'net epochs=2000\n  dense units={256,257} act=relu' > slow.txt
"$program" search slow.txt -o runs/stopped > "$out" 2> "$err" &
search=$!
sleep 2
kill -TERM $search && ! wait $search && equal "$(cat "$err")" "mnistpipe: interrupted" &&
    [ ! -e runs/stopped ]
ok "stopped: nothing is written"
finish
