#!/usr/bin/env bash
# stream.sh - more rows than the memory that a run may have: it takes no more, and finds the same.
#
# The limit is RLIMIT_DATA: memory that is the process's own.  Pages of a mapped file are not: the
# system takes them back when others need them.
. "$(dirname "$0")/lib.bash"

limit=290000 # KiB
if [ -z "$python" ]; then
    skip "more rows than memory" "no python3"
    finish
fi
"$python" - "$data/train.csv.gz" << 'END'
import gzip, struct, sys
with gzip.open(sys.argv[1], "rt") as f:
    next(f)
    rows = [bytes(map(int, line.split(","))) for line, _ in zip(f, range(2000))]
def write(name, times):
    n = times * len(rows)
    with open(f"{name}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, n, 28, 28))
        for _ in range(times):
            f.write(b"".join(row[1:] for row in rows))
    with open(f"{name}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">2I", 0x801, n) + bytes(row[0] for row in rows) * times)
write("few", 1)
write("many", 200)
END
cat > net.txt << 'END'
data train=few test=few
net epochs=1 batch=512
  maxpool size=4
  dense units=8
END
run() { # ROWS FOLDER
    mp run net.txt --train "$1-images-idx3-ubyte" --test few-images-idx3-ubyte --threads 2 -o "$2"
}
if ! (ulimit -d $limit && run few small); then
    skip "more rows than memory" "this build needs more than $limit KiB for few rows"
    finish
fi
[ "$(($(stat -c %s many-images-idx3-ubyte) / 1024))" -gt $limit ]
ok "the file is larger than the memory allowed"
(ulimit -d $limit && run many limited)
ok "a run on it"
run many free && same limited/predictions.csv free/predictions.csv
ok "which finds what it finds without a limit"
! (export TMPDIR=$dir/nowhere && ulimit -d $limit && run many none) &&
    grep -q 'no memory for [0-9]* x 1 bytes' "$err"
ok "without a place for temporary files there is not enough memory, and it says so"

finish
