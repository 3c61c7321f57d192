#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ablate.sh - `mnistpipe ablate` and `run --drop`: a row is the run without the stage, what it
# says is what the predictions say, and what cannot be left out says why.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 600 > train.csv
rows test 300 > test.csv
pipe() { echo 'data train=train.csv test=test.csv'; printf '%b\n' "$1"; } # LINES
pipe 'deskew\nblur sigma=0.6\nunion\n  branch\n    hog cell=7\n  branch\n    pixels\n    pca '\
'components=9\nsvm C=0.1' > union.txt
pipe 'resize height=56 width=56\ndeskew\nhog cell=40 block=1\nsvm' > breaks.txt
pipe 'pixels\ndeskew\nsvm' > wrong.txt
pipe 'deskew\nnet epochs=2 batch=32\n  conv filters=4 kernel=3\n  maxpool\n  dense units=16' \
    > net.txt
pipe 'vote\n  branch\n    deskew\n    svm C=0.01\n    calibrate\n  branch\n    pixels\n    '\
'logistic\n    calibrate' > vote.txt
pipe 'svm C=0.01' > bare.txt
check() { # NAME CODE FOLDER: of the ablation o, its rows by name, and predictions by folder
    if [ -z "$python" ]; then
        skip "$1" "no python3"
        return
    fi
    "$python" - "$2" "${3:-runs/union-ablate}" >> "$log" 2>&1 << 'END'
import csv
import json
import math
import sys

folder = sys.argv[2]
o = json.load(open(folder + "/ablate.json"))
good = [q for q in o["rows"] if q["error"] is None]
row = {q["name"]: q for q in o["rows"]}
report = {q["name"]: json.load(open(q["folder"] + "/report.json")) for q in good + [o["whole"]]}
said = {k: [int(v["predicted"]) for v in csv.DictReader(open(
    (row.get(k) or o["whole"])["folder"] + "/predictions.csv"))] for k in report}
truth = [int(v[0]) for v in list(csv.reader(open("test.csv")))[1:]]
whole = said[o["whole"]["name"]]
table = list(csv.DictReader(open(folder + "/ablate.csv")))
near = lambda a, b: abs(a - b) <= 1e-6 * max(1, abs(a))
fixed = lambda k: sum(a == t != b for a, b, t in zip(whole, said[k], truth))
made = lambda k: sum(a != t == b for a, b, t in zip(whole, said[k], truth))


def mcnemar(a, b):
    m, k = a + b, min(a, b)
    return min(1, 2 * sum(math.comb(m, i) for i in range(k + 1)) / 2 ** m)


def holm(p):
    out, least = {}, 0
    for i, k in enumerate(sorted(p, key=p.get)):
        least = out[k] = max(least, min(1, (len(p) - i) * p[k]))
    return out


def tango(b, c, n, d):
    """The score statistic of a difference d, squared; below 3.8415 within the interval."""
    A, B, C = 2 * n, -b - c + (2 * n - b + c) * d, -c * d * (1 - d)
    q = (math.sqrt(B * B - 4 * A * C) - B) / (2 * A)
    return (b - c - n * d) ** 2 / (n * (2 * q + d * (1 - d)))


p = {k: mcnemar(fixed(k), made(k)) for k in row if k in said}
if not eval("(" + sys.argv[1] + ")"):
    print("false:", sys.argv[1])
    sys.exit(1)
END
    ok "$1"
}
page() { # NAME FOLDER: the page keeps what pages promise, and has the figures
    [ -e "$2/ablate.html" ] && { [ -z "$python" ] ||
        "$python" "$source/tests/cli/page.py" "$2"/ablate.{html,json} >> "$log" 2>&1; }
    ok "$1"
}

# ---------------------------------------------------------------- leaving out

text_of() { sed -n 's/^    "text": "data [^\\]*\\n\(.*\)\\n",$/\1/p' "$1/report.json"; }
drop() { # NAME TEXT PIPELINE ARGS...: the pipeline that is left
    local name=$1 text=$2
    shift 2
    mp run "$@" -o runs/drop --quiet && equal "$(text_of runs/drop)" "$text"
    ok "$name"
}
drop "--drop leaves a stage out" 'blur sigma=0.6\nunion\n  branch\n    hog cell=7\n  branch\n    '\
'pixels\n    pca components=9\nsvm C=0.1' union.txt --drop deskew
drop "of a union with one branch left, its stages" \
    'deskew\nblur sigma=0.6\npixels\npca components=9\nsvm C=0.1' union.txt --drop 'branch#1'
drop "a branch without stages is none" 'deskew\nblur sigma=0.6\nhog cell=7\nsvm C=0.1' \
    union.txt --drop pixels --drop pca
drop "a union without branches is none" 'deskew\nblur sigma=0.6\nsvm C=0.1' union.txt \
    --drop 'branch#1' --drop 'branch#2'
drop "of a vote with one branch left, its model" 'pixels\nlogistic\ncalibrate' vote.txt \
    --drop 'branch#1'
drop "layers of nets" 'deskew\nnet epochs=2 batch=32\n  conv filters=4 kernel=3' net.txt \
    --drop dense --drop maxpool
drop "--set comes first, with the names of the file" \
    'deskew\nblur sigma=0.6\nhog cell=4\nsvm C=0.1' union.txt --set hog.cell=4 --drop 'branch#2'
printf 'data train=train.csv test=test.csv\nblur sigma=0.6\nhog cell=7\nsvm C=0.1\n' > plain.txt
mp run plain.txt && mp run union.txt --drop deskew --drop 'branch#2' -o runs/drop &&
    same runs/plain/predictions.csv runs/drop/predictions.csv
ok "what is left predicts as if it had been written so"
mp predict runs/drop/bundle.mnp test.csv -o again.csv &&
    same <(answers again.csv | cut -d, -f1) <(answers runs/drop/predictions.csv | cut -d, -f1)
ok "and so does its bundle"
refuses() { # ARGUMENT MESSAGE
    mp run union.txt --drop "$1"
    equal "$? $(cat "$err")" "2 mnistpipe: --drop $1: $2"
    ok "--drop $1: ${2%%;*}"
}
refuses data "is no stage; --train and --test change the rows"
refuses nope 'union.txt has no stage "nope"'
refuses branch 'union.txt has 2 stages "branch"; say which: branch#1 ... branch#2'
refuses 'hog#2' 'union.txt has 1 stage "hog", not 2'
for word in 'hog#0' 'a b' '#1' 'hog.cell'; do
    refuses "$word" "expected a STAGE, such as deskew, or hog#2 if there are several"
done
! mp run net.txt --drop conv --drop maxpool --drop dense && equal "$(cat "$err")" \
    "mnistpipe: net.txt:3: net: has no layers; indent them below it"
ok "lines keep their numbers in what is said of the rest"

# ------------------------------------------------------------------ the table

COLUMNS=200 mp ablate union.txt --quiet && [ ! -s "$err" ] && cp "$out" first.txt
ok "ablate"
same first.txt runs/union-ablate/ablate.txt
ok "ablate.txt is what was printed"
equal "$(echo $(ls runs/union-ablate))" "ablate.csv ablate.html ablate.json ablate.md ablate.txt union \
without_blur without_branch-1 without_branch-2 without_deskew without_pca without_pixels"
ok "the folder has the table in five forms, and each run"
check "each filter, feature and branch, but not the model" \
    'sorted(row) == ["blur", "branch#1 (hog)", "branch#2 (pixels, pca)", "deskew", "pca",
                     "pixels"]'
check "which lines are left out" \
    'row["branch#2 (pixels, pca)"]["dropped"] ==
         [{"name": "branch#2", "line": 7, "text": "branch: pixels, pca components=9"}] and
     row["blur"]["dropped"] == [{"name": "blur", "line": 3, "text": "blur sigma=0.6"}]'
check "the row is its run, without that line" \
    'all(row[k]["accuracy"] == report[k]["test"]["accuracy"] and
         row[k]["errors"] == sum(a != b for a, b in zip(said[k], truth)) and
         row[k]["train_seconds"] == report[k]["seconds"]["fit"] for k in row) and
     report["deskew"]["pipeline"]["text"] ==
         report["union"]["pipeline"]["text"].replace("deskew\n", "")'
check "what each bought, fixed and made" \
    'all(row[k]["fixed"] == fixed(k) and row[k]["made"] == made(k) and
         near(row[k]["bought"], (fixed(k) - made(k)) / 300) and
         near(row[k]["bought"], o["whole"]["accuracy"] - row[k]["accuracy"]) for k in row)'
check "Tango's interval: its ends are just not rejected" \
    'all(abs(tango(row[k]["fixed"], row[k]["made"], 300, end) - 3.841458820694124) < 1e-4
         for k in row for end in row[k]["bought_interval"])'
check "McNemar's p, Holm's correction, and better only below 5 %" \
    'all(abs(row[k]["p"] - p[k]) <= 1e-8 * max(p[k], 1e-8) and
         near(row[k]["p_holm"], holm(p)[k]) and row[k]["better"] ==
         (None if holm(p)[k] >= 0.05 else "with" if row[k]["bought"] > 0 else "without")
         for k in row) and row["branch#1 (hog)"]["better"] == "with"'
check "time saved" \
    'all(near(row[k]["train_seconds_saved"], report["union"]["seconds"]["fit"] -
                                             report[k]["seconds"]["fit"]) and
         near(row[k]["predict_seconds_saved"], report["union"]["seconds"]["predict"] -
                                               report[k]["seconds"]["predict"]) for k in row)'
check "what buys most comes first" \
    '[q["bought"] for q in o["rows"]] == sorted((q["bought"] for q in o["rows"]), reverse=True)'
check "the CSV has the same numbers" \
    'all(t["without"] == q["name"] and near(float(t["bought"]), q["bought"]) and
         near(float(t["low"]), q["bought_interval"][0]) and int(t["fixed"]) == q["fixed"]
         for t, q in zip(table, o["rows"])) and len(table) == 6'
page "the page" runs/union-ablate
grep -q '^whole   9[0-9.]* %, [0-9]* errors, .* s to train: union.txt$' first.txt &&
    grep -q '^  better with            branch#1 (hog) (p ' first.txt
ok "the text says what earns its place"

# ----------------------------------------------------------- nothing done twice

COLUMNS=200 mp ablate union.txt && equal "$(tail -n 3 "$out")" \
    "7 of 7 from the cache, with the times that they took then

look at  runs/union-ablate/ablate.html" &&
    same <(head -n -4 "$out") first.txt
ok "a second time: the very same table, from the cache"
pipe 'pixels\npca components=20\nstandardize\nsvm C=0.1' > chain.txt
mp ablate chain.txt -o runs/chain
check "what stands before a stage is computed once" \
    'report["standardize"]["seconds"]["reused"] > 0 and "reused" not in report["chain"]["seconds"]
     and report["pca"]["stages"][0]["stage"] == "pixels"' runs/chain
mp run union.txt --drop blur -o runs/alone &&
    same runs/alone/predictions.csv runs/union-ablate/without_blur/predictions.csv &&
    same runs/alone/bundle.mnp runs/union-ablate/without_blur/bundle.mnp
ok "run --drop is the run of a row, bundle and all"
predictions() { cat runs/"$1"/*/predictions.csv; }
mp ablate union.txt --no-cache -o runs/cold --threads 1 &&
    same <(predictions cold) <(predictions union-ablate)
ok "the same without the cache, on one thread"
mp ablate union.txt --drop blur -o runs/less && [ ! -e runs/less/without_blur ] &&
    grep -q '"text": "data [^"]*deskew\\nunion' runs/less/union/report.json &&
    grep -q '"text": "data [^"]*csv\\nunion' runs/less/without_deskew/report.json
ok "--drop holds for the whole, too"

# -------------------------------------------------------------- pairs, layers

mp ablate union.txt --pairs -o runs/pairs
ok "--pairs"
check "every two, but no stage with its own branch, and no two that are a branch" \
    'len(o["rows"]) == 6 + 12 and "pixels + pca" not in row and
     "branch#1 (hog) + branch#2 (pixels, pca)" in row and "deskew + blur" in row and
     not any("branch#2" in k and ("pca +" in k or "+ pca" in k) for k in row)' runs/pairs
check "two at a time are both left out" \
    'report["deskew + blur"]["pipeline"]["text"] == report["union"]["pipeline"]["text"]
         .replace("deskew\nblur sigma=0.6\n", "") and
     [q["name"] for q in row["deskew + blur"]["dropped"]] == ["deskew", "blur"]' runs/pairs
page "their page" runs/pairs
mp ablate net.txt --layers -o runs/layers
ok "--layers"
check "every layer, and what stands before the net" \
    'sorted(row) == ["conv", "dense", "deskew", "maxpool"] and o["whole"]["kind"] == "deep"' \
    runs/layers
page "their page, too" runs/layers
mp ablate net.txt -o runs/layers
check "without --layers the net stays whole" 'sorted(row) == ["deskew"]' runs/layers

# ----------------------------------------------------------- what does not fit

mp ablate breaks.txt -o runs/breaks --quiet && [ ! -s "$err" ]
ok "a stage that cannot be left out is a result, no failure"
check "why stands in its row, the last" \
    'o["rows"][-1]["name"] == "resize" and o["rows"][-1]["folder"] is None and
     o["rows"][-1]["error"] == "breaks.txt:4: hog: an image of 28x28 is smaller than one block "
     "of 1x1 cells of 40 px (40x40 px); use a smaller cell or block" and
     [q["error"] for q in o["rows"][:-1]] == [None, None] and
     table[-1]["error"] == o["rows"][-1]["error"] and table[-1]["bought"] == ""' runs/breaks
check "it is not counted in Holm's correction" \
    'all(near(row[k]["p_holm"], holm(p)[k]) for k in p if k in row)' runs/breaks
grep -q '^resize   failed: breaks.txt:4: hog: an image of 28x28' "$out" &&
    grep -q '^resize failed: breaks.txt:4: hog' runs/breaks/ablate.md
ok "also in the text, and in Markdown"
page "and on the page" runs/breaks
mp ablate vote.txt -o runs/vote
ok "a vote"
check "its branches, and calibrate, which the vote needs" \
    'row["calibrate#1"]["error"].startswith("vote.txt:2: vote: by=mean: needs probabilities") and
     report["branch#1 (deskew ... calibrate)"]["pipeline"]["text"].endswith(
         "\npixels\nlogistic\ncalibrate\n")' runs/vote
for format in json csv markdown; do
    mp ablate breaks.txt -o runs/breaks --format $format &&
        same "$out" runs/breaks/ablate.${format/markdown/md}
    ok "--format $format"
done

mkdir -p runs/full && : > runs/full/without_deskew
! mp ablate breaks.txt -o runs/full --quiet &&
    equal "$(cat "$err")" "mnistpipe: ablate: 1 of 3 runs failed" &&
    grep -q '^deskew   failed: runs/full/without_deskew' "$out" && grep -q '^hog ' "$out"
ok "a run that breaks down is a failure, and its row says why"
page "also on the page" runs/full
mkdir -p runs/none && : > runs/none/breaks
! mp ablate breaks.txt -o runs/none --quiet && equal "$(cat "$err" | cut -c1-29)" \
    "mnistpipe: runs/none/breaks: " && [ ! -s "$out" ] && [ ! -e runs/none/ablate.json ]
ok "without the whole there is nothing to tell"
rm -r runs/none

# ------------------------------------------------------------------------ folds

printf 'data train=test.csv folds=3\ndeskew\npixels\nsvm C=0.01\n' > folds.txt
mp ablate folds.txt -o runs/folds &&
    grep -q '^test  *300 rows of 3-fold cross-validation of the training rows$' "$out"
ok "rows are scored by folds, and it says so"

# -------------------------------------------------------------------- mistakes

fails() { # NAME STATUS MESSAGE ARGUMENTS...
    local name=$1 status=$2 message=$3
    shift 3
    mp ablate "$@" -o runs/none
    equal "$? $(cat "$err")" "$status mnistpipe: $message" && [ ! -e runs/none ]
    ok "$name"
}
cut -d, -f2- test.csv > blind.csv
fails "no pipeline" 2 "ablate: expected one pipeline file, found 0"
fails "two" 2 "ablate: expected one pipeline file, found 2" net.txt union.txt
fails "nothing to leave out" 1 "bare.txt: has no stage to leave out, only a model; --layers leaves \
out layers of nets" bare.txt
fails "nor layers" 1 "bare.txt: has no stage to leave out, only a model" bare.txt --layers
fails "a test without labels" 1 "blind.csv: has no labels; without them nothing tells what a stage \
buys" union.txt --test blind.csv
fails "a pipeline that is wrong as it is" 1 "wrong.txt:3: deskew: needs images, but line 2 \
(pixels) gives vectors of 784 values (1 x 784 x 1); put it before that line" wrong.txt
fails "no model" 1 "union.txt: has no model to train" union.txt --drop svm
fails "no such file" 1 "nowhere.txt: cannot read: No such file or directory" nowhere.txt
finish
