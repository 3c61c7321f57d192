#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# arm64.sh FOLDER - builds what is committed for arm64 in FOLDER, which must not exist, and runs
# the unit tests and a pipeline there under qemu; ends with "N passed, N failed".
#
# By hand, on Debian 13 (HACKING.md names the packages): no part of `make check`, as simulated
# tests take an hour.
set -euo pipefail
folder=${1:?usage: arm64.sh FOLDER}
git clone -q "$(cd "$(dirname "$0")/.." && pwd)" "$folder"
cd "$folder"
build-aux/scan-stages . am > stages.am
autoreconf -i > autoreconf.log 2>&1
libraries=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
./configure -q --host=aarch64-linux-gnu PKG_CONFIG_LIBDIR=$libraries > configure.log
units=(tests/unit/*.c)
make -s -j "$(nproc)" mnistpipe tests/stagetest "${units[@]%.c}" > make.log

export MNISTPIPE_DATA=$PWD/data OMP_WAIT_POLICY=passive
passed=0 failed=0
count() { # NAME COMMAND...
    local name=$1 status=0
    shift
    timeout 1800 qemu-aarch64 "$@" < /dev/null > test.log 2> test.err || status=$?
    local good bad
    good=$(grep -ac '^ok' test.log) || true
    bad=$(grep -ac '^not ok' test.log) || true
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    passed=$((passed + good)) failed=$((failed + bad))
    [ "$bad" = 0 ] || { echo "$name: $bad failed, status $status"; grep -a '^not ok' test.log || true; }
}
qemu-aarch64 ./mnistpipe --version
for unit in "${units[@]%.c}"; do
    count "$unit" "$unit"
done
stages=$(ls tests/stages/*.test | grep -v -E '/(embed|logistic|pca|ridge|svm)\.test$')
# shellcheck disable=SC2086
count stagetest tests/stagetest $stages
qemu-aarch64 ./mnistpipe run pipelines/hog_svm.txt -o run --quiet
grep -E '^(accuracy|.*oneDNN)' run/report.txt || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
