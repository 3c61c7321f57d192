#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile input: each fuzzer gets its seeds, mutated with a fixed seed.  FUZZ_RUNS
# says how often; a crash or a sanitizer's complaint fails.
runs=${FUZZ_RUNS:-20000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A small bundle for the bundle's fuzzer: 6x6 images, three classes.
awk 'BEGIN { srand(1); for (i = 0; i < 60; i++) { printf "%d", i % 3
     for (j = 0; j < 36; j++) printf ",%d", (j % 3 == i % 3) * 200 + int(rand() * 50)
     print "" } }' >"$work/rows.csv"
mkdir -p "$work/bundle" "$work/pipeline"
pipeline() { # NAME, stages from stdin
    { echo "data train=$work/rows.csv"; cat; } >"$work/$1.txt"
    "$MNISTPIPE" run "$work/$1.txt" -o "$work/run" --quiet >/dev/null &&
        cp "$work/run/bundle.mnp" "$work/bundle/$1"
}
printf 'blur\nhog cell=3 block=1\nstandardize\npca components=3\nsvm\n' | pipeline one
printf 'union\n  branch\n    pixels\n  branch\n    hog cell=3 block=1\nnormalize\nlogistic\n' | pipeline two
printf 'blur\nnet epochs=2 batch=16\n  conv filters=2 kernel=3\n  dense units=3\n' | pipeline net
printf 'embed bundle=net.txt layer=conv\nlogistic\n' | pipeline inside
cp "$SOURCE"/pipelines/*.txt "$work/pipeline/"
cp "$work"/two.txt "$work/pipeline/"

n=0
set -- "$BUILD"/tests/fuzz/fuzz_*
echo "1..$(for f; do [[ $f == *.* ]] || echo; done | wc -l)"
for fuzzer; do
    [[ $fuzzer == *.* ]] && continue
    name=${fuzzer##*/fuzz_}
    seeds=("$SOURCE/tests/fuzz/seeds/$name"/*)
    [[ -e ${seeds[0]} ]] || seeds=("$work/$name"/*)
    n=$((n + 1))
    if "$fuzzer" "$runs" 1 "${seeds[@]}" >"$work/log" 2>&1; then
        echo "ok $n - fuzz $name: $runs inputs from ${#seeds[@]} seeds"
    else
        tail -n 40 "$work/log" | sed 's/^/# /'
        echo "not ok $n - fuzz $name"
    fi
done
