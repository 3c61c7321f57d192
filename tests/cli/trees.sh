#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# trees.sh - trees and kernel machines by the program: the same bytes for any number of threads,
# bundles that predict, what reports tell, and rows that there is nothing to learn from.
. "$(dirname "$0")/lib.bash"

rows train 400 > train.csv
rows test 100 > test.csv
pipe() { printf 'data train=%s test=test.csv\n%b\n' "${2:-train.csv}" "$1"; } # LINES [TRAIN]
pipe 'forest trees=12' > forest.txt
pipe 'deskew\npca components=12\nforest kind=extra trees=12 bootstrap=yes weights=balanced' > extra.txt
pipe 'boost rounds=6 leaves=6 subsample=0.7 patience=2' > boost.txt
pipe 'zoning\nboost rounds=8 rate=0.4 depth=1 bins=9 weights=3:2' > stumps.txt
pipe 'rbf_svm C=10' > rbf.txt
pipe 'pca components=12\nrbf_svm kernel=poly weights=balanced' > poly.txt

for name in forest extra boost stumps rbf poly; do
    for threads in 1 3; do
        mp run $name.txt -o $name/$threads --threads $threads
    done
    same $name/1/bundle.mnp $name/3/bundle.mnp && same $name/1/predictions.csv $name/3/predictions.csv
    ok "$name: 1 and 3 threads give the same bytes"
    mp predict $name/1/bundle.mnp test.csv -o again.csv && same again.csv $name/1/predictions.csv
    ok "$name: the bundle predicts the same"
    awk '/^accuracy/ { exit !($2 >= 40) }' $name/1/report.txt
    ok "$name: learns"
done
flat forest/1/report.txt | grep -Eq 'note out of bag, [3-9][0-9]\.[0-9]* % of [0-9]* training rows are right'
ok "a forest tells how good it is by the rows that trees have not drawn"
flat boost/1/report.txt |
    grep -Eq 'note kept [1-6] of [1-6] rounds, by the loss of [0-9.]* of the rows held back'
ok "boost tells how many rounds it kept"
flat rbf/1/report.txt | grep -Eq 'note gamma is [0-9.]*; [0-9]* of 400 rows are support vectors'
ok "rbf_svm tells its gamma, and how many rows it keeps"
mp run forest.txt -o seeds --seed 2 && ! cmp -s seeds/predictions.csv forest/1/predictions.csv
ok "another seed grows other trees"

# Trees without a limit know the rows that they learned from, however many classes there are.
awk -F, -v OFS=, 'NR > 1 { $1 = NR % 40 } { print }' train.csv > many.csv
for model in 'forest trees=3 bootstrap=no' 'forest trees=3 kind=extra'; do
    pipe "$model" many.csv > many.txt
    mp run many.txt --test many.csv -o many && grep -q '^accuracy 100.00 %' many/report.txt
    ok "$model: forty classes"
done

# Nothing to learn from: a line, or what is left to say.
awk -F, 'NR == 1 { print; next } { printf "%s", $1; for (i = 2; i <= NF; i++) printf ",0"; print "" }' \
    train.csv > blank.csv
for model in 'forest trees=3' 'forest trees=3 kind=extra' 'boost rounds=3' rbf_svm; do
    pipe "$model" blank.csv > blank.txt
    mp run blank.txt -o blank && ! grep -qi 'nan\|inf' blank/predictions.csv
    ok "$model: rows without ink"
done
rows train 12 > few.csv
for model in 'forest trees=3 min_leaf=1000000000' 'boost rounds=3 depth=1000000000' \
    'boost rounds=2 patience=5 held=0.9' 'rbf_svm gamma=1000000000000'; do
    pipe "$model" few.csv > few.txt
    mp run few.txt -o few && ! grep -qi 'nan\|inf' few/predictions.csv
    ok "$model: twelve rows"
done
for model in 'forest trees=3' 'boost rounds=3' rbf_svm 'ridge choose=loo penalties=1,2'; do
    pipe "augment copies=2\nzoning\n$model" few.csv > copies.txt
    mp run copies.txt -o copies && grep -q '^accuracy' copies/report.txt
    ok "$model: twelve rows, and two copies of each"
done

# Pictures of what is learned, where values are pixels.
grep -q 'a support vector' rbf/1/report.html &&
    grep -q 'what each value tells' forest/1/report.html &&
    grep -q 'what each value tells' boost/1/report.html
ok "pages show which pixels are asked for, and what is most told by"
finish
