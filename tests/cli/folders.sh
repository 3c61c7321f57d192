#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# folders.sh - each command's results lie in a folder of their own, named after what was done; no
# run takes the place of another without a word.
. "$(dirname "$0")/lib.bash"

rows train 200 > train.csv
rows test 50 > test.csv
mkdir sub
{ head -1 train.csv; tail -n 150 train.csv; } > sub/train.csv
printf 'data train=train.csv test=test.csv\nnormalize\npixels\nsvm C=0.01\n' > a.txt
sed 's/0.01/0.02/' a.txt > b.txt
lies() { # NAME FOLDER OPTION...: where `run a.txt` leaves its results, and nowhere else
    rm -rf runs
    mp run a.txt "${@:3}" && equal "$(ls runs)" "$2" && [ -e "runs/$2/bundle.mnp" ]
    ok "$1"
}
lies "a plain run" a
lies "another parameter" a,svm.C=0.1 --set svm.C=0.1
lies "two of them" a,svm.C=0.1,svm.bias=0 --set svm.C=0.1 --set svm.bias=0
lies "a stage less" a,without_normalize --drop normalize
lies "another seed" a,seed=7 --seed 7
lies "a holdout" a,data.test= --set data.test=
lies "other rows" a,train=sample-train,test=sample-test --train sample:train --test sample:test
rm -rf runs
mp run a.txt --train sub/train.csv && first=$(ls runs) && mp run a.txt --train train.csv &&
    equal "$(ls runs | sed 's/-[0-9a-f]\{8\}$//')" "$(printf 'a,train=train.csv\na,train=train.csv')"
ok "files of one name in two folders are two runs"
rm -rf runs
mp run a.txt --train sub/train.csv && equal "$(ls runs)" "$first"
ok "the same command has the same folder"
long=$(printf 'x%.0s' $(seq 150))
cp train.csv "$long.csv"
rm -rf runs
mp run a.txt --train "$long.csv" --test test.csv && [ "$(ls runs | wc -c)" -lt 120 ]
ok "a long name is cut"
rm -rf runs
mp compare a.txt b.txt && mp compare b.txt && mp compare a.txt b.txt --seed 2 &&
    mp ablate a.txt && mp ablate b.txt --set svm.C=1 && mp search a.txt --set 'svm.C={0.1,1}' &&
    equal "$(echo $(ls runs))" "a+b,seed=2-compare a+b-compare a,svm.C=0.1+1-search a-ablate \
b,svm.C=1-ablate b-compare"
ok "comparisons, ablations and searches do not share a folder"

# ----------------------------------------------------------------- what changed
mp run a.txt --set svm.C=0.1 --drop normalize -o o && title='a, svm.C=0.1, without normalize' &&
    grep -q "^pipeline a.txt, svm.C=0.1, without normalize$" o/report.txt &&
    grep -q "<title>$title" o/report.html && grep -q "<h1>$title" o/report.html &&
    tr -d ' \n' < o/report.json | grep -q '"changes":\["svm.C=0.1","withoutnormalize"\]'
ok "the reports name the change"
mp run a.txt -o o && equal "$(sed 's/of ..:../of TIME/' "$err")" "warning: replaces the run of TIME \
in o (a.txt, svm.C=0.1, without normalize)" && grep -q 'replaces the run of' o/report.json
ok "a run that takes another one's place says so"
mp run a.txt -o o && silent
ok "the same run again does not"
finish
