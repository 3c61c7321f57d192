#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# lying.sh - rows that lie on their side, beside those that a model has learned from.
. "$(dirname "$0")/lib.bash"

# Rows of stdin, each image so that `orient` with WAY puts it right.
lay() { # WAY
    awk -F, -v OFS=, -v way="$1" 'NR == 1 { print; next }
    {
        out = $1
        for (y = 0; y < 28; y++)
            for (x = 0; x < 28; x++) {
                if (way == "turn=90") { a = x; b = 27 - y }
                else if (way == "turn=180") { a = 27 - y; b = 27 - x }
                else if (way == "turn=270") { a = 27 - x; b = y }
                else if (way == "flip=horizontal") { a = y; b = 27 - x }
                else if (way == "flip=vertical") { a = 27 - y; b = x }
                else if (way == "transpose=yes") { a = x; b = y }
                else { a = 27 - x; b = 27 - y }
                out = out OFS $(2 + 28 * a + b)
            }
        print out
    }'
}
rows train 2000 > train.csv
rows test 200 > test.csv
cut -d, -f2- test.csv > new.csv
printf 'hog cell=7\nsvm\n' > p.txt
mp run p.txt --train train.csv --test test.csv -o run && silent && mp predict run/bundle.mnp test.csv &&
    silent && mp predict run/bundle.mnp new.csv && silent
ok "rows as they were trained on: not a word"

said() { # FILE WHAT WAY
    equal "$(cat "$err")" "warning: $1: the rows seem to lie otherwise than those that were trained \
on: the model $2 after \`orient $3\`"
}
for way in turn=90 turn=180 turn=270 flip=horizontal flip=vertical transpose=yes \
    "transpose=yes turn=180"; do
    lay "$way" < test.csv > side.csv
    cut -d, -f2- side.csv > unlabelled.csv
    mp predict run/bundle.mnp unlabelled.csv && said unlabelled.csv "is surer of them" "$way" &&
        mp predict run/bundle.mnp side.csv &&
        said side.csv "is right about far more of them" "$way"
    ok "orient $way puts them right, whether they have labels or not"
done

lay transpose=yes < test.csv > side.csv
mp run p.txt --train train.csv --test side.csv -o other &&
    said side.csv "is right about far more of them" "transpose=yes" &&
    grep -q "seem to lie otherwise" other/report.html && grep -q "seem to lie otherwise" other/report.json
ok "run says it of its test rows, in the report and on the page, too"

mp inspect train.csv side.csv && flat "$out" | grep -q "remark: side.csv: the rows seem to lie \
otherwise than those that were trained on: the model is surer of them after \`orient transpose=yes\`" &&
    mp inspect train.csv test.csv && ! grep -q "lie otherwise" "$out"
ok "inspect says it of two files"
awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i = 255 - $i } 1' train.csv > dark.csv
mp inspect dark.csv test.csv --quick && flat "$out" | grep -q "test.csv: the outermost pixels have"
ok "and that the test's paper is the training's ink"

printf 'orient transpose=yes\nhog cell=7\nsvm\n' > turned.txt
lay transpose=yes < train.csv > train_side.csv
mp run turned.txt --train train_side.csv --test side.csv -o turned && silent &&
    equal "$(grep -o '"accuracy": [0-9.]*' turned/report.json | head -1)" \
        "$(grep -o '"accuracy": [0-9.]*' run/report.json | head -1)"
ok "orient makes of them what they were: the same accuracy"

# A way that changes the shape is none that rows of another shape can have lain in.
for f in train test; do cut -d, -f1-449 $f.csv > $f.half.csv; done
printf 'data size=16x28\npixels\nsvm C=0.01\n' > wide.txt
awk -F, -v OFS=, 'NR > 1 { out = $1; for (i = 449; i > 1; i--) out = out OFS $i; $0 = out } 1' \
    test.half.csv > around.csv
mp run wide.txt --train train.half.csv --test test.half.csv -o wide && silent &&
    mp predict wide/bundle.mnp around.csv &&
    said around.csv "is right about far more of them" "turn=180"
ok "images that are not square"

head -31 side.csv > few.csv
mp predict run/bundle.mnp few.csv && silent
ok "thirty rows say nothing"

# Classes that look the same in every way, and rows that no model knows.
awk -F, 'NR == 1 || $1 == 0' train.csv > zeros.csv
awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { for (j = 0; j < 784; j++)
    printf "%s%d", j ? "," : "", int(256 * rand()); print "" } }' > noise.csv
mp predict run/bundle.mnp zeros.csv && silent && mp predict run/bundle.mnp noise.csv &&
    ! grep -q "lie otherwise" "$err"
ok "zeros alone and noise: nothing is said of how they lie"
finish
