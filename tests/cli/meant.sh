#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# meant.sh - whoever mistypes a name, or knows it from elsewhere, is told what it is here.
. "$(dirname "$0")/lib.bash"

rows train 60 > train.csv
rows test 20 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1" > "$2"; } # LINES FILE
pipe 'deskew\nhog cell=7\nsvm C=0.1' good.txt
mkdir sub && cp good.txt sub/mine.txt

fails() { # NAME TEXT ARGUMENT...
    local name=$1 text=$2
    shift 2
    ! mp "$@" && [ ! -s "$out" ] && equal "$(tail -1 "$err")" "mnistpipe: $text"
    ok "$name"
}
missing="cannot read: No such file or directory"

fails "a pipeline that ships, without its folder" \
    "hog_svm: $missing; did you mean pipelines/hog_svm.txt?" run hog_svm
fails "with its folder, mistyped" \
    "pipelines/hog_smv.txt: $missing; did you mean pipelines/hog_svm.txt?" run pipelines/hog_smv.txt
fails "a pipeline without .txt" "good: $missing; did you mean good.txt?" check good
fails "a mistyped one" "godo.txt: $missing; did you mean good.txt?" run godo.txt
fails "in a folder" "sub/mien.txt: $missing; did you mean sub/mine.txt?" ablate sub/mien.txt
fails "nothing like it" "zzzzzz: $missing" run zzzzzz
fails "a file of rows" "trian.csv: $missing; did you mean train.csv?" inspect trian.csv
fails "in --train" "good.txt: data: trian.csv: $missing; did you mean train.csv?" \
    run good.txt --train trian.csv

fails "an option of the program" 'no command "--verison"; did you mean "--version"?' --verison
fails "a command" 'no command "chekc"; did you mean "check"?' chekc good.txt
fails "an option" "no option --verbsoe; did you mean -v, --verbose?" run good.txt --verbsoe
fails "a stage in --set" '--set hgo.cell=4: good.txt has no stage "hgo"; did you mean "hog"?' \
    run good.txt --set hgo.cell=4
fails "in --drop" '--drop deskw: good.txt has no stage "deskw"; did you mean "deskew"?' \
    run good.txt --drop deskw
fails "a topic" 'pipelin: no such command, stage or word; did you mean "pipeline"?' help pipelin

# ------------------------------------------------------- names of what is written

fails "show: no picture is a page" \
    "s.html: what is written is a PNG; a name that says so ends with .png" show good.txt -o s.html
fails "inspect: nor is a page JSON" \
    "i.json: what is written is a page; a name that says so ends with .html or .htm" \
    inspect train.csv -o i.json
mp run good.txt -o run
fails "predict: CSV is not compressed" \
    "p.csv.gz: what is written is CSV; a name that says so ends with .csv or .txt" \
    predict run/bundle.mnp test.csv -o p.csv.gz
[ ! -e s.html ] && [ ! -e i.json ] && [ ! -e p.csv.gz ] && mp show good.txt -o S.PNG &&
    mp show good.txt -o s && mp predict run/bundle.mnp test.csv -o p
ok "in capitals, and without an ending, a name may be what it likes"

n=0
stage() { # LINES TEXT
    pipe "$1" "line$((++n)).txt"
    fails "$1" "line$n.txt:$2" check "line$n.txt"
}
stage 'hog cells=4\nsvm' \
    '2: hog: cells=4: must be one of box|soft; did you mean cell=4?'
stage 'svm class_weight=balanced' \
    '2: svm: no parameter "class_weight"; did you mean "weights"? it takes: solver C tolerance bias weights'
stage 'pca n_components=40\nsvm' \
    '2: pca: no parameter "n_components"; did you mean "components"? it takes: components variance whiten unit every rows'
stage 'svm sample_w=balanced' \
    '2: svm: no parameter "sample_w"; it takes: solver C tolerance bias weights'
stage 'lstm units=64' '2: lstm: is a layer: indent it below a net line'
stage 'net\n  hog' \
    '3: hog: is a stage, no layer: it stands before the net, not indented'
stage 'softmax' \
    '2: softmax: no such stage; "logistic" is the nearest model; a net ends in a softmax by itself'
stage 'cnn' \
    '2: cnn: no such stage; it is a "net" with "conv" layers: pipelines/cnn.txt'
stage 'mlp' \
    '2: mlp: no such stage; it is a "net" with "dense" layers: pipelines/mlp.txt'
stage 'kneighbors k=3' \
    '2: kneighbors: no such stage; it is "knn"'
stage 'random_forest' \
    '2: random_forest: no such stage; it is "forest"'
stage 'net\n  relu' \
    '3: relu: no such layer; an activation is a parameter of a layer: "conv act=relu"'
stage 'svm kernel=rbf' \
    '2: svm: no parameter "kernel"; it is "rbf_svm"; "fourier" in front of a linear model is nearly that, and fast'
finish
