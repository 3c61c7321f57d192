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

# own.md, hand.md: their commands, one after another, say what stands below them.
ln -s "$program" mnistpipe
ln -s "$source/docs" docs
said() { # LINE of the page: all that a command says, lines joined as the terminal's width has it
    [ -z "$1" ] || flat both | grep -qF -- "$(echo "$1" | tr -s ' ')"
}
runs_page() { # PAGE
    rm -f missed
    command='' shown=0
    while IFS= read -r line; do
        case $line in
        '    $ '*)
            command=${line#*$ }
            bash -c "$command" > both 2>&1 < /dev/null
            equal $(($? > 1)) 0 status &&
                { [[ $command == *inspect* ]] || ! grep -q ^mnistpipe both; }
            ok "$1: $command" ;;
        '    '*)
            [ -z "$command" ] ||
                { shown=$((shown + 1)); said "${line#    }" || echo "$line" >> missed; } ;;
        *) command='' ;;
        esac
    done < "$source/docs/tutorial/$1"
    [ ! -e missed ] || cp missed "$log"
    [ ! -e missed ] && [ $shown -gt 10 ]
    ok "$1: what stands below its commands, $shown lines, is what they say"
}
runs_page own.md
grep -q 'in [0-9]/[0-9]*\.png' runs/own/report.html
ok "own.md: the report is there"
runs_page hand.md

"$python" "$source/docs/tutorial/make.py" --program "$program" --check > "$out" 2> "$err"
status=$?
while IFS=$'\t' read -r verdict name why; do
    echo "$why" > "$log"
    [ "$verdict" = good ]
    ok "$name"
done < "$out"
[ $status -eq 0 ] && grep -q '^good' "$out"
ok "all pages were looked at"
# The README's picture of the first command; times and memory are another machine's.
shown() { # SVG
    "$python" - "$1" << 'END'
import html
import re
import sys
text = html.unescape(re.sub("<[^>]*>", "", open(sys.argv[1]).read()))
results, _, costs = re.sub(r"\s", "", text).partition("stagegives")
print(results, re.sub(r"[0-9.]+[kMG]?", "", costs))
END
}
mkdir picture picture/bin && ln -s "$program" picture/bin/mnistpipe &&
    ln -s "$source/pipelines" picture/pipelines
(cd picture && PATH=$PWD/bin:$PATH "$python" "$source/docs/terminal.py" run.svg \
    mnistpipe run pipelines/hog_svm.txt) >> "$log" 2>&1 &&
    equal "$(shown picture/run.svg)" "$(shown "$source/docs/run.svg")"
ok "the picture in the README is what the program shows"
finish
