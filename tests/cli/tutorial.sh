#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# tutorial.sh - docs/tutorial: every step is run again, and what its page says of it, figures
# and pictures, is what comes out (of nets: within what processors differ by).
. "$(dirname "$0")/lib.bash"
export PYTHONDONTWRITEBYTECODE=1

for file in "$source"/docs/tutorial/[0-9]*.txt; do
    name=$(basename "$file")
    head -1 "$file" | grep -q "^# $name - " && mp check "$file" && silent
    ok "$name: its first line tells its name and what it is for, and check finds nothing wrong"
done
if [ -z "$python" ]; then
    skip "the pages, run again" "no python3"
    finish
fi
"$python" "$source/docs/tutorial/make.py" --program "$program" --check > "$out" 2> "$err"
status=$?
while IFS=$'\t' read -r verdict name why; do
    echo "$why" > "$log"
    [ "$verdict" = good ]
    ok "$name"
done < "$out"
[ $status -eq 0 ] && grep -q '^good' "$out"
ok "all pages were looked at"
finish
