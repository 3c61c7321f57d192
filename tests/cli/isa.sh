#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# isa.sh - older processors: what stages and nets give there must pass the same tests.
#
# oneDNN can be held to fewer instructions.  Kernels of our own ask the processor: for them it
# is a simulated one, without AVX-512 (Haswell) and without AVX (Nehalem).
. "${BASH_SOURCE%/*}/lib.bash"

tests=$BUILD/tests
cd "$source" || exit 1 # where examples find their pipelines
# Those whose learning takes minutes when simulated are left out.
stages=$(ls tests/stages/*.test | grep -v -E '/(embed|knn|logistic|pca|rbf_svm|ridge|svm)\.test$' | tr '\n' ' ')
# A test's TAP must be whole and without failures.
good() { # COMMAND...
    "$@" > "$log" 2> "$err"
    local status=$?
    grep -a '^not ok' "$log" > "$err"
    [ $status = 0 ] && grep -q '^1\.\.[1-9]' "$log"
}
for isa in AVX2 SSE41; do
    for test in unit/layers unit/training unit/products unit/product_check unit/nearest 'battery net embed fourier pca'; do
        # shellcheck disable=SC2086
        good env ONEDNN_MAX_CPU_ISA=$isa "$tests/"$test
        ok "$test with $isa"
    done
done
printf 'data train=%s\nresize width=7 height=7\nridge\n' "$data/test.csv.gz" > "$dir/ridge.txt"
ONEDNN_MAX_CPU_ISA=SSE41 "$program" run "$dir/ridge.txt" -o "$dir/sse" --quiet > /dev/null &&
    tr -s '\n ' ' ' < "$dir/sse/report.txt" | grep -q 'oneDNN [^,]*SSE'
ok "the report tells which instructions are in use"

if ! qemu-x86_64 -cpu max "$program" --version > /dev/null 2>&1; then
    skip "kernels on simulated processors" "no qemu-x86_64 (qemu-user), or not for this build"
    finish
fi
unset OPENBLAS_CORETYPE
for cpu in Haswell Nehalem; do
    for test in unit/kernels unit/csv unit/products unit/winograd "stagetest $stages"; do
        # shellcheck disable=SC2086
        good qemu-x86_64 -cpu $cpu "$tests/"$test
        ok "${test%% *} on $cpu"
    done
done
finish
