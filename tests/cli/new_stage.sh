#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# new_stage.sh - build-aux/new-stage: what it writes builds without a warning and passes its test
# as it is, by the commands that it prints; what it refuses leaves nothing behind.
. "$(dirname "$0")/lib.bash"

build=$(realpath "${BUILD:-$source}")
automake=$(sed -n 's/^AUTOMAKE = .* //p' "$build/Makefile" 2> /dev/null)
if [ "$build" != "$source" ]; then
    skip "new stages" "built in another folder than the sources"
    finish
elif ! command -v make > /dev/null || ! command -v "${automake:-automake}" > /dev/null; then
    skip "new stages" "no make, or not the automake that configure was made by"
    finish
fi

# The sources with what is built of them, so that only what is new is compiled.
mkdir tree
(cd "$source" && find . -maxdepth 1 -type f ! -name '*.tar.*' -print0 |
    tar -cf - --exclude='*.log' --exclude='*.trs' --null -T - build-aux src filters features \
        models tests data) | tar -C tree -xf -
kinds=$(cd tree/build-aux/templates && echo *.c | sed 's/\.c//g')
new_stage() { tree/build-aux/new-stage "$@" > "$out" 2> "$err"; }

# ---------------------------------------------------------------- refusals

(cd tree && find . | sort) > before
refused() { # NAME TEXT ARGUMENT...
    new_stage "${@:3}"
    equal $? 2 status && equal "$(cat "$err")" "new-stage: $2" && [ ! -s "$out" ]
    ok "$1"
}
all="kinds are: $kinds"
refused "no arguments" "expected KIND NAME, found 0 arguments; $all"
refused "no name" "expected KIND NAME, found 1 arguments; $all" filter
refused "an unknown kind" "no kind \"filtre\"; $all" filtre mine
for name in Mine 1st my-filter ../mine "my filter" ""; do
    refused "the name \"$name\"" \
        "\"$name\": a name is a lower-case letter, then letters, digits and _" filter "$name"
done
refused "a stage's name" '"hog" is taken: there is features/hog.c' filter hog
refused "a layer's name" '"conv" is taken: there is models/net/conv.c' model conv
refused "a command's name" '"run" is taken: there is src/commands/run.c' command run
refused "a test's name" '"startup" is taken: there is tests/cli/startup.sh' command startup
for word in data union branch; do
    refused "the name \"$word\"" "\"$word\" is a word of pipelines: take another name" \
        feature $word
done
for word in pipeline words; do
    refused "the name \"$word\"" \
        "\"$word\" is what \`mnistpipe help $word\` explains already: take another name" \
        filter $word
done
(cd tree && find . | sort) > after
same before after
ok "what is refused leaves nothing behind"

# ---------------------------------------------------------------- new files

plain() { env -u MNISTPIPE -u MNISTPIPE_DATA -u SOURCE -u BUILD -u MAKEFLAGS -u MAKELEVEL "$@"; }
for kind in $kinds; do
    new_stage "$kind" "new_$kind" && [ ! -s "$err" ] && cp "$out" "said.$kind"
    ok "new-stage $kind new_$kind"
    sed -n '/^Then/q; s/^    //p' "said.$kind" > "commands.$kind"
done
(cd tree && find . -newer ../before -type f) | sort > written
(cd tree && ! grep -nw mine $(cat ../written) && grep -L 'FILL IN' $(cat ../written)) > left
[ -s written ] && equal "$(cat left)" ""
ok "each file says what to fill in, and has its own name"

# The first of them builds all that is new.
for kind in $kinds; do
    while read -r command; do
        (cd tree && plain bash -c "$command") > "$log" 2>&1 && ! grep -E 'warning:|^not ok' "$log"
        ok "$kind: $command"
    done < "commands.$kind"
    equal "$(wc -l < "commands.$kind")" 2 commands
    ok "$kind: these are two commands, to build and to test"
done
for kind in $kinds; do
    about=new_$kind
    [ "$kind" != format ] || about=export
    tree/mnistpipe help $about > "$out" 2> "$err" && grep -qw "new_$kind" "$out"
    ok "help $about tells of new_$kind"
done
if [ -n "$python" ]; then
    "$python" -B "$source/build-aux/house" check tree > "$log" 2>&1
    ok "every new file includes what its folder may"
fi
finish
