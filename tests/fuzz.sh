#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile input: each fuzzer gets its seeds, then changes of them, always the same.  FUZZ_RUNS
# says how many; a crash, a broken law or a sanitizer's complaint fails.  `make fuzz` looks
# for new ones, led by coverage.
runs=${FUZZ_RUNS:-20000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
. "$SOURCE/tests/fuzz/seeds.bash"

n=0
set -- "$BUILD"/tests/fuzz/fuzz_*
echo "1..$(for f; do [[ $f == *.* ]] || echo; done | wc -l)"
for fuzzer; do
    [[ $fuzzer == *.* ]] && continue
    name=${fuzzer##*/fuzz_}
    n=$((n + 1))
    own_seeds "$fuzzer" "$name" 0 1 /dev/null
    mapfile -t seeds < <(find "$SOURCE/tests/fuzz/seeds/$name" "$work/$name" -type f 2>/dev/null |
                             LC_ALL=C sort)
    # LeakSanitizer looks at threads that are just ending, and may break on one: then once more.
    if "$fuzzer" "$runs" 1 "${seeds[@]}" >"$work/log" 2>&1 ||
        { grep -q 'LeakSanitizer has encountered a fatal error' "$work/log" &&
            "$fuzzer" "$runs" 1 "${seeds[@]}" >"$work/log" 2>&1; }; then
        echo "ok $n - fuzz $name: $(sed -n 's/^ok 1 - //p' "$work/log")"
    else
        tail -n 40 "$work/log" | sed 's/^/# /'
        echo "not ok $n - fuzz $name"
    fi
done
