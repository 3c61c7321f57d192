#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# forms.sh - files that are not what they seem: every command that reads rows says what it takes
# them for, and the data line or an option says otherwise.
. "$(dirname "$0")/lib.bash"

rows train 300 > train.csv
rows test 100 > test.csv
printf 'data train=train.csv test=test.csv\npixels\nsvm C=0.01\n' > svm.txt
plain() { sed 1d "$1"; } # FILE: its rows
numbers() { seq -s, 0 "$1"; } # N: a header 0,1,2 ... N
last_label() { sed -E 's/^([^,]*),(.*)$/\2,\1/' "$1"; } # FILE: the label behind the pixels
flat() { tr -s ' \n' ' ' < "$1"; } # FILE: in one line, as its lines may be broken anywhere
label_first='label=first says that it is the label'
accuracy() { grep ^accuracy "$out" | cut -d' ' -f2; }
# The last command said this, and no more, of what it had taken the rows for.
said() {
    local texts
    texts=$(grep "^warning: " "$err" | grep -v "replaces the run of" | sed "s/^warning: //")
    equal "$texts" "$1"
}

mp run svm.txt -o base && said "" && base=$(accuracy) && bundle=base/bundle.mnp &&
    mp predict $bundle test.csv --submission -o base.csv && said ""
ok "rows that are what they seem get no remark"

# ------------------------------------------------------------------- headers
{ numbers 784; plain train.csv; } > counted.csv
mp run svm.txt --train counted.csv --test test.csv -o o &&
    said "counted.csv: line 1 counts its columns: it was taken for a header, not for an image" &&
    grep -q '^train *300 rows' "$out" && same_answers o/predictions.csv base/predictions.csv &&
    tr -s ' \n' ' ' < o/report.txt | grep -q 'warning counted.csv: line 1 counts its columns' &&
    grep -q 'counted.csv: line 1 counts its columns' o/report.json &&
    grep -q 'counted.csv: line 1 counts its columns' o/report.html
ok "a header that counts is no image, and the reports say so"
{ numbers 783; plain test.csv | cut -d, -f2-; } > counted.csv
mp predict $bundle counted.csv --submission -o s.csv && same s.csv base.csv &&
    said "counted.csv: line 1 counts its columns: it was taken for a header, not for an image"
ok "nor does it shift a submission by a row"
order=1,$(for i in $(seq 0 783); do echo "pixel$i $((i + 2))"; done | sort | cut -d' ' -f2 |
    paste -sd,)
awk -F, -v order="$order" 'BEGIN { n = split(order, k) }
    { for (i = 1; i <= n; i++) printf "%s%s", $k[i], i < n ? "," : "\n" }' test.csv > sorted.csv
mp predict $bundle sorted.csv --submission -o s.csv && same s.csv base.csv &&
    said "sorted.csv: line 1 has pixel109 before pixel11: columns were put into the order of their \
numbers"
ok "columns in the alphabet's order are put right"

# --------------------------------------------------------------------- labels
last_label train.csv | sed 1d > last.csv
ends="column 785, the last, was taken for the label (10 values, 0..9), as the first looks like a \
pixel; label=first says otherwise"
mp run svm.txt --train last.csv --test test.csv -o o && said "last.csv: $ends" &&
    same_answers o/predictions.csv base/predictions.csv && flat o/report.txt | grep -qF "$ends"
ok "labels in the last column are found there, and the report says so"
last_label test.csv | sed '1d; 4q' > three.csv
mp predict o/bundle.mnp three.csv -o s.csv && said "" && grep -q accuracy "$out"
ok "what was found once is not guessed again: three rows alone would not tell"
last_label test.csv | sed 1d > lasttest.csv
mp run svm.txt --train last.csv --test lasttest.csv --set data.label=last -o o && said "" &&
    same_answers o/predictions.csv base/predictions.csv && equal "$(accuracy)" "$base"
ok "label=last takes them"
mp predict o/bundle.mnp lasttest.csv -o s.csv && same_answers s.csv base/predictions.csv
ok "and the bundle remembers it"
plain test.csv | cut -d, -f2- > blind.csv
mp predict o/bundle.mnp blind.csv -o s.csv && same_answers s.csv base/predictions.csv &&
    ! grep -q accuracy "$out" && mp predict $bundle lasttest.csv --label last -o s.csv &&
    same_answers s.csv base/predictions.csv && equal "$(accuracy)" "$base"
ok "rows without labels need none; --label says where they are"
plain test.csv | cut -d, -f2- | awk '{ print NR - 1 "," $0 }' > index.csv
mp predict $bundle index.csv -o s.csv && same_answers s.csv base/predictions.csv &&
    ! grep -q accuracy "$out" &&
    said "index.csv: column 1 counts the rows: it was left out ($label_first)"
ok "a number of the row is neither label nor pixel"
awk -F, -v OFS=, '{ print NR == 1 ? "id,set" : "r" NR ",test", $0 }' test.csv > extra.csv
mp predict $bundle extra.csv --ignore set -o s2.csv && said ""
ok "ignore=set leaves a column out"
! mp predict $bundle extra.csv -o never.csv && equal "$(cat "$err")" "mnistpipe: extra.csv: column \
2 (set) has words, which are no pixels; label=... says that it is the label, ignore=... leaves it out"
ok "without it the column is named"
awk -F, '$1 == 3' train.csv > three.csv
! mp run svm.txt --train three.csv --test test.csv -o never && equal "$(cat "$err")" "mnistpipe: \
three.csv: every row has the label 3; a model needs rows of two classes at least (label=last and \
the like say which column is the label)"
ok "one class alone is an error of the training file"

# scikit-learn's digits, as it brings them: 8 x 8, 0..16, the class last, no header.
digits=$("${python:-false}" -c 'import os, sklearn.datasets as d
print(os.path.join(os.path.dirname(d.__file__), "data", "digits.csv.gz"))' 2> /dev/null)
if [ -r "$digits" ]; then
    ln -s "$digits" digits.csv.gz
    printf 'data train=digits.csv.gz range=16\npixels\nsvm C=0.1\n' > digits.txt
    mp run digits.txt -o o && said "digits.csv.gz: column 65, the last, was taken for the label (10 \
values, 0..9), as the first looks like a pixel; label=first says otherwise" &&
        awk -v a="$(accuracy)" 'BEGIN { exit !(a > 94) }' && grep -q '^train *1438 rows' "$out"
    ok "scikit-learn's digits"
else
    skip "scikit-learn's digits" "they are not here"
fi

# ------------------------------------------------------ labels of their own
cut -d, -f2- train.csv > pixels.csv
labels() { cut -d, -f1 train.csv; }
labels | sed 1d > numbers
{
    seq 0 9 | paste -sd' '
    sed 's/.*/& 0 1/' numbers | awk '{ for (i = 0; i < 10; i++) printf "%d ", i == $1; print "" }'
} > onehot
labels | sed 's/$/.0/; 1s/.*/"0"/' > series # as pandas writes a nameless column of reals
labels | sed 's/.*/"&"/' | awk '{ print (NR == 1 ? "id" : NR) ";" $0 }' > beside
sed 's/$/\t1\t2\t3\t4\t5\t6\t7/' numbers > eight
column='column 1 was taken for the label'
for file in numbers series beside "onehot:columns with a single 1 in each row were taken for labels \
0 to 9" "eight:$column"; do
    name=${file%%:*} remark=${file#"$name"}
    mp run svm.txt --train pixels.csv --train-labels $name --test test.csv -o o &&
        said "${remark:+$name: ${remark#:}}" && same o/predictions.csv base/predictions.csv
    ok "labels in a table of their own: $name"
done
sed 1d numbers > short
! mp run svm.txt --train pixels.csv --train-labels short --test test.csv -o never && equal \
    "$(cat "$err")" "mnistpipe: short: found 299 labels, expected 300 as there are rows in pixels.csv"
ok "a label too few"
sed 's/$/,4/' numbers > pair
! mp run svm.txt --train pixels.csv --train-labels pair --test test.csv -o never && equal \
    "$(cat "$err")" "mnistpipe: pair: found 2 columns, expected one of labels, or one that is called \
label"
ok "two columns, neither of which is called label"

# ---------------------------------------------------------------- grey levels
scaled() { # FILE: values 0..16
    awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = int($i * 16 / 255 + 0.5) } 1' "$1"
}
scaled train.csv > train16.csv
scaled test.csv > test16.csv
sixteen='no value is above 16, and 255 is black: the images are nearly white; were they meant as '\
'0..16? range=16 reads them so'
pair="--train train16.csv --test test16.csv"
for command in "run svm.txt $pair -o o" "check svm.txt $pair" "compare svm.txt $pair -o c" \
    "ablate svm.txt $pair -o a" "search svm.txt $pair --set svm.C={0.1,1} -o f" \
    "inspect train16.csv --quick"; do
    mp $command
    [ "${command%% *}" = inspect ] || : > "$out"
    found=$(cat "$err" <(flat "$out") | grep -o 'train16.csv: no value.*reads them so' | sort -u)
    equal "$found" "train16.csv: $sixteen"
    ok "${command%% *} says that the images are nearly white"
done
mp predict $bundle test16.csv -o s.csv &&
    said "test16.csv: values reach 16, those of the training rows 255; range=16 reads 0..16 as \
0..255"
ok "predict knows what values it has learned from"
mp run svm.txt $pair --set data.range=16 -o o && said "" && sixteenth=$(accuracy) &&
    mp predict o/bundle.mnp test16.csv -o s.csv && said "" && same s.csv o/predictions.csv &&
    mp predict $bundle test16.csv --range 16 -o s.csv && said ""
ok "range=16 reads them, and the bundle remembers it"
awk -v a="${base}" -v b="$sixteenth" 'BEGIN { exit !(a - b < 3 && b - a < 3) }' ||
    equal "$sixteenth" "about $base"
ok "with it the model is as good as on 0..255"
! mp predict o/bundle.mnp test.csv -o s.csv &&
    grep -qE '^mnistpipe: test.csv: line [0-9]+: a pixel has the value [0-9]+, above range=0..16$' \
        "$err"
ok "values above the range are refused"
inverted() { awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = 255 - $i } 1' "$1"; }
inverted train.csv > dark.csv
inverted test.csv > darktest.csv
swapped='the outermost pixels have 255 of 255 on the average, those of the training rows 0: ink '\
'and paper may be swapped'
mp predict $bundle darktest.csv -o s.csv && said "darktest.csv: $swapped" &&
    mp run svm.txt --test darktest.csv -o o && said "darktest.csv: $swapped"
ok "new rows whose ink is the paper of those learned from"
mp run svm.txt --train dark.csv --test darktest.csv -o o && said "dark.csv: the outermost pixels \
are mostly ink (255 of 255 on the average): white on black? the stage \`invert\` turns that round"
ok "training rows that are mostly ink"
sed 2iinvert svm.txt > invert.txt
mp run invert.txt --train dark.csv --test darktest.csv -o o && said "" &&
    same <(answers o/predictions.csv | cut -d, -f1) <(answers base/predictions.csv | cut -d, -f1)
ok "no remark where the pipeline turns them round"
awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = 0 } 1' train.csv > blank.csv
mp run svm.txt --train blank.csv --set data.test= -o o
grep -qx 'warning: blank.csv: every pixel has the value 0' "$err"
ok "blank images"

# ----------------------------------------------------------------- whose test
{ head -1 train.csv; tail -n +101 train.csv; } > part.csv
left="other training rows than the pipeline's: its test, test.csv, is left out (--test FILE names \
one)"
for command in "run svm.txt --train part.csv -o part" "run svm.txt --set data.train=part.csv -o o" \
    "check svm.txt --train part.csv" "compare svm.txt --train part.csv -o c" \
    "ablate svm.txt --train part.csv -o a" \
    "search svm.txt --train part.csv --set svm.C={0.1,1} -o f" \
    "export svm.txt --train part.csv --format csv -o e"; do
    mp $command && said "$left"
    ok "${command%% -o*}: the pipeline's test is of other rows"
done
grep -q '"split": "stratified holdout of the training rows"' part/report.json &&
    grep -q "its test, test.csv, is left out" part/report.json part/report.html &&
    same part/predictions.csv o/predictions.csv
ok "a part of the training rows is held out, and the report says why"
mp run svm.txt --train part.csv --test test.csv -o o && said "" &&
    mp run svm.txt --train train.csv -o o && said "" && same_answers o/predictions.csv base/predictions.csv
ok "nothing is left out where --test names it, or the rows are the pipeline's own"

# ----------------------------------------------------------- what few rows tell
no_nan() { ! grep -iqE '(^|[^a-z])-?(nan|inf)([^a-z]|$)' "$@"; } # FILE...
awk -F, 'NR == 1 || $1 < 3 || ($1 == 9 && !n++)' train.csv > rare.csv
sed 's/train.csv test=test.csv/rare.csv/' svm.txt > rare.txt
mp run rare.txt -o o && said "label 9 has one row: the holdout tests none of it" &&
    flat "$out" | grep -q 'macro F1 [0-9.]* (rows of 3 of 4 classes)' &&
    grep -q '"tested_classes": 3' o/report.json && grep -q 'rows of 3 of 4 classes' o/report.html &&
    no_nan o/report.txt o/report.json o/report.html
ok "a class that the holdout has no row of"
for command in "compare rare.txt -o c" "ablate rare.txt -o a"; do
    mp $command && no_nan "$out" "${command##* }"/*.{txt,md,csv,json,html}
    ok "${command%% *}: no number that is none"
done
head -1 train.csv | cut -d, -f1,2 > bits.csv
for i in $(seq 20); do printf '0,20\n1,200\n' >> bits.csv; done
printf 'data train=bits.csv\npixels\nsvm\n' > bits.txt
mp run bits.txt -o o && flat "$out" |
    grep -q 'without the test rows that training has too no test row is left' &&
    grep -q '"accuracy_without_them": null' o/report.json && no_nan o/report.txt o/report.html
ok "all test rows are also training rows"
head -2 test.csv > one.csv
mp run svm.txt --test one.csv -o o && no_nan o/report.txt o/report.json o/report.html "$out" &&
    mp run svm.txt --test one.csv -o o --verbose && no_nan "$out"
ok "one test row: a share of nothing is no number"
awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = i % 256 } 1' train.csv > equal.csv
mp inspect equal.csv --near 0 && flat "$out" | grep -qE 'labels not checked: the model is right on '\
'[0-9]+ % only, and the most frequent label is on [0-9]+ %' &&
    grep -q "^remark: equal.csv: all 300 images are the same" "$out"
ok "inspect: a model that knows nothing doubts nothing"
awk -F, 'NR == 1 || $1 != 9 || n++ < 3' train.csv > three.csv
mp inspect three.csv --near 0 --json && grep -q '"too_few": 3,' "$out" &&
    ! grep -q '"looks_like": 9,' "$out" && mp inspect three.csv --near 0 &&
    flat "$out" | grep -q '3 rows are of classes with too few rows to be judged'
ok "rows of a class with three of them are not judged"

# ------------------------------------------------- a bundle of the program before
[ -z "$python" ] || "$python" - $bundle old.mnp << 'END'
import struct
import sys
import zlib
b = open(sys.argv[1], "rb").read()
p = b[32:b.index(b"\5label") - 26] # without the section "rows"
h = b[:16] + struct.pack("<QI", len(p), zlib.crc32(p))
open(sys.argv[2], "wb").write(h + struct.pack("<I", zlib.crc32(h)) + p)
END
if [ -z "$python" ]; then
    skip "a bundle that knows nothing of its rows" "no python3"
else
    mp predict old.mnp test.csv -o s.csv && said "" && same_answers s.csv base/predictions.csv &&
        mp predict old.mnp test16.csv -o s.csv && said "test16.csv: $sixteen"
    ok "a bundle that knows nothing of its rows is read"
fi
finish
