#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# inspect.sh - `inspect` on files of which we know what is wrong with them: 37 training rows
# in the test file, 5 more slightly changed, 20 wrong labels; then on other files, and on
# files that it cannot read.
. "$(dirname "$0")/lib.bash"

gzip -dc "$data/train.csv.gz" > whole.csv
gzip -dc "$data/test.csv.gz" > whole-test.csv

# ------------------------------------------------------------------ planted

# Every 300th row gets another label: 20 of them, each digit's turn.
awk -F, -v OFS=, '
NR > 1 && (NR - 2) % 300 == 7 {
    $1 = ($1 + 1 + int(NR / 300) % 9) % 10
    print NR > "wrong"
}
1' whole.csv > train.csv
# Rows of the training file in place of test rows.
awk -F, -v OFS=, '
BEGIN { n = d = 0 }
NR == FNR { if (FNR % 160 == 5) row[n++] = $0; next }
FNR > 1 && (FNR - 2) % 25 == 3 && d < 37 { print row[d++]; print FNR > "planted"; next }
1' whole.csv whole-test.csv > equal.csv
# Five more, each changed in another way: 9 to 12 levels up or down; moved by a pixel; paler;
# eight pixels very different; smeared downwards.
awk -F, -v OFS=, '
BEGIN { n = d = 0 }
NR == FNR { if (FNR % 1100 == 50) row[n++] = $0; next }
FNR > 1 && (FNR - 2) % 150 == 11 && d < 5 {
    m = split(row[d], v, ",")
    line = v[1]
    for (i = 2; i <= m; i++) {
        p = v[i]
        if (d == 0 && p > 0) p = p > 240 ? p - 12 : p + 9
        if (d == 1) p = i > 2 ? v[i - 1] : 0
        if (d == 2) p = int(p * 0.8)
        if (d == 3 && i % 97 == 0) p = p > 128 ? p - 90 : p + 60
        if (d == 4 && p > 0) p = int(p * 7 / 8 + (i > 29 ? v[i - 28] : 0) / 8)
        line = line "," p
    }
    print line
    print FNR > "near"
    d++
    next
}
1' whole.csv equal.csv > test.csv

equal "$(cat wrong planted near | wc -l)" 62 "rows changed"
ok "the files are as intended"

mp inspect train.csv test.csv --list 1000 -o page.html
ok "inspect reads both"
equal "$(sed -n 's/.* = test line \([0-9]*\) .*/\1/p' "$out" | sort -n)" "$(cat planted)"
ok "all 37 test rows that are training rows are found, and no others"
flat "$out" | grep -q ' overlap: 37 of 1000 test rows are also training rows: what a model remembers '\
'of them is no evidence that it has learned; remembering alone can bring up to 3.70 points of accuracy'
ok "and it is said what that does to a score"
equal "$(sed -n 's/^    0\.[0-9]*  training .* ~ test line \([0-9]*\) .*/\1/p' "$out" | sort -n)" \
    "$(cat near)" && grep -q '^ *5 more test rows are nearly the same as a training row$' "$out"
ok "all 5 that were slightly changed are found, and no others"
sed -n 's/^    training line \([0-9]*\) *labelled.*/\1/p' "$out" > suspects
found=$(grep -cxFf wrong suspects)
first=$(head -20 suspects | grep -cxFf wrong)
echo "# $found of the 20 wrong labels are suspect, $first of them among the first 20 of" \
    "$(wc -l < suspects)"
[ "$found" -ge 17 ] && [ "$first" -ge 15 ] && [ "$(wc -l < suspects)" -le 60 ]
ok "at least 17 of the 20 wrong labels are suspect, 15 of them among the first 20"
equal "$(sed 's/ *$//' "$out" | sed -n 4,13p)" "\
                               training             test
rows                               6000             1000
image                           28 x 28          28 x 28
values                         0 .. 255         0 .. 255
mean, deviation          0.1311, 0.3087   0.1319, 0.3098
constant pixels              125 of 784       186 of 784
blank images                          0                0
repeated images                       0                0
  labelled two ways                   0                0
with a near duplicate                 0                0"
ok "the overview"
cp "$out" two && cp page.html two.html
mp inspect train.csv test.csv --list 1000 -o page.html --threads 1 &&
    same "$out" two && same page.html two.html
ok "one thread gives the same bytes, text and page"
! grep -qE '(src|href)="(https?:|//|file:)' page.html &&
    grep -q 'data:image/png;base64,' page.html &&
    equal "$(grep -o '<section id="[a-z]*"' page.html | cut -d'"' -f2 | tr '\n' ' ')" \
        "values labels suspects equal near "
ok "the page has its sections, and holds its pictures itself"

printf 'data train=train.csv test=test.csv\nresize width=7 height=7\npixels\nsvm C=0.1\n' > t.txt
mp run t.txt -o run && grep -q '^warning: 37 of 1000 test rows are also training rows: ' "$err" &&
    grep -q '^warning  37 of 1000 test rows are also training rows: ' "$out" &&
    grep -q '^without the 37 test rows that training has too: accuracy [0-9.]* %$' "$out" &&
    grep -q '"in_training": 37,$' run/report.json &&
    grep -q '"accuracy_without_them": 0\.' run/report.json
ok "run warns, and reports the accuracy without them"

# ------------------------------------------------------------- other files

head -400 whole.csv | cut -d, -f2- > bare.csv
mp inspect bare.csv && grep -q '^labels not checked: there are none$' "$out" &&
    ! grep -q '^rows by label' "$out"
ok "rows without labels"
{ head -61 whole.csv; sed -n '2,4p;3p' whole.csv; sed -n 5p whole.csv | sed 's/^[0-9]*/8/'
  awk 'BEGIN { printf 1; for (i = 0; i < 784; i++) printf ",0"; print "" }'
  awk 'BEGIN { printf 1; for (i = 0; i < 784; i++) printf ",9"; print "" }'; } > odd.csv
mp inspect odd.csv --quick && grep -q '^repeated images  *5$' "$out" &&
    grep -q '^blank images  *2$' "$out" && grep -q '^  labelled two ways  *1$' "$out" &&
    grep -qE '^    line 3 \(.\) = line 63 \(.\) = line 64 \(.\)$' "$out" &&
    grep -q '^labels not checked: --quick leaves that out$' "$out"
ok "blank images, repeated ones, the same image with two labels"
awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = 255 - $i } 1' odd.csv > white.csv
mp inspect white.csv --quick &&
    grep -q 'remark: white.csv: the outermost pixels are mostly ink ' "$out"
ok "white on black is remarked upon"
awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = $i > 127 } 1' odd.csv > bits.csv
mp inspect bits.csv --quick &&
    grep -q 'remark: bits.csv: no value is above 1, and 255 is black: ' "$out"
ok "so are values that end at 1"
awk -F, 'NR == 1 || $1 == 3' whole.csv | head -40 > three.csv
mp inspect three.csv &&
    flat "$out" |
    grep -q 'labels not checked: all rows have the same label; to learn from them takes two'
ok "one class only: everything else is told"
mp inspect three.csv odd.csv --quick &&
    flat "$out" | grep -q 'remark: odd.csv: label 0 does not occur in the training rows, so no model '\
'can learn it'
ok "a label that training lacks"
head -7 whole.csv > few.csv
mp inspect few.csv --folds 10 &&
    grep -qx 'labels not checked: 10 folds need at least as many rows, found 6' "$out"
ok "more folds than rows"
printf 'deskew\npixels\nsvm C=0.1\n' > mine.txt
mp inspect odd.csv --pipeline mine.txt --folds 2 --near 0 --json && ! grep -q not_checked "$out" &&
    grep -qF '"pipeline": "deskew\npixels\nsvm C=0.1\n"' "$out"
ok "a pipeline of the user's, and JSON"
if [ -n "$python" ]; then
    mp inspect train.csv test.csv --quick --json && "$python" - "$out" << 'END'
import json
import sys

o = json.load(open(sys.argv[1]))
assert [f["rows"] for f in o["files"]] == [6000, 1000]
assert sum(o["files"][0]["levels"]) == 6000 * 784
assert o["test_in_training"]["rows"] == len(o["test_in_training"]["pairs"]) == 37
assert o["test_in_training"]["near_rows"] == len(o["near_duplicates"]["pairs"]) == 5
assert len(o["duplicates"]) == 37 and sum(o["files"][1]["labels"].values()) == 1000
END
    ok "JSON has all of it"
else
    skip "JSON has all of it" "no python3"
fi

# ------------------------------------------------------------------ refused

# NAME STATUS TEXT ARGUMENT...
refuses() {
    local name=$1 status=$2 text=$3
    shift 3
    mp inspect "$@"
    equal $? "$status" status && equal "$(cat "$err")" "mnistpipe: $text" && [ ! -s "$out" ]
    ok "$name"
}
refuses "no file named" 2 \
    "inspect: expected a file of rows, or training and test rows, found 0 arguments"
refuses "a file that is not there" 1 "none.csv: cannot read: No such file or directory" none.csv
refuses "a second file that is not there" 1 "none.csv: cannot read: No such file or directory" \
    few.csv none.csv
head -3 bare.csv | cut -d, -f1-100 > small.csv
refuses "images of two sizes" 1 \
    "small.csv: images are 10 x 10, but those of the first file are 28 x 28" few.csv small.csv
refuses "one fold" 2 "--folds=1: out of range (whole number 2..100 folds)" few.csv --folds 1
refuses "a page over the rows" 1 \
    "few.csv: is what is read (few.csv); it would be overwritten" few.csv -o few.csv
printf 'deskew\npixels\nsvn\n' > bad.txt
refuses "a pipeline that is wrong" 1 'bad.txt:3: svn: no such stage; did you mean "svm"?' \
    odd.csv --pipeline bad.txt --near 0
printf 'deskew\npixels\n' > bad.txt
refuses "a pipeline without a model" 1 "bad.txt: has no model, so it gives no scores" odd.csv \
    --pipeline bad.txt --near 0
refuses "a page that cannot be written" 1 \
    "none/page.html: cannot write: No such file or directory" few.csv --quick -o none/page.html

# A model that is right on three rows of four, as on harder sets, has less reason to doubt the rest.
printf 'resize width=5 height=5\npixels\nsvm C=0.1\n' > coarse.txt
mp inspect train.csv --pipeline coarse.txt --near 0 --list 5000 &&
    sed -n 's/^    line \([0-9]*\) *labelled.*/\1/p' "$out" > suspects &&
    doubted=$(flat "$out" | sed -n 's/.*another label for \([0-9]*\) of.*/\1/p') &&
    echo "# $(grep -cxFf wrong suspects) among $(wc -l < suspects) suspects of $doubted doubted" &&
    [ "$(grep -cxFf wrong suspects)" -ge 14 ] && [ $((2 * $(wc -l < suspects))) -le "$doubted" ]
ok "of a coarse model most doubts are no suspicion"

finish
