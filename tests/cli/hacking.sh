#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hacking.sh - the commands of HACKING.md work as they are written, for a stage that is there.
. "$(dirname "$0")/lib.bash"
build=$(realpath "${BUILD:-$source}")
if [ "$build" != "$source" ]; then
    skip "commands of HACKING.md" "built in another folder than the sources"
    finish
fi
commands=$(sed -n 's/^    \(tests\/[a-z]* [a-z/.]*mine[a-z.]*\) .*/\1/p' "$source/HACKING.md")
equal "$(wc -l <<< "$commands")" 2 "commands of tests"
ok "HACKING.md names the tests of one stage"
while read -r command; do
    (cd "$source" && unset MNISTPIPE_DATA && ${command//mine/normalize}) > "$out" 2> "$err" &&
        tail -1 "$out" | grep -q '^1\.\.[1-9]'
    ok "$command"
done <<< "$commands"
finish
