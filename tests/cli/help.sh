#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# help.sh - help, lists, the manual page and the reference of the stages.
. "$(dirname "$0")/lib.bash"

# What was printed is text of at most 100 columns that ends in a newline.
sane() {
    [ -s "$out" ] && [ ! -s "$err" ] && equal "$(tail -c 1 "$out" | od -An -c)" '  \n' end ||
        return 1
    awk 'length > 100 { print "longer than 100 columns: " $0; bad = 1 }
         /[^[:print:]\t]/ { print "not printable: " $0; bad = 1 } END { exit bad }' "$out" >> "$log"
}
commands=$(cd "$source/src/commands" && ls -- *.c | sed 's/\.c$//')

for words in help --help -h; do
    mp $words && sane && cp "$out" "$dir/help.$words"
    ok "mnistpipe $words"
done
same "$dir/help.help" "$dir/help.--help" && same "$dir/help.help" "$dir/help.-h"
ok "they say the same"
equal "$(sed -n 's/^  \([a-z][a-z0-9_]*\)  .*/\1/p' "$dir/help.help" | sort)" "$commands"
ok "they name every command"
mp --version && [ ! -s "$err" ] && grep -q '^mnistpipe [0-9]' "$out" &&
    grep -q '^  liblinear  *[0-9]' "$out"
ok "mnistpipe --version names itself and its libraries"

for command in $commands; do
    mp help $command && sane && head -1 "$out" | grep -q "^mnistpipe $command" &&
        grep -q -- '--threads' "$out" && grep -q -- '--quiet' "$out" && cp "$out" "$dir/one" &&
        mp $command --help && same "$out" "$dir/one"
    ok "help $command, and $command --help"
done
mp help pipeline && sane && grep -q union "$out" && grep -q holdout "$out"
ok "help pipeline"
mp help data && grep -q holdout "$out"
ok "help data"

mp help pipelines && sane && cp "$out" "$dir/one" && mp help pipeline && same "$out" "$dir/one"
ok "help pipelines is help pipeline"

# ------------------------------------------------------------------- words

mp help words && sane && cp "$out" "$dir/words"
ok "help words"
grep -v '^ \|^$' "$dir/words" > "$dir/names"
for word in "macro F1" "Holm's correction" "McNemar's test" calibration "Brier score" "log loss" \
    bf16 bundle margins logits fit apply holdout folds seed epoch recall precision \
    "confusion matrix" "out of fold" report pipeline stage filter feature model cache; do
    grep -qx "$word" "$dir/names" || echo "no word \"$word\"" >> "$log"
done
[ ! -s "$log" ]
ok "the words that a newcomer asks for are there"
while read -r word; do
    mp help "$word" && [ ! -s "$err" ] && cp "$out" "$dir/one" ||
        echo "help $word: no help" >> "$log"
    case $word in
    branch | cache | pipeline | run) ;; # commands, and parts of the language: they say more
    *) [ "$(head -1 "$out")" = "$word" ] || echo "help $word: $(head -1 "$out")" >> "$log" ;;
    esac
done < "$dir/names"
[ ! -s "$log" ]
ok "help of every word is its own"
mp help macro F1 && cp "$out" "$dir/one" && mp help MACRO-f1 && same "$out" "$dir/one" &&
    mp help "mean F1" && same "$out" "$dir/one"
ok "a word may stand without quotes, in capitals, with hyphens, in another spelling"
mp help seed folds && sane && grep -qx seed "$out" && grep -qx folds "$out"
ok "help of two words"
! mp help acuracy && [ ! -s "$out" ] && equal "$(cat "$err")" \
    'mnistpipe: acuracy: no such command, stage or word; did you mean "accuracy"?'
ok "the nearest word"

# What a report calls its parts: titles of tables, and what begins a line.
printf 'data folds=2\naugment\nnet epochs=2 batch=32 validation=0.2\n  dense units=8\ncalibrate share=0.2\n' \
    > net.txt
rows train 300 > train.csv
mp run net.txt --train train.csv -o run && sed -n '
    /^stage  \|^line  /s/   */\n/gp
    s/^\([a-z][a-z_ ]*[a-z]\)  .*/\1/p; s/^\(accuracy\|confusion\|fold by fold\|epoch by epoch\).*/\1/p
    s/.*\(95 % interval\).*(\(Wilson\)).*\(errors\).*/\1\n\2\n\3/p; s/.*\(macro F1\).*/\1/p
    s/.*\(log loss\).*\(Brier score\).*\(expected calibration error\).*/\1\n\2\n\3/p
    s/^ .*\(precision\)  *\(recall\)  *\(F1\)$/\1\n\2\n\3/p' run/report.txt | sort -u > "$dir/used"
[ "$(wc -l < "$dir/used")" -ge 28 ] || cat "$dir/used" >> "$log"
while read -r word; do
    mp help "$word" && [ ! -s "$err" ] || echo "a report says \"$word\", which has no help" >> "$log"
done < "$dir/used"
[ ! -s "$log" ]
ok "every word that names a part of a report is explained"

mp list && sane && cp "$out" "$dir/list"
ok "list"
mp list --json && cp "$out" "$dir/list.json" && [ ! -s "$err" ]
ok "list --json"
stages=$(sed -n 's/^    "name": "\([a-z0-9_]*\)",*$/\1/p' "$dir/list.json")
[ "$(wc -w <<< "$stages")" -ge 10 ] &&
    equal "$(sort <<< "$stages")" \
        "$(sed -n 's/^  \([a-z0-9_][a-z0-9_]*\)\( .*\)*$/\1/p' "$dir/list" | sort)"
ok "list and list --json name the same stages"
equal "$(sort <<< "$stages")" "$(cd "$source" &&
    ls filters/*.c features/*.c models/*.c models/net/*.c | sed 's|.*/||; s|\.c$||' | sort)"
ok "they are the files in filters, features, models and models/net"
for stage in $stages; do
    mp help $stage && sane &&
        head -1 "$out" | grep -q "^$stage (\(filters\|features\|models\|layer of net\)): " &&
        grep -A1 -x 'Example:' "$out" | grep -q "^  $stage"
    ok "help $stage"
done
mp help hog svm && sane && grep -q '^hog (' "$out" && grep -q '^svm (' "$out"
ok "help of two stages"

if [ -n "$python" ]; then
    "$python" - "$dir/list.json" >> "$log" 2>&1 << 'END'
import json
import sys

for stage in json.load(open(sys.argv[1])):
    assert set(stage) == {"name", "group", "brief", "doc", "example", "learns", "parameters"}, stage
    assert stage["example"].split()[0] == stage["name"], stage["example"]
    for p in stage["parameters"]:
        where = stage["name"] + " " + p["name"]
        assert p["type"] in ("int", "real", "bool", "text", "choice") and p["doc"], where
        if p["type"] == "choice":
            assert len(p["choices"]) > 1 and "" not in p["choices"], where
            assert p.get("default", p["choices"][0]) in p["choices"], where
        if p["type"] in ("int", "real"):
            assert p["min"] <= float(p.get("default", p["min"])) <= p["max"], where
END
    ok "list --json: every parameter has a type, a text, and a default within its range"
else
    skip "list --json" "no python3"
fi

# ---------------------------------------------------- manual and reference

mp help --format=man && cp "$out" "$dir/mnistpipe.1" && [ ! -s "$err" ]
ok "help --format=man"
if command -v groff > /dev/null; then
    LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -rLL=100n "$dir/mnistpipe.1" > "$dir/page" 2>> "$log" &&
        [ ! -s "$log" ] && sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g' "$dir/page" > "$dir/plain" &&
        grep -q '^EXIT STATUS' "$dir/plain"
    ok "groff finds nothing to warn of"
    ! LC_ALL=C.UTF-8 grep -n '.\{101\}' "$dir/plain" >> "$log"
    ok "no line of the page is longer than the page is wide"
    bad=
    for word in $commands $stages; do
        grep -q "^   *$word$" "$dir/plain" || bad="$bad $word"
    done
    equal "$bad" "" "without a section"
    ok "the page has every command and every stage"
else
    skip "groff" "no groff"
fi
if command -v mandoc > /dev/null; then
    mandoc -Tlint -Wwarning "$dir/mnistpipe.1" >> "$log" 2>&1
    ok "mandoc finds nothing to warn of"
else
    skip "mandoc" "no mandoc"
fi

# Every variable that the sources read is in the manual, and no other.
sed -n '/^\.SH "ENVIRONMENT"/,/^\.SH "FILES"/p' "$dir/mnistpipe.1" | sed -n 's/^\\fB\(.*\)\\fR$/\1/p' |
    tr -s ', ' '\n' | sort > "$dir/told"
grep -rhoE '(getenv|variable)\("[A-Z_]+"\)|"(LC_ALL|LC_CTYPE|LANG)"|"(OMPI|PMIX?|MPI|SLURM)_[A-Z_]+"' \
    "$source/src" --include='*.c' |
    grep -oE '[A-Z_]{3,}' | cat - <(echo OMP_NUM_THREADS) | sort -u > "$dir/read"
diff "$dir/read" "$dir/told" >> "$log"
ok "ENVIRONMENT has the variables that the program reads"
for text in FILES "EXIT STATUS" 'fB130, 143' 'runs/NAME/'; do
    grep -q "$text" "$dir/mnistpipe.1" || echo "no $text" >> "$log"
done
[ ! -s "$log" ]
ok "FILES and EXIT STATUS say what is where, and what the numbers mean"

mp help --format=markdown && cp "$out" "$dir/stages.md" && [ ! -s "$err" ]
ok "help --format=markdown"
diff "$source/docs/stages.md" "$dir/stages.md" > "$dir/diff" 2>&1 || {
    echo "docs/stages.md is older than the stages; write it anew:" >> "$log"
    echo "    mnistpipe help --format=markdown > docs/stages.md" >> "$log"
    cat "$dir/diff" >> "$log"
    false
}
ok "docs/stages.md is what it prints"
mp help --format=markdown words && sane && same "$out" "$source/docs/glossary.md"
ok "docs/glossary.md is what help --format=markdown words prints"

finish
