#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TiMBL 6.5 (Debian 12) and 6.10 (Debian 13): `timbl -mE` classifies by the k nearest neighbours in
# Euclidean distance, each feature divided by its range; -mN adds up differences without sign.
# Expected: sqrt(sum (a - b)^2), or the sum of its terms.  Adding the same level to all rows, or
# taking negatives of all digits, changes no distance.
# What happens: each feature adds sqrt(|a^2 - b^2|).  Differences weigh the more the higher levels
# are: 12 is farther from 13 than 0 from 4.  Below, the row that differs by 3 in one pixel is
# nearer than the one that differs by 1 in two; of the same rows with 16 - x for each x it is not,
# and 100 more for each x makes all distances about three times as large.  A feature's share is
# right where one of both values is 0, as in the simplest examples.  Nothing is said.
. "$(dirname "$0")/unpack.bash"

# METRIC NAME AWK: the rows nearest to "15 15", and how far they are; AWK changes all levels x.
look() {
    local change='{ $1 = f($1); $2 = f($2); print }'
    printf '%s\n' '15 12 three' '16 16 two_ones' '10 15 five' '0 0 range' |
        awk "function f(x) { return $3 } $change" >"$here/train"
    echo '15 15 query' | awk "function f(x) { return $3 } $change" >"$here/test"
    (cd "$here" && inside "$root/usr/bin/timbl" -f train -t test -m "$1" -w 0 -k 3 +vdi+n+db \
        -o found >log 2>&1)
    echo "$2:" $(sed -nE 's/.*distance:\s*([0-9]+\.[0-9]{3}).*/\1/p; s/^#.*\{ *([a-z_]+).*/\1/p' \
        "$here/found")
}
metrics() {
    inside "$root/usr/bin/timbl" -V 2>&1 | sed -n 's/ (c).*//p' | head -1
    for metric in N E; do
        echo "-m$metric"
        look $metric "  x" x
        look $metric "  16 - x" "16 - x"
        look $metric "  x + 100" "x + 100"
    done
}

unpack bookworm timbl=6.5-3
metrics >"$here/seen"
unpack trixie timbl=6.10-3
metrics >>"$here/seen"
as_before_on 'TiMBL 6.5' 'TiMBL 6.10' <<'END'
-mN
  x: 0.125 two_ones 0.187 three 0.312 five 1.875 range
  16 - x: 0.125 two_ones 0.187 three 0.312 five 1.875 range
  x + 100: 0.125 two_ones 0.187 three 0.312 five 1.875 range
-mE
  x: 0.562 three 0.695 two_ones 0.698 five 1.875 range
  16 - x: 0.125 two_ones 0.242 three 0.369 five 1.996 range
  x + 100: 1.630 three 1.899 two_ones 2.096 five 7.098 range
END
