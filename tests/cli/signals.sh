#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# signals.sh - whoever stops a command sees that the signal was heard: it cleans up, and dies of it.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 300 > train.csv
rows test 20 > test.csv
printf 'data train=train.csv test=test.csv\nsvm C=0.05\n' > svm.txt
printf 'data train=train.csv test=test.csv\nnet epochs=10000\n  dense units=64\n' > long.txt
mp run svm.txt -o run --quiet
ok "a model"
mkfifo rows full

hears() { # whether the job is the program by now, and has its handlers
    [ "$(readlink /proc/$pid/exe)" = "$program" ] &&
        grep -Eq '^SigCgt:.*[4-7c-f][0-9a-f]{3}$' /proc/$pid/status 2> /dev/null
}
# As from a terminal, also where nohup runs the tests.
start() { # COMMAND...
    env --default-signal=HUP "$program" "$@" > "$out" 2> "$err" &
    pid=$!
    until hears || ! kill -0 $pid 2> /dev/null; do sleep 0.05; done
}
# Not for ever; after the first, only the second kills.
ended() { # SIGNAL
    (sleep 30; kill -KILL $pid) > "$dir/guard" 2>&1 3>&- 4>&- &
    local guard=$!
    wait $pid 2> /dev/null
    equal $? $((128 + $(kill -l "$1"))) "status after SIG$1"
    local good=$?
    kill $guard 2> /dev/null
    wait $guard 2> /dev/null
    return $good
}
until_there() { # FILE
    for _ in {1..200}; do
        [ ! -e "$1" ] || return 0
        sleep 0.05
    done
    return 1
}

# Most wait for rows that nobody writes.
exec 3<> rows
for signal in INT TERM HUP; do
    start run svm.txt --train rows -o kept
    kill -$signal $pid
    ended $signal && equal "$(cat "$err")" "mnistpipe: interrupted" && [ ! -e kept ]
    ok "run: SIG$signal"
done
# One that comes after the last look whether one came, before the call that waits.
if sanitized; then
    skip "just before a read" "the sanitizer wants to be loaded first"
else
    LD_PRELOAD=$BUILD/tests/inject.so INJECT_SIGNAL=15 OMP_WAIT_POLICY=passive \
        "$program" run svm.txt --train rows -o kept > "$out" 2> "$err" &
    pid=$!
    ended TERM && equal "$(cat "$err")" "mnistpipe: interrupted" && [ ! -e kept ]
    ok "just before a read"
fi
for command in "check svm.txt --train rows" "export svm.txt --train rows -o e" "inspect rows" \
    "predict run/bundle.mnp rows -o p.csv" "search long.txt --set net.batch={16,32}"; do
    # shellcheck disable=SC2086
    start $command
    kill -TERM $pid
    ended TERM && equal "$(cat "$err")" "mnistpipe: interrupted"
    ok "${command%% *}: SIGTERM"
done
exec 3>&-

# Those whose work is done by processes of their own.
child_of() { grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d/ -f3 | grep .; } # PID
start compare long.txt svm.txt -o c --no-cache
for _ in {1..200}; do
    child=$(child_of $pid) && break
    sleep 0.05
done
kill -TERM $pid
ended TERM && equal "$(cat "$err")" "mnistpipe: interrupted" && ! kill -0 "$child" 2> /dev/null
ok "compare: SIGTERM, and its run has ended, too"

# When all is done but the last word, which nobody reads, there is nothing left to clean up.
exec 4<> full
timeout 1 cat /dev/zero > full
"$program" predict run/bundle.mnp test.csv -o p.csv > full 2> "$err" &
pid=$!
until_there p.csv
sleep 0.3
kill -TERM $pid
ended TERM && [ ! -s "$err" ] && same p.csv run/predictions.csv
ok "a signal at the very end is heard, too"
exec 4>&-

# What is told to ignore the end of its terminal does so.
(trap '' HUP; exec "$program" run svm.txt --train rows --test test.csv -o kept --quiet) > "$out" 2> "$err" &
pid=$!
until hears || ! kill -0 $pid 2> /dev/null; do sleep 0.05; done
kill -HUP $pid
cat train.csv > rows &
wait $pid
equal $? 0 status && [ ! -s "$err" ] && same kept/predictions.csv run/predictions.csv
ok "nohup: SIGHUP changes nothing"
finish
