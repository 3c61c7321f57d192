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

# ------------------------------------------------------------ names of all kinds

# Rows of the sample under other names: what is learned is the same, whatever they are called.
mp run svm.txt -o digits --quiet
renamed() { # NAMES, one for each digit, with | between them: train and test under them
    for part in train test; do
        awk -F, -v OFS=, -v names="$1" 'BEGIN { split(names, name, "|") }
            NR > 1 { $1 = name[$1 + 1] } 1' $part.csv > n$part.csv
    done
}
# The same names in the same order give the same scores.
alike() { # NAMES, in their order
    renamed "$1" && mp run svm.txt --train ntrain.csv --test ntest.csv -o named --quiet &&
        equal "$(answers named/predictions.csv | sed 1d | cut -d, -f2-)" \
            "$(answers digits/predictions.csv | sed 1d | cut -d, -f2-)" scores
}
alike 'A|B|C|D|E|F|G|H|I|J' &&
    equal "$(head -1 named/predictions.csv)" \
        "line,label,predicted$(printf ',score_%s' A B C D E F G H I J)" &&
    grep -q '^ *J  *[0-9.]' named/report.txt && grep -q '>J</th>' named/report.html &&
    json named/report.json 'r["labels"] == list("ABCDEFGHIJ")'
ok "letters: in predictions, matrix, page and JSON"
mp info named/bundle.mnp && grep -q '^classes  10: A B C D E F G H I J$' "$out" &&
    mp predict named/bundle.mnp ntest.csv -o p.csv && same p.csv named/predictions.csv
ok "and in the bundle"
alike '-70|-3|0|1|12|255|256|70000|2147483648|99999999999' &&
    json named/report.json 'r["labels"] == [-70, -3, 0, 1, 12, 255, 256, 70000, 2147483648,
        99999999999]'
ok "negative and large numbers stay numbers in JSON, in order"
alike '-1|2|10|Zebra|apple pie|b<i>|it'"'"'s|naïve|x&y|あ' &&
    json named/report.json 'r["labels"][:3] == [-1, 2, 10] and r["labels"][3:] == ["Zebra",
        "apple pie", "b<i>", "it'"'"'s", "naïve", "x&y", "あ"]' &&
    grep -q 'b&lt;i&gt;' named/report.html && { [ -z "$python" ] ||
    "$python" -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("named/report.html")'; }
ok "whole numbers first, then texts byte by byte; pages stay well-formed"
renamed '"a,b"|"c ""d"""|e|f|g|h|i|j|k|l'
mp run svm.txt --train ntrain.csv --test ntest.csv -o named --quiet &&
    { [ -z "$python" ] || "$python" - << 'END'
import csv
rows = list(csv.DictReader(open("named/predictions.csv")))
assert set(r["predicted"] for r in rows) == set(["a,b", 'c "d"'] + list("efghijkl")), rows[0]
assert "score_a,b" in rows[0]
END
}
ok "commas and quotes"
awk -F, -v OFS=, 'NR > 1 { $1 = $1 ".0" } 1' train.csv > ntrain.csv
awk -F, -v OFS=, 'NR > 1 { $1 = sprintf("%03d", $1) } 1' test.csv > ntest.csv
mp run svm.txt --train ntrain.csv --test ntest.csv -o named --quiet &&
    same named/predictions.csv digits/predictions.csv
ok "7.0 and 007 are 7"

# --------------------------------------------------------------- classes=FILE

for digit in 0 1 2 3 4 5 6 7 8 9; do
    echo "$digit $((65 + digit)) $((97 + digit))"
done > letters.txt
mp run svm.txt --set data.classes=letters.txt -o lettered &&
    equal "$(flat "$err")" "warning: svm.txt: data: classes=letters.txt: names were taken for the \
numbers of letters: 65 97 is Aa (numbers in quotes are numbers) " &&
    json lettered/report.json 'r["labels"] == ["Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh", "Ii",
        "Jj"]' && rm letters.txt && mp predict lettered/bundle.mnp test.csv -o p.csv &&
    same p.csv lettered/predictions.csv && grep -q ^accuracy "$out"
ok "classes=FILE: the numbers of letters; the bundle takes the names along"
for digit in 9 8 7 6 5 4 3 2 1 0; do echo "$digit,\"no. $digit\""; done > names.csv
mp run svm.txt --set data.classes=names.csv -o named --quiet && silent &&
    json named/report.json 'r["labels"] == ["no. %d" % k for k in range(10)]'
ok "classes=FILE: names between commas, in quotes; the order is that of the labels"
wrong_map() { # NAME TEXT MESSAGE
    printf "$2" > map.txt
    ! mp run svm.txt --set data.classes=map.txt -o named &&
        equal "$(cat "$err")" "mnistpipe: svm.txt: data: classes=map.txt: $3"
    ok "classes=FILE: $1"
}
wrong_map "a label twice" '0 a\n0 b\n' "line 2: the label 0 stands twice"
wrong_map "a name twice" '0 a\n\n1 a\n' "line 3: the name a stands twice"
wrong_map "one word" '0 a\n1\n' "line 2: found one word, expected a label and a name"
wrong_map "nothing" '# names\n' 'found no line, expected "LABEL NAME" for each class'
wrong_map "no text" '\001\000\002' "is no text"

# ------------------------------------------------- predictions one can use

mp run svm.txt --test= -o held --quiet && { [ -z "$python" ] || "$python" - << 'END'
import csv
rows = list(csv.DictReader(open("held/predictions.csv")))
line = open("train.csv").read().splitlines()
assert rows and all(line[int(r["line"]) - 1].split(",")[0] == r["label"] for r in rows)
END
}
ok "after a holdout: the line of each row, and its label"
mp predict digits/bundle.mnp - -o p.csv < test.csv && same p.csv digits/predictions.csv
ok "- is standard input"
cut -d, -f2- test.csv | awk -F, -v OFS=, '{ print NR == 1 ? "id" : "r" NR * 7, $0 }' > ids.csv
mp predict digits/bundle.mnp ids.csv -o p.csv --quiet &&
    equal "$(sed -n '1p;3p' p.csv | cut -d, -f1-2)" "$(printf 'line,id\n3,r21')"
ok "rows with ids"
mp predict digits/bundle.mnp ids.csv --submission -o s.csv --quiet &&
    equal "$(sed -n '1p;3p' s.csv | cut -d, -f1)" "$(printf 'id\nr21')" &&
    equal "$(sed 1d s.csv | cut -d, -f2)" "$(answers digits/predictions.csv | sed 1d | cut -d, -f1)"
ok "a submission has their ids"
mp predict digits/bundle.mnp --submission Id,Digit test.csv -o s.csv --quiet &&
    equal "$(sed -n '1p;3p' s.csv | cut -d, -f1)" "$(printf 'Id\n2')" &&
    mp predict digits/bundle.mnp test.csv --submission=a,b -o s.csv --quiet &&
    equal "$(head -1 s.csv)" a,b
ok "and the header that is asked for"
mp predict digits/bundle.mnp test.csv ids.csv -o p.csv &&
    equal "$(head -1 p.csv | cut -d, -f1-5)" input,line,id,label,predicted &&
    equal "$(sed 1d p.csv | awk -F, '{ n[$1 " " ($3 != "") ($4 != "")]++ }
        END { for (k in n) print k, n[k] }' | sort)" "$(printf 'ids.csv 10 100\ntest.csv 01 100')" &&
    grep -q 'errors in 100 rows' "$out"
ok "several inputs: one file, which of them first; those with labels are scored"
mp predict digits/bundle.mnp test.csv --threshold 0.3 -o p.csv &&
    unsure=$(answers p.csv | grep -c '^unsure,') &&
    grep -q "^unsure   $unsure of 100 rows, below the threshold of 0.3" "$out" &&
    equal "$(answers p.csv | sed 1d | awk -F, '{ a = b = -1e9
        for (i = 2; i <= NF; i++) if ($i > a) { b = a; a = $i } else if ($i > b) b = $i
        n += a - b < 0.3 } END { print n }')" "$unsure" && [ "$unsure" -gt 0 ]
ok "--threshold: of margins the lead of the first over the second"
mp predict digits/bundle.mnp test.csv --wrong wrong -o p.csv &&
    errors=$(answers p.csv | cut -d, -f1 | paste -d, <(cut -d, -f1 test.csv) - | sed 1d |
        awk -F, '$1 != $2' | wc -l) && equal "$(ls wrong | wc -l)" "$errors" &&
    [ "$errors" -gt 0 ] && first=$(ls wrong | head -1) && line=${first##*_} line=${line%.png} &&
    equal "${first%%_*}" "$(sed -n "${line}p" test.csv | cut -d, -f1)" &&
    mp predict digits/bundle.mnp wrong -o w.csv --quiet &&
    equal "$(answers w.csv | sed 1d)" "$(for file in wrong/*; do line=${file##*_}
        answers p.csv | sed -n "${line%.png}p"; done)"
ok "--wrong: the wrong images, named by truth and prediction; they read back the same"
mp predict digits/bundle.mnp test.csv --json &&
    cp "$out" p.json && { [ -z "$python" ] || "$python" - << 'END'
import csv, json
o = json.load(open("p.json"))
rows = list(csv.DictReader(open("digits/predictions.csv")))
assert o["inputs"] == [{"data": "test.csv", "rows": 100}] and len(o["rows"]) == 100
for a, b in zip(o["rows"], rows):
    assert (a["line"], a["label"], a["predicted"]) == tuple(int(b[k]) for k in
                                                           ("line", "label", "predicted"))
    assert all(abs(s - float(b["score_%d" % k])) < 1e-6 for k, s in enumerate(a["scores"]))
assert o["test"]["errors"] == sum(r["label"] != r["predicted"] for r in o["rows"])
END
}
ok "--json: the same rows, and the score"
usage() { # NAME MESSAGE ARGUMENT...
    mp predict digits/bundle.mnp test.csv "${@:3}" -o u.csv
    [ $? = 2 ] && grep -qF -e "$2" "$err"
    ok "$1"
}
usage "--json and --submission" "one file has one form" --json --submission
usage "a header of one name" "expected two names such as id,label" --submission=id
usage "--labels of two inputs" "--labels goes with one input, found 2" test.csv --labels l
! mp predict digits/bundle.mnp ids.csv --wrong none -o u.csv &&
    grep -q "has no labels, so nothing tells which rows are wrong" "$err" && [ ! -e u.csv ] &&
    [ ! -e none ]
ok "--wrong of rows without labels"

# -------------------------------------------------------------- weights of classes

awk -F, 'NR == 1 || $1 < 2 || ($1 == 2 && n++ < 5)' train.csv > rare.csv
rare=$(awk -F, 'NR > 1 { n[$1]++; all++ } END { for (k = 0; k < 3; k++)
    printf "%d:%.17g,", k, all / (3 * n[k]) }' rare.csv)
rare=${rare%,}
printf 'data train=rare.csv test=test.csv\npixels\nlogistic C=0.01\n' > logistic.txt
printf 'data train=rare.csv test=test.csv\nnet epochs=2 batch=16\n    dense units=8\n' > net.txt
weigh() { mp run $model.txt --train rare.csv --test test.csv --quiet "$@"; }
printf 'data train=rare.csv test=test.csv\npixels\nridge ridge=0.1\n' > ridge.txt
printf 'data train=rare.csv test=test.csv\nstack folds=2\n  branch\n    ridge\n  branch\n    svm\n' \
    > stack.txt
for model in svm logistic net ridge stack; do
    weigh --set $model.weights=balanced -o one && weigh -o none &&
        weigh --set "$model.weights=$rare" -o two &&
        same one/predictions.csv two/predictions.csv &&
        ! cmp -s one/predictions.csv none/predictions.csv
    ok "$model weights=balanced: n / (k m) for m of n rows in k classes"
done
! mp run net.txt --set net.weights=5:2 -o one && equal "$(tail -1 "$err")" \
    "mnistpipe: net.txt:2: net: weights=5:2: label 5 does not occur in the training rows"
ok "a weight for a label that is not there"
! mp run ridge.txt --set ridge.weights=1:0 -o one && equal "$(tail -1 "$err")" \
    "mnistpipe: ridge.txt:3: ridge: weights=1:0: expected balanced or LABEL:WEIGHT,... with weights above 0, 1e9 at most"
ok "a weight of zero"
! mp run ridge.txt --set ridge.weights=1:2,0:3,1:4 -o one && equal "$(tail -1 "$err")" \
    "mnistpipe: ridge.txt:3: ridge: weights=1:2,0:3,1:4: label 1 is given twice"
ok "two weights for a label"
renamed 'A|B|C|D|E|F|G|H|I|J'
mp run svm.txt --train ntrain.csv --test ntest.csv --set svm.weights=C:3,J:0.5 -o one --quiet &&
    mp run svm.txt --set svm.weights=2:3,9:0.5 -o two --quiet &&
    equal "$(answers one/predictions.csv | cut -d, -f2- | sed 1d)" \
        "$(answers two/predictions.csv | cut -d, -f2- | sed 1d)"
ok "weights by name"
renamed 'a|b|c:3|d|e|f|g|h|i|j:0.5'
mp run svm.txt --train ntrain.csv --test ntest.csv --set svm.weights=c:3:3,j:0.5:0.5 -o three \
    --quiet && equal "$(answers three/predictions.csv | cut -d, -f2- | sed 1d)" \
        "$(answers two/predictions.csv | cut -d, -f2- | sed 1d)"
ok "names that have colons"

# ------------------------------------------------------------------- many classes

# 300 classes, of which each has an image of its own, and noise.
many() { # SEED ROWS
    awk -v seed="$1" -v rows="$2" 'BEGIN { srand(7)
        for (k = 0; k < 300; k++) for (i = 0; i < 36; i++) mean[k, i] = int(rand() * 200)
        printf "label"; for (i = 0; i < 36; i++) printf ",pixel%d", i; print ""
        srand(seed)
        for (r = 0; r < rows; r++) for (k = 0; k < 300; k++) { printf "class %d", k
            for (i = 0; i < 36; i++) printf ",%d", mean[k, i] + int(rand() * 50); print "" } }'
}
many 1 4 > many.csv
many 2 1 > manytest.csv
for model in 'svm' 'svm solver=dense' 'logistic' 'logistic solver=multinomial' 'ridge' \
    'svm\ncalibrate' 'vote by=majority\n  branch\n    ridge\n  branch\n    svm'; do
    printf "data train=many.csv test=manytest.csv\npixels\n$model\n" > many.txt
    mp run many.txt -o many && grep -q '^accuracy \(9[5-9]\|100\)' "$out" &&
        mp predict many/bundle.mnp manytest.csv -o p.csv --quiet && same p.csv many/predictions.csv
    ok "300 classes: ${model//\\n/, }"
done
json many/report.json 'len(t["classes"]) == 300 and t["confusion"] is None and
    sum(m["rows"] for m in t["mistakes"]) == t["errors"]' &&
    mp export many.txt -o tables --format idx --quiet &&
    equal "$(sed -n '1p;300p' tables/train.classes.txt)" "$(printf '0 class 0\n299 class 99')" &&
    [ -e tables/train-labels-idx1-int ]
ok "300 classes: JSON, and a table of numbers that says which is which"

finish
