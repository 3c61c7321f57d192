#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# stream.sh - more rows than the memory that a run may have: it takes no more, and finds the same.
#
# The limit is RLIMIT_DATA: memory that is the process's own, reserved or used.  Pages of a mapped
# file are not: the system takes them back when others need them, and those that a pass has
# left behind are let go.
. "$(dirname "$0")/lib.bash"

limit=400000 # KiB, of which OpenBLAS reserves 131072 for each thread of its own
narrow=300000 # where rows of 16 bits a value have no room either
if [ -z "$python" ]; then
    skip "more rows than memory" "no python3"
    finish
fi
"$python" - "$data/train.csv.gz" << 'END'
import gzip, struct, sys
with gzip.open(sys.argv[1], "rt") as f:
    next(f)
    rows = [bytearray(map(int, line.split(","))) for line, _ in zip(f, range(2000))]
def write(name, times):
    """The rows, each copy with marks of its own in the first two pixels."""
    n = times * len(rows)
    with open(f"{name}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, n, 28, 28))
        for k in range(times):
            for row in rows:
                row[1:3] = k % 256, k // 256
            f.write(b"".join(row[1:] for row in rows))
    with open(f"{name}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2I", 0x801, n) + bytes(row[0] for row in rows) * times)
write("few", 1)
write("half", 135)
write("many", 270)
END
pipeline() { # NAME LINE...
    printf 'data train=few test=few\n' > "$1.txt"
    printf '%s\n' "${@:2}" >> "$1.txt"
}
pipeline net 'net epochs=1 batch=512' '  maxpool size=4' '  dense units=8'
# Far from the least, so that few passes are enough.
pipeline svm 'resize width=16 height=16' 'svm solver=dense C=0.01 tolerance=0.1'
pipeline copied 'augment copies=1' 'resize width=16 height=16' 'svm solver=dense C=0.01 tolerance=0.1'
pipeline ridge 'deskew' 'pca components=16' 'ridge'
run() { # NAME ROWS FOLDER
    mp run "$1.txt" --train "$2-images-idx3-ubyte" --test few-images-idx3-ubyte --threads 2 -o "$3"
}
run net few small
ok "a run on few rows"
if ! (ulimit -d $limit && run net few small); then
    skip "more rows than memory" "this build needs more than $limit KiB for few rows"
    finish
fi
[ "$(($(stat -c %s many-images-idx3-ubyte) / 1024))" -gt $limit ]
ok "the file is larger than the memory allowed"
half_file=$(($(stat -c %s half-images-idx3-ubyte) / 1024))
# KiB that a run held at most, files included
peak() { "$python" -c 'import json, sys
print(int(json.load(open(sys.argv[1]))["memory"]["peak_bytes"] / 1024))' "$1/report.json"; }
for name in net svm ridge; do
    (ulimit -d $limit && run $name half half && run $name many limited) &&
        [ "$(peak limited)" -lt $limit ]
    ok "$name: a run on it holds less than that"
    half=$(peak half) all=$(peak limited)
    [ $name = svm ] || [ $((all - half)) -lt $((half_file / 2)) ] # svm keeps what there is room for
    ok "$name: and little more than on half of them: $half, $all KiB"
done
again='each pass makes \(the others\|them\) again'
for name in svm:many copied:half; do
    rows=${name#*:} name=${name%:*}
    run $name $rows free && (ulimit -d $narrow && run $name $rows limited) &&
        tr -s '\n ' ' ' < limited/report.txt | grep -q "$again" &&
        ! tr -s '\n ' ' ' < free/report.txt | grep -q "$again"
    ok "$name: rows that memory has no room for are made again in each pass, and it says so"
    same limited/bundle.mnp free/bundle.mnp && same limited/predictions.csv free/predictions.csv
    ok "$name: which finds what it finds without a limit, to the byte"
done
checked() { # ENDING: what `check` says of the same rows
    mp check svm.txt --train many-images-idx3-ubyte --test few-images-idx3-ubyte --threads 2 &&
        flat "$out" | grep -q "again and again, [0-9.]* MB at 16 bits a value; [0-9.]* GB of .*: .*$1"
}
checked 'they are kept there' && (ulimit -d $narrow && checked "$again")
ok "check: says before where they will lie"

# Rows that lie in a plain file stay there; of others a copy does, in a temporary file.
limited_net() { (export TMPDIR=$1 && ulimit -d $limit && run net "$2" "$3"); }
mkdir room
gzip -1 -k many-images-idx3-ubyte many-labels-idx1-ubyte
for kind in images-idx3 labels-idx1; do
    mv many-$kind-ubyte.gz packed-$kind-ubyte # the content tells, not the name
done
limited_net nowhere many plain && limited_net room packed unpacked &&
    same plain/predictions.csv unpacked/predictions.csv && none_left room
ok "rows in a plain file are read where they lie; packed ones from a temporary file; the same"
! limited_net nowhere packed none && grep -q 'no memory for [0-9]* x 1 bytes' "$err"
ok "without a place for temporary files there is not enough memory, and it says so"
pipeline long 'net epochs=10000 batch=512' '  dense units=8'
rm plain/bundle.mnp
(ulimit -d $limit && exec timeout 120 "$program" run long.txt --train many-images-idx3-ubyte \
    --test few-images-idx3-ubyte -o plain 2> "$err") &
training=$!
until [ -s plain/checkpoint.mnp ] || ! kill -0 $training; do sleep 0.1; done 2> /dev/null
truncate -s 1000 many-images-idx3-ubyte
status=0
wait $training || status=$?
[ $status = 1 ] && tail -1 "$err" |
    grep -q "^mnistpipe: $(pwd -P)/many-images-idx3-ubyte: rows are read where they lie, "
ok "one that is cut meanwhile ends the run with an error that names it: status $status"

finish
