#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# gallery.sh PROGRAM [OPTION...] - writes docs/gallery.md: what each filter and feature buys, on the
# sample by five folds and, where the data set is there, on MNIST's training rows, of which a sixth
# is held out.  Options go to both runs, such as --cache FOLDER: a run that is stopped goes on.
set -e
program=${1:?the program, such as ./mnistpipe}
shift
page=$(mktemp --suffix=.html)
trap 'rm -f "$page" "$page.md"' EXIT
table() { "$program" gallery --no-costs --format markdown -o "$page" "$@"; }
{
    echo '# What each filter and feature buys'
    echo
    cat << 'END'
Written by `docs/gallery.sh ./mnistpipe`. Each stage has its default values, or stands as in its own
example, and neither they nor C were chosen: what a stage gives by itself, not the most that it can
give. `mnistpipe help gallery` says how it is added and scored; the page that `mnistpipe gallery`
writes shows what each does to digits, and what it costs. No test row was read.
END
    printf '\n## The sample\n\n'
    table "$@"
    if table --train mnist:train --only blur --no-gains > /dev/null 2>&1; then
        printf '\n## MNIST\n\n'
        table --train mnist:train --holdout 0.16666 "$@"
    fi
} > "$page.md"
cp "$page.md" "$(dirname "$0")/gallery.md"
