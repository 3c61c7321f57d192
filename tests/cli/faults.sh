#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# faults.sh - one thing goes wrong at a time, or the program is killed: nothing is lost, wrong, or
# left (faults.py). A sample with a fixed seed; MNISTPIPE_FAULTS=all tries every fault and a
# thousand kills, which takes hours.
. "$(dirname "$0")/lib.bash"

inject=$BUILD/tests/inject.so
faults() { # NAME KIND SAMPLE
    local most=$3
    [ "$MNISTPIPE_FAULTS" != all ] || most=0
    "$python" "$source/tests/cli/faults.py" "$2" "$most" "$program" "$inject" > "$log" 2>&1
    local status=$?
    sed 's/^\([^#]\)/# \1/' "$log"
    return $status
}
told() { # NAME KIND SAMPLE
    faults "$@"
    ok "$1"
}
if [ -z "$python" ]; then
    skip "faults" "no python3"
    finish
fi
if sanitized; then # it asks for memory and threads of its own, and looks for leaks by ptrace
    export FAULTS_NOT="mmap mprotect clone clone3" ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
    skip "refused memory" "the sanitizer has an allocator of its own"
else
    told "refused memory: an end with a word, or the right bytes" memory 6
fi
if strace -f -qq -o /dev/null true 2> /dev/null; then
    told "failing system calls: an end with a word, or the right bytes" calls 6
else
    skip "failing system calls" "no strace"
fi
told "killed at any moment: the same command gives the same bytes, and nothing is left" kill 24
finish
