#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# knn.sh - nearest neighbours and other simple models by the program: the same bytes for any number
# of threads, bundles that predict, and what a bundle of rows takes.
. "$(dirname "$0")/lib.bash"

rows train 1500 > train.csv
rows test 300 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'knn' > knn.txt
pipe 'deskew\nknn metric=cosine vote=distance' > floats.txt
pipe 'pca components=20\nquadratic' > quadratic.txt
for model in centroid lda bayes perceptron; do
    pipe "$model" > $model.txt
done

for name in knn floats quadratic centroid lda bayes perceptron; do
    for threads in 1 3; do
        mp run $name.txt -o $name/$threads --threads $threads
    done
    same $name/1/bundle.mnp $name/3/bundle.mnp && same $name/1/predictions.csv $name/3/predictions.csv
    ok "$name: 1 and 3 threads give the same bytes"
    mp predict $name/1/bundle.mnp test.csv -o again.csv && same again.csv $name/1/predictions.csv
    ok "$name: the bundle predicts the same"
done
size=$(stat -c %s knn/1/bundle.mnp)
[ "$size" -lt $((1500 * 800)) ] || equal "$size bytes" "less than 800 a row" "the bundle"
ok "a bundle has a byte for each pixel"

mp run knn.txt --set knn.k=1 --test train.csv -o own && grep -q '^accuracy 100.00 %' own/report.txt
ok "the nearest of rows among themselves is each itself"
mp check knn.txt --set knn.k=1400 && silent
ok "more neighbours than a trial has rows"
mp run knn.txt --set knn.k=1501 -o many
equal "$(tail -1 "$err")" \
    "mnistpipe: knn.txt:2: knn: k=1501: there are only 1500 rows to learn from; must be at most that"
ok "more neighbours than there are rows"
env ONEDNN_MAX_CPU_ISA=SSE41 "$program" run knn.txt -o sse > "$out" 2> "$err" &&
    same knn/1/predictions.csv sse/predictions.csv &&
    env ONEDNN_MAX_CPU_ISA=SSE41 "$program" run floats.txt -o sse > "$out" 2> "$err" &&
    same floats/1/predictions.csv sse/predictions.csv
ok "products of floats find the same rows as products of bytes"

finish
