#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# width.sh - what commands print fits the terminal, whatever is in it, and begins with what a
# person looks for.
. "$(dirname "$0")/lib.bash"
export MNISTPIPE_CACHE=$dir/cache
unset COLUMNS

rows train 600 > train.csv
rows test 200 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1" > "$2"; }
pipe 'deskew\nhog cell=4 block=2 bins=8 signed=yes norm=l1sqrt\nsvm C=0.3' hog_svm.txt
pipe 'resize width=7 height=7\npixels\nsvm C=0.01' a_pipeline_of_pixels_with_a_long_name.txt
pipe 'net epochs=14 batch=32 lr=0.01 precision=f32 validation=0.2\n  dense units=16' net.txt
# 47 classes of 6 x 6 noise around a picture of each: hard enough to be mistaken.
awk 'BEGIN { srand(3); printf "label"; for (i = 0; i < 36; i++) printf ",pixel%d", i; print ""
    for (k = 0; k < 47; k++) for (i = 0; i < 36; i++) mean[k, i] = 255 * rand()
    for (n = 0; n < 940; n++) { printf "%d", n % 47
        for (i = 0; i < 36; i++) { v = mean[n % 47, i] + 400 * (rand() - 0.5)
            printf ",%d", (v < 0 ? 0 : v > 255 ? 255 : v) }
        print "" } }' > many.csv
printf 'data train=many.csv\npixels\nsvm C=0.1\n' > many.txt

# No line is longer, but one that is a single word, or ends with a path that leaves no room.
fits() { # COLUMNS FILE
    [ -s "$2" ] && sed 's/\x1b\[[0-9;]*m//g; s/\r//g' "$2" | awk -v most="$1" '
        length > most && NF > 1 && !($NF ~ /\// && length($NF) > most - 12) {
            print length ": " $0; bad = 1 } END { exit bad }' >> "$log"
}
commands=(
    "run hog_svm.txt" "run net.txt" "run many.txt" "run many.txt --verbose" "run net.txt -v"
    "run hog_svm.txt --set data.folds=15 --verbose"
    "compare hog_svm.txt a_pipeline_of_pixels_with_a_long_name.txt net.txt"
    "ablate hog_svm.txt --pairs" "search hog_svm.txt --set svm.C={0.1,1} --set hog.cell={4,7}"
    "gallery --train train.csv --only deskew,fourier_descriptor,hog --folds 2"
    "check hog_svm.txt" "check net.txt" "inspect train.csv test.csv" "inspect train.csv"
    "predict runs/hog_svm/bundle.mnp test.csv -o p.csv" "list" "cache" "fetch"
    "help" "help net" "help run" "help words"
)
for command in "${commands[@]}"; do
    for columns in 80 40; do
        COLUMNS=$columns mp $command && fits $columns "$out"
        ok "$columns columns: $command"
    done
done
mp help pipeline && fits 80 "$out"
ok "80 columns: help pipeline, whose example is as wide as it is"
mp run hog_svm.txt && fits 80 "$out"
ok "80 where nothing says how many"
[ -z "$python" ] || "$python" "$source/tests/cli/show_pty.py" "" 57 "$program" run hog_svm.txt \
    > "$out" 2> "$err" && fits 57 "$out" && grep -q 'most frequent\|confusion' "$out"
ok "on a terminal as many as it has"

# ------------------------------------------------------------ what comes first

mp run net.txt && head -1 "$out" | grep -q '^accuracy [0-9.]* %   95 % interval' &&
    ! grep -q 'GFLOP\|^note\|jansson\|learn: passes' "$out" &&
    grep -q 'look at  runs/net/report.html' "$out"
ok "run begins with the accuracy, and leaves to others what is for few"
COLUMNS=200 mp run net.txt -v && head -1 "$out" | grep -q '^accuracy' && grep -q GFLOP "$out" &&
    grep -q '^with     mnistpipe' "$out" && same "$out" runs/net/report.txt
ok "run -v says all that is in report.txt"
mp run many.txt && grep -q '^most frequent mistakes' "$out" && ! grep -q '^confusion' "$out" &&
    grep -q '^classes of the lowest F1' "$out" && grep -q '^confusion' runs/many/report.txt
ok "47 classes: the most frequent mistakes; the matrix is in report.txt"
[ -z "$python" ] || "$python" - "$out" >> "$log" 2>&1 << 'END'
import json
import sys

m = json.load(open("runs/many/report.json"))["test"]["confusion"]
want = sorted(((-m[i][j], i, j) for i in range(47) for j in range(47) if i != j and m[i][j]))[:12]
lines = open(sys.argv[1]).read().split("most frequent mistakes\n")[1].splitlines()[1:13]
found = [tuple(map(int, line.split()[:3])) for line in lines]
assert found == [(i, j, -n) for n, i, j in want], (found, want)
END
ok "they are those of the matrix, the most frequent first"
mp run hog_svm.txt && cp "$out" "$dir/ten" && awk '/^confusion/ { on = 11 } on-- > 0' "$dir/ten" |
    sed -n 2p | grep -q '^ *0 .* 9   precision  recall      F1$'
ok "10 classes: the matrix with precision, recall and F1 beside it, in 80 columns"
mp predict runs/hog_svm/bundle.mnp test.csv -o p.csv &&
    flat "$out" | grep -q '^200 rows of test.csv, read in [0-9.]* s, predicted in [0-9.]* s'
ok "predict tells the time of reading apart"
mp check net.txt && grep -q 'precision=f32' "$out" &&
    grep -q 'about [0-9.]* to [0-9.]* s in all' "$out"
ok "check cuts no parameter off, and gives a range of time"
finish
