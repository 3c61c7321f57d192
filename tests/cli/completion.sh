#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# completion.sh - what shells offer: asked of the shells themselves.
. "$(dirname "$0")/lib.bash"

for shell in bash zsh fish; do
    mp help --format=$shell && cp "$out" "$dir/$shell" && [ ! -s "$err" ]
    ok "help --format=$shell"
    if command -v $shell > /dev/null; then
        $shell -n "$dir/$shell" >> "$log" 2>&1 && [ ! -s "$log" ]
        ok "$shell finds no mistake in it"
    else
        skip "$shell -n" "no $shell"
    fi
done

. "$dir/bash"
# What Tab offers after these words, the last of which is begun.
offers() { # WORD...
    COMP_WORDS=(mnistpipe "$@")
    COMP_CWORD=$#
    _mnistpipe
    printf '%s\n' "${COMPREPLY[@]}" | sort
}
commands=$("$program" help | sed -n 's/^  \([a-z][a-z0-9_]*\)  .*/\1/p' | sort)
equal "$(offers "")" "$(sort <(echo "$commands") <(printf -- '--help\n--version\n'))"
ok "bash: all commands"
equal "$(offers co)" compare && equal "$(offers run --verb)" --verbose
ok "bash: a command, an option"
for command in $commands; do
    equal "$(offers $command - | grep '^--')" "$("$program" help $command |
        sed -n 's/^  \(-[a-z], \)*\(--[a-z-]*\).*/\2/p' | cat - <(echo --help) | sort)" "$command"
    ok "bash: the options of $command are those of its help"
done
equal "$(offers compare --format "")" "$(printf '%s\n' csv json markdown text)"
ok "bash: the values of an option"
equal "$(offers help hog)" hog && equal "$(offers help maxp)" maxpool
ok "bash: what help explains"
touch my.txt other.txt && equal "$(offers run m)" my.txt
ok "bash: files"
if command -v fish > /dev/null; then
    equal "$(fish -c "source $dir/fish; complete -C 'mnistpipe comp'" | cut -f1)" compare
    ok "fish: a command"
else
    skip "fish: a command" "no fish"
fi
finish
