#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pipelines.sh - every pipeline that ships is right, and learns on a part of the
# sample more than chance would give.
. "$(dirname "$0")/lib.bash"

rows train 600 > train.csv
rows test 200 > test.csv
for file in "$source"/pipelines/*.txt; do
    name=$(basename "$file")
    head -1 "$file" | grep -q "^# $name - "
    ok "$name: its first line tells its name and what it is for"
    # Thousands of cosines take least squares seconds; about as many as rows learn the least.
    few=()
    ! grep -q '^fourier' "$file" || few=(--set fourier.components=250)
    ! grep -q ' every=' "$file" || few+=(--set 'pca#1.every=1' --set 'pca#2.every=1')
    ! grep -q '^boost' "$file" || few+=(--set boost.rounds=60)
    mp check "$file" "${few[@]}" && silent && grep -q 'training rows' "$out"
    ok "$name: check finds nothing wrong"
    mp run "$file" "${few[@]}" --train train.csv --test test.csv -o run --quiet && [ ! -s "$err" ] &&
        right=$(paste -d, <(sed 1d test.csv | cut -d, -f1) \
            <(answers run/predictions.csv | sed 1d | cut -d, -f1) | awk -F, '$1 == $2' | wc -l) &&
        { [ "$right" -ge 140 ] || equal "$right" "140 or more, where chance gives 20" \
            "right of 200"; }
    ok "$name: learns from 600 digits"
    grep -q '<section id="pipeline"' run/report.html
    ok "$name: its page tells of it"
    rm -rf run
done
[ $count -gt 0 ]
ok "there are pipelines"
if [ -n "$python" ]; then
    export PYTHONDONTWRITEBYTECODE=1
    for page in historic:pipelines/README fashion:docs/fashion; do
        "$python" "$source/bench/${page%:*}.py" --page > "$out" &&
            same "$out" "$source/${page#*:}.md"
        ok "${page#*:}.md is what bench/${page%:*}.py --page prints"
    done
    "$python" "$source/bench/fashion.py" --program "$program" --only bayes train.csv test.csv \
        > "$out" 2> "$err" && [ ! -s "$err" ] && grep -q '^bayes: [4-9][0-9]\.[05]0 (' "$out"
    ok "bench/fashion.py on other rows"
else
    skip "pages of bench/historic.py and bench/fashion.py" "no python3"
fi

finish
