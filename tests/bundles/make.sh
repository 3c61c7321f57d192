#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make.sh PROGRAM FOLDER - bundles of this version of the program, one for each kind of state,
# with what they say of the first 40 test rows of the sample: FOLDER/NAME.mnp and NAME.csv.
# To be run once for each release, into tests/bundles/VERSION; later versions have to read them.
set -eu
program=$(realpath "$1") data=$(realpath "$(dirname "$0")/../../data")
mkdir -p "$2"
to=$(realpath "$2") work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
gzip -dc "$data/train.csv.gz" | sed -n '1,401p' > train.csv
gzip -dc "$data/test.csv.gz" | sed -n '1,41p' > test.csv

bundle() { # NAME LINES
    printf 'data train=train.csv test=test.csv\n%b\n' "$2" > "$1.txt"
    "$program" run "$1.txt" -o "$1" --seed 7 --quiet > /dev/null
    cp "$1/bundle.mnp" "$to/$1.mnp"
    cp "$1/predictions.csv" "$to/$1.csv"
}
small='resize width=7 height=7\n'
bundle svm "deskew\nhog cell=7 bins=4\nsvm C=0.1"
bundle logistic "${small}center\npixels\nstandardize\nlogistic C=0.1"
bundle ridge "${small}pixels\npca components=12\nfourier components=24\nridge"
bundle net "${small}net epochs=3 batch=32 lr=0.01 precision=f32\n  conv filters=4 kernel=3\n\
  batchnorm\n  maxpool size=2\n  sequence\n  lstm units=8"
bundle vote "${small}vote\n  branch\n    pixels\n    svm C=0.1\n    calibrate method=platt\n\
  branch\n    pixels\n    normalize\n    ridge\n    calibrate"
bundle stack "${small}stack folds=2\n  branch\n    pixels\n    svm C=0.1\n  branch\n    pixels\n\
    pca components=9\n    logistic"
bundle embed "embed bundle=net/bundle.mnp layer=lstm\nsvm C=0.1"
