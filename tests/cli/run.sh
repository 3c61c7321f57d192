#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh - `mnistpipe run` and `predict`: what they write is right, agrees with
# itself, and does not depend on threads, form of the input, or time.
. "$(dirname "$0")/lib.bash"

rows train 400 > train.csv
rows test 200 > test.csv
echo 'data train=train.csv test=test.csv' > data.txt
pipe() { cat data.txt; printf '%b\n' "$1"; } # LINES: a pipeline on the small data
# RUN: all that is not to depend on time or threads.
results() { cat "runs/$1/bundle.mnp" "runs/$1/predictions.csv" "runs/$1"/*.liblinear; }
same_results() { # RUN RUN
    cmp <(results "$1") <(results "$2") >> "$log" 2>&1
}
json() { # CODE: true of the report r; truth and predicted are lists
    "$python" - "$1" >> "$log" 2>&1 << 'END'
import csv
import gzip
import json
import math
import os
import sys

r = json.load(open("runs/hog_svm/report.json"))
data = os.environ["MNISTPIPE_DATA"]
truth = [int(row[0]) for row in list(csv.reader(gzip.open(data + "/test.csv.gz", "rt")))[1:]]
predicted = [int(row["predicted"]) for row in csv.DictReader(open("runs/hog_svm/predictions.csv"))]
t = r["test"]
m = t["confusion"]
near = lambda a, b: abs(a - b) < 1e-6
if not eval("(" + sys.argv[1] + ")"):
    print("false:", sys.argv[1])
    sys.exit(1)
END
}
told() { # NAME CODE
    if [ -z "$python" ]; then
        skip "$1" "no python3"
    else
        json "$2"
        ok "$1"
    fi
}

# ---------------------------------------------------------- the main job

mp run "$source/pipelines/hog_svm.txt" --threads 2
ok "the main pipeline runs on the sample"
equal "$(ls runs)" hog_svm &&
    equal "$(echo $(ls runs/hog_svm))" \
        "bundle.mnp predictions.csv report.html report.json report.txt svm.liblinear"
ok "its folder holds six files and nothing else"
silent
ok "without a terminal nothing is said on stderr, but how far a long step has come"
COLUMNS=200 mp run "$source/pipelines/hog_svm.txt" --threads 2 --verbose &&
    same "$out" runs/hog_svm/report.txt
ok "report.txt is what a wide terminal gets with --verbose"
awk -F, 'NR == 1 { n = NF; bad = $0 !~ /^line,label,predicted,score_0,/ || n != 13 }
    NR > 1 { k = 4; for (i = 5; i <= NF; i++) if ($i > $k) k = i
             if (NF != n || $1 != NR || $3 != k - 4) bad = 1 }
    END { exit bad || NR != 1001 }' runs/hog_svm/predictions.csv
ok "a prediction is the label of the highest score"

hits=$(paste -d, <(rows test 1000 | sed 1d | cut -d, -f1) \
    <(answers runs/hog_svm/predictions.csv | sed 1d | cut -d, -f1) | awk -F, '$1 == $2' | wc -l)
# Wilson 1927, with z of 95 %.
wilson() {
    awk -v h="$1" -v n="$2" 'BEGIN { z = 1.959963984540054; p = h / n
        c = (h + z * z / 2) / (n + z * z)
        d = z / (n + z * z) * sqrt(h * (n - h) / n + z * z / 4)
        printf "accuracy %.2f %%   95 %% interval %.2f .. %.2f (Wilson), %d errors in %d rows",
            100 * p, 100 * (c - d), 100 * (c + d), n - h, n }'
}
filled() { # FILE: the sentence of the accuracy, which is two lines in a narrow report
    sed -n '/^accuracy/,/^[^ ]/p' "$1" | sed -n '1p; 2,$s/^  *//p' | tr '\n' ' ' | sed 's/ $//'
}
[ "$hits" -ge 975 ] || equal "$hits" "975 or more" "right of 1000"
ok "97.5 % of the 1000 test digits at least"
equal "$(filled runs/hog_svm/report.txt)" "$(wilson "$hits" 1000), macro F1 $(sed -n \
    's/^ *"macro_f1": \(0\.[0-9]*\),*$/\1/p' runs/hog_svm/report.json | xargs printf %.4f)"
ok "accuracy, errors and interval are those of predictions.csv and the labels"

told "JSON: keys" 'set(r) == {"mnistpipe", "pipeline", "seed", "threads", "labels", "train", "test",
    "seconds", "stages", "scores", "memory", "bundle", "libraries", "warnings", "remarks"}'
told "JSON: the test's keys" 'set(t) == {"data", "file", "rows", "image", "crc32", "split",
    "in_training", "accuracy", "errors", "accuracy_interval", "interval", "macro_f1",
    "balanced_accuracy", "top", "tested_classes", "confusion", "mistakes", "classes"}'
told "JSON: the data" '(r["train"]["rows"], t["rows"], t["image"], r["seed"], r["labels"])
    == (6000, 1000, [28, 28], 1, list(range(10)))'
told "JSON: the time adds up" 'set(r["seconds"]) == {"total", "read", "fit", "predict"} and
    min(r["seconds"].values()) >= 0 and sum(r["seconds"].values()) <= 2.001 * r["seconds"]["total"]'
told "JSON: the stages" 'all(set(s) == {"stage", "group", "line", "text", "shape_in", "shape_out",
    "values_out", "fit", "apply"} for s in r["stages"])'
told "JSON: the stages are those of the file, each takes what the one before gives" \
    '[s["text"].split()[0] for s in r["stages"]] == [s["stage"] for s in r["stages"]] ==
    [line.split()[0] for line in r["pipeline"]["text"].splitlines()[1:]] and
    [s["shape_in"] for s in r["stages"]] + [[1, 10, 1]] ==
    [[28, 28, 1]] + [s["shape_out"] for s in r["stages"]] and
    all(math.prod(s["shape_out"]) == s["values_out"] for s in r["stages"])'
told "JSON: the rows that stages saw" 'r["stages"][-1]["fit"]["rows"] == 6000 and
    r["stages"][-1]["apply"]["rows"] == 1000 and r["stages"][0]["apply"]["rows"] >= 7000'
told "JSON: the bundle's size" 'r["bundle"]["bytes"] == os.path.getsize("runs/hog_svm/bundle.mnp")'
told "JSON: accuracy is that of the predictions" \
    't["errors"] == sum(a != b for a, b in zip(truth, predicted)) and len(truth) == len(predicted)
    and near(t["accuracy"], 1 - t["errors"] / 1000)'
told "JSON: confusion holds every pair once" \
    'm == [[sum(p == (i, j) for p in zip(truth, predicted)) for j in range(10)] for i in range(10)]
    and sum(map(sum, m)) == 1000 and t["errors"] == 1000 - sum(m[i][i] for i in range(10))'
told "JSON: precision, recall and F1" 'all(c["label"] == i and c["rows"] == sum(m[i]) and
    c["predicted"] == sum(row[i] for row in m) and near(c["recall"], m[i][i] / c["rows"]) and
    near(c["precision"], m[i][i] / c["predicted"]) and near(c["f1"], 2 * m[i][i] /
    (c["rows"] + c["predicted"])) for i, c in enumerate(t["classes"])) and
    near(t["macro_f1"], sum(c["f1"] for c in t["classes"]) / 10) and
    near(t["balanced_accuracy"], sum(c["recall"] for c in t["classes"]) / 10)'
told "JSON: the more classes are shown the more often the right one is there" \
    '[q["k"] for q in t["top"]] == [2, 3, 5] and t["accuracy"] < t["top"][0]["accuracy"] <=
    t["top"][1]["accuracy"] <= t["top"][2]["accuracy"] <= 1'
told "JSON: the interval solves Wilson's equation" \
    'all(abs(abs(t["accuracy"] - q) - 1.959963984540054 * math.sqrt(q * (1 - q) / 1000)) < 1e-8
    for q in t["accuracy_interval"])'

# ----------------------------------------------- predict, on the same rows

b=runs/hog_svm/bundle.mnp
want=runs/hog_svm/predictions.csv
gzip -dc "$data/test.csv.gz" > full.csv
cut -d, -f2- full.csv > blind.csv
cut -d, -f1,3- $want > unseen.csv
for threads in 1 4; do
    mp predict $b "$data/test.csv.gz" -o p.csv --threads $threads && same p.csv $want &&
        equal "$(grep ^accuracy "$out")" "$(wilson "$hits" 1000)"
    ok "predict gives the run's bytes and score from csv.gz, $threads threads"
    mp predict $b full.csv -o p.csv --threads $threads && same p.csv $want
    ok "from csv, $threads threads"
    mp predict $b blind.csv -o p.csv --threads $threads && same p.csv unseen.csv &&
        ! grep -q accuracy "$out"
    ok "from rows without labels, $threads threads"
done
mp predict $b blind.csv -o - && same "$out" unseen.csv && [ ! -s "$err" ]
ok "predict -o - writes rows to standard output, and nothing else"
mp predict $b full.csv -o - --quiet && same "$out" $want && [ ! -s "$err" ]
ok "predict -o - --quiet: nothing on stderr"
mp predict $b full.csv -o p.csv --quiet && same p.csv $want && [ ! -s "$out" ] && [ ! -s "$err" ]
ok "predict --quiet: nothing at all"
mp predict $b sample:test && same predictions.csv $want
ok "predict reads the sample by name and writes predictions.csv"
rm predictions.csv
mp predict $b blind.csv --submission -o s.csv && same s.csv <(echo ImageId,Label
    answers $want | sed 1d | cut -d, -f1 | awk '{ print NR "," $0 }')
ok "--submission is Kaggle's form"
mp predict $b <(cat blind.csv) -o p.csv && same p.csv unseen.csv
ok "predict reads a pipe"
mkfifo pipe
timeout 20 cat pipe > p.csv & reader=$!
mp predict $b blind.csv -o pipe && [ -p pipe ]
status=$?
[ $status = 0 ] || kill $reader
wait $reader 2> "$dir/waited"
[ $status = 0 ] && same p.csv unseen.csv
ok "predict -o to a pipe or a device writes into it, and does not replace it"

# ------------------------------------------------------- the same bytes

big='hog cell=7\nunion\n  branch\n    pixels\n    pca components=20\n'
big=$big'  branch\n    standardize\nlogistic C=0.1'
n=0
while read -r lines; do
    n=$((n + 1))
    pipe "$lines" > p$n.txt
    good=0
    for threads in 1 2 4; do
        mp run p$n.txt -o runs/$n.$threads --threads $threads || good=1
        same_results $n.1 $n.$threads || good=1
    done
    mp run p$n.txt -o runs/$n.1 --threads 3 && same_results $n.1 $n.2 && [ $good = 0 ]
    ok "the same bytes for 1, 2, 3 and 4 threads, and again: ${lines//\\n/; }"
done << END
$big
svm solver=l2loss_dual
svm solver=l1loss_dual C=0.1
svm solver=crammer_singer
svm solver=l2loss_primal
svm solver=l1reg C=0.1
logistic solver=dual C=0.1
logistic solver=l1reg C=0.1
hog cell=7\nsvm solver=dense
pixels\nlogistic solver=multinomial C=0.1
END
pipe "svm solver=l1loss_dual C=0.1" > seed.txt
mp run seed.txt --seed 7 -o runs/s7 && mp run seed.txt --set data.seed=7 -o runs/t7 &&
    same_results s7 t7 && ! cmp -s runs/s7/bundle.mnp runs/3.1/bundle.mnp
ok "--seed is data's seed, and a dual solver draws from it"
pipe "pixels\nstandardize\nsvm solver=l2loss_primal" > free.txt
mp run free.txt -o runs/f1 --seed 1 && mp run free.txt -o runs/f2 --seed 2 &&
    same runs/f1/predictions.csv runs/f2/predictions.csv
ok "what draws nothing does not depend on the seed"

# ------------------------------------------------------------- holdout

grep -o 'train=[^ ]*' data.txt | sed 's/^/data /' > held.txt
echo 'svm C=0.1' >> held.txt
mp export held.txt --set svm.C=1 -o e1 --format csv --bytes 2> /dev/null
sed 1d e1/train.csv > part1; sed 1d e1/test.csv > part2
sort part1 part2 | same - <(sed 1d train.csv | sort)
ok "holdout: the two parts are the rows, each once"
awk -F, 'NR == FNR { if (FNR > 1) all[$1]++; next } { out[$1]++ }
    END { for (v in all) if (out[v] != int(all[v] * 0.2 + 0.5)) { print v, out[v], all[v]; bad = 1 }
          exit bad }' train.csv part2 >> "$log"
ok "holdout: a fifth of every class"
mp run held.txt --threads 1 && cp -r runs/held runs/held1 && mp run held.txt --threads 4 &&
    same_results held held1 &&
    equal "$(wc -l < runs/held/predictions.csv)" $(($(wc -l < part2) + 1))
ok "holdout: the same rows every time"
mp export held.txt --seed 2 -o e2 --format csv --bytes && ! cmp -s e1/test.csv e2/test.csv &&
    equal "$(wc -l < e2/test.csv)" "$(wc -l < e1/test.csv)"
ok "holdout: another seed, other rows, as many"
mp export held.txt --set data.holdout=0.5 -o e3 --format csv --bytes
rows_=$(sed 1d e3/test.csv | wc -l)
[ "$rows_" -ge 195 ] && [ "$rows_" -le 205 ] || equal "$rows_" "about 200"
ok "holdout=0.5 is a half"
# A stage learns from the training part alone: the same run from two files.
{ head -1 train.csv; cat part1; } > part1.csv
{ head -1 train.csv; cat part2; } > part2.csv
cat > h.txt << 'END'
data train=train.csv
pixels
pca components=9
standardize
svm solver=l2loss_primal
END
mp run h.txt -o runs/h1 && mp run h.txt --train part1.csv --test part2.csv -o runs/h2 &&
    same_answers runs/h1/predictions.csv runs/h2/predictions.csv
ok "holdout: every stage learns from the training part alone"

# ----------------------------------------------------------- overrides

pipe "hog cell=7\nsvm C=0.1" > small.txt
mp run small.txt -o runs/base
ok "a small run"
{ echo 'data train=none.csv test=none.csv'; printf 'hog cell=4\nsvm C=9\n'; } > wrong.txt
mp run wrong.txt --train train.csv --test test.csv --set hog.cell=7 --set svm.C=0.1 -o runs/over &&
    same runs/base/predictions.csv runs/over/predictions.csv &&
    same runs/base/svm.liblinear runs/over/svm.liblinear
ok "--train, --test and --set stand over the file"
printf 'hog cell=7\nsvm C=0.1\n' > bare.txt
mp run bare.txt --train=train.csv --test=test.csv --output=runs/bare &&
    same runs/base/predictions.csv runs/bare/predictions.csv
ok "a pipeline without data runs on --train and --test"
mp run small.txt --test blind.csv -o runs/blind && grep -q '^scores   none: ' "$out" &&
    [ "$(wc -l < runs/blind/predictions.csv)" = 1001 ] && ! grep -q accuracy runs/blind/report.json
ok "a test without labels is predicted, not scored"
mp run small.txt -o runs/json --json && same "$out" runs/json/report.json &&
    { [ -z "$python" ] || "$python" -m json.tool < "$out" > /dev/null; }
ok "--json prints report.json"
mp run small.txt --quiet -o runs/quiet && [ ! -s "$err" ] && same_results base quiet
ok "--quiet changes nothing but stderr"
mkdir sub && cp small.txt sub/my.pipe.txt && mp run sub/my.pipe.txt && [ -d runs/my.pipe ]
ok "the folder is runs/NAME, without the last ending"
mp run small.txt && cp runs/small/bundle.mnp first && echo old > runs/small/notes &&
    mp run small.txt && same first runs/small/bundle.mnp && equal "$(cat runs/small/notes)" old
ok "a second run replaces the first one's files and no others"

# ------------------------------------------------------ forms of the input

want=runs/base/predictions.csv
# FOLDER...: a run of other files gave the same.
as_base() {
    same_answers "runs/$1/predictions.csv" $want && same "runs/$1/svm.liblinear" runs/base/svm.liblinear
}
for f in train test; do
    sed 's/$/\r/' $f.csv > crlf-$f.csv
    sed 1d $f.csv > bare-$f.csv
    sed '1s/\([^,]*\)/"\1"/g' $f.csv > quoted-$f.csv
    printf '\357\273\277' | cat - $f.csv > bom-$f.csv
    { cat $f.csv; printf '\n\n'; } > blank-$f.csv
    head -c -1 $f.csv > open-$f.csv
    gzip -c $f.csv > gz-$f.csv
    { head -100 $f.csv | gzip -c; tail -n +101 $f.csv | gzip -c; } > two-$f.csv
done
for form in crlf:"lines that end in CR LF" bare:"no header" quoted:"a quoted header" \
    bom:"a byte order mark" blank:"empty lines at the end" open:"no newline at the end" \
    gz:"gzip whatever its name" two:"gzip of two members"; do
    f=${form%%:*}
    mp run small.txt --train $f-train.csv --test $f-test.csv -o runs/$f && as_base $f
    ok "CSV with ${form#*:}"
done

if [ -n "$python" ]; then
    "$python" - << 'END'
import csv
import gzip
import struct

for part, name in ("train", "train"), ("test", "t10k"):
    rows = [list(map(int, row)) for row in list(csv.reader(open(part + ".csv")))[1:]]
    with open(name + "-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4i", 0x803, len(rows), 28, 28))
        f.write(b"".join(bytes(row[1:]) for row in rows))
    with gzip.open(name + "-labels-idx1-ubyte.gz", "wb") as f:
        f.write(struct.pack(">2i", 0x801, len(rows)) + bytes(row[0] for row in rows))
END
    mp run small.txt --train train-images-idx3-ubyte --test t10k-images-idx3-ubyte -o runs/idx &&
        as_base idx
    ok "IDX with the same rows, labels found beside it: the same results"
    mkdir apart && mv t10k-labels-idx1-ubyte.gz apart/y && mv train-labels-idx1-ubyte.gz apart/x
    mp run small.txt --train train-images-idx3-ubyte --test t10k-images-idx3-ubyte \
        --train-labels apart/x --test-labels apart/y -o runs/idx2 && as_base idx2
    ok "IDX with labels elsewhere"
    mp predict runs/base/bundle.mnp t10k-images-idx3-ubyte -o p.csv && same_answers p.csv $want &&
        ! grep -q accuracy "$out" &&
        mp predict runs/base/bundle.mnp t10k-images-idx3-ubyte --labels apart/y -o p.csv &&
        same_answers p.csv $want && grep -q ^accuracy "$out"
    ok "predict from IDX, with and without labels"
else
    skip "IDX" "no python3"
fi

# A primal solver: the others draw by their place in the pipeline.
pipe "crop margin=6\nsvm solver=l2loss_primal" > crop.txt
mp run crop.txt -o runs/crop && mp export crop.txt -o c16 --format csv --bytes &&
    printf 'data train=c16/train.csv test=c16/test.csv\nsvm solver=l2loss_primal\n' > c16.txt &&
    mp run c16.txt &&
    same runs/crop/predictions.csv runs/c16/predictions.csv
ok "images of 16 x 16"
pipe "crop left=4 right=4 top=1\nhog cell=5\nsvm solver=l2loss_primal" > tall.txt
pipe "crop left=4 right=4 top=1" > rows.txt
mp run tall.txt && mp export rows.txt -o c27 --format csv --bytes
cat > c27.txt << 'END'
data train=c27/train.csv test=c27/test.csv size=27x20
hog cell=5
svm solver=l2loss_primal
END
mp run c27.txt && same runs/tall/predictions.csv runs/c27/predictions.csv &&
    mp predict runs/c27/bundle.mnp c27/test.csv -o p.csv && same p.csv runs/c27/predictions.csv
ok "size=HxW: images of 27 x 20"

awk -F, -v OFS=, 'NR > 1 { $1 = 3 + 97 * int($1 / 4) } 1' train.csv > odd.csv
awk -F, -v OFS=, 'NR > 1 { $1 = 3 + 97 * int($1 / 4) } 1' test.csv > oddtest.csv
mp run small.txt --train odd.csv --test oddtest.csv -o runs/odd &&
    equal "$(head -1 runs/odd/predictions.csv)" line,label,predicted,score_3,score_100,score_197 &&
    equal "$(echo $(answers runs/odd/predictions.csv | sed 1d | cut -d, -f1 | sort -un))" "3 100 197" &&
    equal "$(grep ^label runs/odd/svm.liblinear | sed 's/ *$//')" "label 3 100 197" &&
    mp predict runs/odd/bundle.mnp oddtest.csv -o p.csv && same p.csv runs/odd/predictions.csv
ok "labels that are not 0..9"
awk -F, 'NR == 1 || $1 == 0 || $1 == 1' train.csv > two.csv
awk -F, 'NR == 1 || $1 == 0 || $1 == 1' test.csv > twotest.csv
mp run small.txt --train two.csv --test twotest.csv -o runs/two &&
    grep -q '^accuracy \(100\|9[5-9]\)' "$out" &&
    mp predict runs/two/bundle.mnp twotest.csv -o p.csv && same p.csv runs/two/predictions.csv
ok "two classes"

# ------------------------------------------------------------ real clients

# NAME LINES [ARGUMENT...]: liblinear's own program agrees with us.
agrees() {
    local name="liblinear-predict agrees: $1"
    if ! command -v liblinear-predict > /dev/null; then
        skip "$name" "no liblinear-predict"
        return
    fi
    pipe "$2" > client.txt
    mp run client.txt -o runs/client "${@:3}" && mp export client.txt --format libsvm -o client "${@:3}" &&
        liblinear-predict client/test.libsvm runs/client/*.liblinear labels > /dev/null &&
        same labels <(answers runs/client/predictions.csv | sed 1d | cut -d, -f1)
    ok "$name"
    rm -rf runs/client client
}
pipe "zoning rows=4 columns=4\nselect keep=3\nsvm" > select.txt
mp run select.txt -o runs/select &&
    tr -s '\n ' ' ' < runs/select/report.txt | grep -q 'keeps 3 of 16 values.*the best are zoning\[y=[0-3],x=[0-3]\] [0-9.]*, '
ok "a report names the values that select found best"
agrees "svm on gradients" "deskew\nhog cell=7\nsvm C=0.1"
agrees "logistic on pixels" "pixels\nlogistic C=0.1"
agrees "crammer_singer without offset" \
    "pixels\npca components=30\nsvm solver=crammer_singer bias=-1"
agrees "dense solver" "pixels\nsvm C=0.1 solver=dense"
agrees "multinomial" "pixels\nlogistic C=0.1 solver=multinomial"
agrees "two classes, multinomial" "hog cell=7\nlogistic solver=multinomial" \
    --train two.csv --test twotest.csv
agrees "another bias" "pixels\nstandardize\nsvm bias=5"
agrees "two classes" "hog cell=7\nsvm" --train two.csv --test twotest.csv
agrees "other labels" "hog cell=7\nlogistic" --train odd.csv --test oddtest.csv
name="liblinear-predict agrees on the whole sample"
if command -v liblinear-predict > /dev/null; then
    mp export "$source/pipelines/hog_svm.txt" --format libsvm -o client &&
        liblinear-predict client/test.libsvm runs/hog_svm/svm.liblinear labels > /dev/null &&
        same labels <(answers runs/hog_svm/predictions.csv | sed 1d | cut -d, -f1)
    ok "$name"
else
    skip "$name" "no liblinear-predict"
fi

finish
