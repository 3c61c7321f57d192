#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# threads.sh - without --threads there are as many as may compute at the same time.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 300 > train.csv
rows test 20 > test.csv
printf 'data train=train.csv test=test.csv\nresize width=7 height=7\nsvm C=0.05\n' > svm.txt
threads() { # N: of a run that the words behind start
    local n=$1
    shift
    "$@" "$program" run svm.txt -o run --json > "$out" 2> "$err"
    equal "$(sed -n 's/^  "threads": \([0-9]*\),*$/\1/p' "$out")" "$n" threads
}
threads "$(nproc)" env
ok "one for each processor"
threads 1 env OMP_NUM_THREADS=1
ok "no more than OMP_NUM_THREADS"
threads "$(nproc)" env OMP_NUM_THREADS=1000
ok "OMP_NUM_THREADS makes no processors"
threads 1 taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')"
ok "no more than the processors that the process may run on"
OMP_NUM_THREADS=1 "$program" run svm.txt -o three --threads 3 --json > "$out" 2> "$err" &&
    grep -q '"threads": 3,' "$out"
ok "--threads is taken as it is"

# How threads wait: gcc's OpenMP tells.
waits() { # SPINS VARIABLE=VALUE... : what OpenMP is told in the end
    local expected=$1
    shift
    env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT OMP_DISPLAY_ENV=verbose "$@" \
        "$program" list --threads 2 > "$out" 2> "$err"
    equal "$(sed -n "s/.*GOMP_SPINCOUNT = '\(.*\)'/\1/p" "$err" | tail -1)" "$expected" looks
}
if env OMP_DISPLAY_ENV=verbose "$program" --version 2>&1 | grep -q GOMP_SPINCOUNT; then
    waits 2000
    ok "threads that wait sleep soon"
    waits 7 GOMP_SPINCOUNT=7 && waits 30000000000 OMP_WAIT_POLICY=active
    ok "the user's word on that counts"
else
    skip "how threads wait" "not gcc's OpenMP"
fi

# A group of half a processor's time, where one may be made.
in_group() { # FOLDER FILE TEXT COMMAND...
    (echo "$3" > "$1/$2" && echo $BASHPID > "$1/cgroup.procs" && shift 3 && exec "$@")
}
made=
for try in /sys/fs/cgroup/cpu/cpu.cfs_quota_us:50000 "/sys/fs/cgroup/cpu.max:50000 100000"; do
    folder=$(dirname "${try%%:*}")/mnistpipe-$$
    file=$(basename "${try%%:*}")
    mkdir "$folder" 2> /dev/null || continue
    if [ -w "$folder/$file" ] && in_group "$folder" "$file" "${try#*:}" true 2> /dev/null; then
        made=$folder
        threads 1 in_group "$folder" "$file" "${try#*:}"
        ok "no more than the time of the cgroup is enough for"
    fi
    rmdir "$folder"
done
[ -n "$made" ] || skip "the time of a cgroup" "no cgroup can be made here"
finish
