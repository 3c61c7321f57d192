#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hunt.sh NAME... - fuzzers led by coverage, one after another; all without a NAME.
#
# SECONDS_EACH: how long each, 60.  What breaks one is left as hunt/found-NAME-..., and the
# corpus in hunt/corpus/NAME, where the next call goes on.  Of that the inputs that reach
# code which no seed has reached become seeds: small ones, and few.
most=40 bytes=4096
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
hunt=$BUILD/hunt
. "$SOURCE/tests/fuzz/seeds.bash"

limits=(-rss_limit_mb=2500 -timeout=25)
search() { # FUZZER NAME
    nice "$1" "${limits[@]}" -max_total_time="${SECONDS_EACH:-60}" -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$hunt/found-$2-" \
        "$hunt/corpus/$2" "$work/$2" "$seeds" >"$work/log" 2>&1
}

# Into the seeds: what reaches more than they do, the smallest first.
keep() { # FUZZER NAME
    cp -rT "$work/$2" "$work/known"
    cp "$seeds"/* "$work/known/" 2>/dev/null
    cp -rT "$work/known" "$work/more"
    "$1" "${limits[@]}" -merge=1 -use_counters=0 -max_len=$bytes "$work/more" "$hunt/corpus/$2" \
        >"$work/log" 2>&1
    room=$((most - $(find "$seeds" -type f | wc -l)))
    added=0
    for f in $(ls -Sr "$work/more"); do
        [[ -e $work/known/$f ]] && continue
        ((added < room)) || break
        cp "$work/more/$f" "$seeds/" && added=$((added + 1))
    done
    rm -rf "$work/known" "$work/more"
}

failed=0
for name in "${@:-all}"; do
    for fuzzer in "$hunt"/tests/fuzz/fuzz_$([[ $name == all ]] && echo '*' || echo "$name"); do
        [[ $fuzzer == *.* ]] && continue
        name=${fuzzer##*/fuzz_} seeds=$SOURCE/tests/fuzz/seeds/$name
        mkdir -p "$hunt/corpus/$name" "$seeds"
        own_seeds "$fuzzer" "$name" -runs=0
        if search "$fuzzer" "$name"; then
            figure() { sed -n "s/^stat::$1: *//p" "$work/log"; }
            runs=$(figure number_of_executed_units)
            edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/log" | tail -n 1)
            keep "$fuzzer" "$name"
            echo "$name: $runs inputs, $edges edges, $added new seeds"
        else
            tail -n 60 "$work/log"
            echo "$name: broken by $(ls -t "$hunt"/found-"$name"-* | head -n 1)"
            failed=1
        fi
    done
done
exit $failed
