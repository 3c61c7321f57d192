#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# startup.sh - libvips and its hundred libraries are loaded for pictures, and for nothing else.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 100 > train.csv
rows test 20 > test.csv
printf 'data train=train.csv test=test.csv\ndeskew\nsvm C=0.05\n' > svm.txt

# What the dynamic loader opens while the program runs, a file a line.
loaded() {
    LD_DEBUG=files "$program" "$@" 2>&1 > "$out" |
        sed -n 's/^ *[0-9]*:\tcalling init: //p' > files
    grep -q '/libgsl\.' files # so the loader told
}
without() { # NAME ARGUMENT...
    local name=$1
    shift
    loaded "$@" && ! grep -E '/lib(vips|gobject|gio|cairo|tiff)[-.]' files >> "$log"
    ok "$name: not loaded"
}
with() { # NAME ARGUMENT...
    local name=$1
    shift
    loaded "$@" && equal "$(grep -c '/libvips\.' files)" 1 "libraries"
    ok "$name: loaded once"
}

without "--version" --version
grep -q '^  libvips    [0-9]*\.[0-9]*\.[0-9]' "$out"
ok "--version: tells it all the same"
without "help of a stage" help blur
with "run, whose report has pictures" run svm.txt -o run --quiet
without "predict" predict run/bundle.mnp test.csv -o predictions.csv --quiet
same predictions.csv run/predictions.csv
ok "predict: the run's bytes"
without "show in letters" show svm.txt --as text --rows 2 --quiet
with "show to a file" show svm.txt -o there.png --quiet

# A library of that name that is none: the loader takes it first, and gives up.
name=$(sed -n 's/^#define MP_VIPS_SONAME "\(.*\)"$/\1/p' "$BUILD/config.h")
mkdir broken
: > "broken/$name"
broken() { LD_LIBRARY_PATH=$PWD/broken mp "$@" --quiet; }
broken show svm.txt -o none.png
equal $? 1 status && [ ! -e none.png ] &&
    equal "$(cat "$err")" "mnistpipe: pictures need libvips, which cannot be loaded: \
$PWD/broken/$name: file too short" text
ok "libvips that cannot be loaded: a line says so, and nothing is left behind"
sed '50s/,.*/,x/' train.csv > bad.csv # fails when it is read
broken run svm.txt --train bad.csv -o none
equal $? 1 status && [ ! -e none ] && grep -q "^mnistpipe: pictures need libvips, " "$err"
ok "run says so before it reads and learns"
broken predict run/bundle.mnp test.csv -o again.csv && same again.csv predictions.csv
ok "predict does without"

finish
