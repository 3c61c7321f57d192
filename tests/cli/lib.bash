# lib.bash - what the command-line tests share; each sources it first.
#
# MNISTPIPE: the program (default ./mnistpipe).  SOURCE: the source tree.
# MNISTPIPE_DATA: the folder of the sample.  Gives $program, $source, $data, a
# folder of its own as the current one, removed at the end, and TAP.

program=$(realpath "${MNISTPIPE:-./mnistpipe}") || exit 1
source=$(realpath "${SOURCE:-$(dirname "$0")/../..}") || exit 1
data=$(realpath "${MNISTPIPE_DATA:-$source/data}") || exit 1
export MNISTPIPE_DATA=$data LC_ALL=C
unset MNISTPIPE_CACHE OMP_NUM_THREADS
python=$(command -v python3)
dir=$(mktemp -d) || exit 1
# Not by a subshell: one that is killed before it has begun runs this, too (bash 5.2), and there
# no test is ever true.
trap 'if [ "$BASHPID" = $$ ]; then rm -rf "$dir"; fi' EXIT
mkdir "$dir/work"
cd "$dir/work" || exit 1
out=$dir/out err=$dir/err log=$dir/log
: > "$out"; : > "$err"; : > "$log"

count=0 failed=0
# Without arguments after NAME: the status of the command before is the verdict.
ok() { # NAME
    local status=$?
    count=$((count + 1))
    if [ $status -eq 0 ]; then
        echo "ok $count - $1"
    else
        failed=$((failed + 1))
        echo "not ok $count - $1"
        head -n 20 "$log" "$err" 2> /dev/null | cut -c1-300 | sed 's/^/# /'
    fi
    : > "$log"
}
skip() { # NAME REASON
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}
finish() {
    echo "1..$count"
    [ $failed -eq 0 ] || echo "# $failed of $count failed"
    exit $((failed > 0))
}

# The program; its output goes to $out, its remarks to $err.
mp() { "$program" "$@" > "$out" 2> "$err"; }
rows() { gzip -dc "$data/$1.csv.gz" 2> /dev/null | sed -n "1,$(($2 + 1))p;$(($2 + 1))q"; } # SET N
# predictions.csv from the column `predicted` on: what was said, and the scores.
answers() { # FILE
    awk -F, -v OFS=, 'NR == 1 { for (at = 1; at < NF && $at != "predicted"; at++) ; }
        { line = $at; for (i = at + 1; i <= NF; i++) line = line OFS $i; print line }' "$1"
}
same_answers() { same <(answers "$1") <(answers "$2"); } # FILE FILE
none_left() { [ -z "$(ls -A "$1" 2> /dev/null)" ]; } # FOLDER
# Whether the program has sanitizers: their memory is no measure, and libraries are linked.
sanitized() { nm -D "$program" 2> /dev/null | grep -q __asan; }
# Nothing was said on stderr but how far a step has come that takes long, on a slow machine.
silent() { ! grep -v '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] [^:]*: *[0-9]*%  ' "$err" >> "$log"; }
# The text of a file as one line: for sentences, which go on in the next one.
flat() { tr -s ' \n' ' ' < "$1"; } # FILE
# Fails, and says in the log what there is and what there should be.
equal() { # FOUND EXPECTED [WHAT]
    [ "$1" = "$2" ] && return
    printf '%sfound    %s\nexpected %s\n' "${3:+$3: }" "$1" "$2" >> "$log"
    return 1
}
# The same bytes.
same() { # FILE FILE
    cmp "$1" "$2" >> "$log" 2>&1
}
