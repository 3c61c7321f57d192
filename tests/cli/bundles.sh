#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bundles.sh - bundles of earlier versions are read, and say what they said; those of later ones
# are refused by name.
. "$(dirname "$0")/lib.bash"

rows test 40 > test.csv
for file in "$source"/tests/bundles/*/*.mnp; do
    name=${file#"$source"/tests/bundles/}
    want=${file%.mnp}.csv
    mp predict "$file" test.csv -o p.csv --quiet &&
        equal "$(answers p.csv | cut -d, -f1)" "$(answers "$want" | cut -d, -f1)"
    ok "$name: read, and its predictions are what they were"
    # Another processor may sum in another order.
    paste -d, <(answers p.csv) <(answers "$want") | awk -F, 'NR > 1 { for (i = 2; i <= NF / 2; i++) {
        d = $i - $(i + NF / 2); if (d < 0) d = -d; m = $i < 0 ? -$i : $i
        if (d > 1e-3 * (1 + m)) { print "line " NR ": " $i; bad = 1 } } }
        END { exit bad || NR != 41 }' >> "$log"
    ok "$name: so are its scores"
    mp info "$file" && grep -q "^written  by mnistpipe ${name%%/*}$" "$out" &&
        mp info "$file" --json &&
        { [ -z "$python" ] || "$python" -m json.tool "$out" > /dev/null; }
    ok "$name: info says who wrote it"
done
[ "$(ls "$source"/tests/bundles/0.1.0/*.mnp | wc -l)" -ge 7 ]
ok "there are bundles of 0.1.0 to read"

old=$source/tests/bundles/0.1.0/svm.mnp
[ -n "$python" ] && cat > change.py << 'END'
"""change.py BUNDLE VERSION PROGRAM STAGE TO - the bundle as if of another form, program, and with
another name of its last stage, all sums right."""
import struct
import sys
import zlib

whole, form, program, stage = open(sys.argv[1], "rb").read(), int(sys.argv[2]), *sys.argv[3:5]
p = whole[32:]


def text(p, key, change):
    at = p.index(bytes([len(key)]) + key, 0)
    n = struct.unpack_from("<Q", p, at + 1 + len(key))[0]
    at += 1 + len(key)
    at2 = at + 8 + 1 + len(key) + 8
    new = change(p[at2:at2 + n])
    size = struct.pack("<Q", len(new))
    return p[:at] + size + bytes([len(key)]) + key + size + new + p[at2 + n:]


p = text(p, b"version", lambda t: program.encode())
p = text(p, b"pipeline", lambda t: t.replace(b"svm", stage.encode()))
if len(sys.argv) > 6:
    name, value = b"colour", b"a section of a later version"
    count, key = struct.pack("<Q", len(value)), bytes([len(name)]) + name
    p += key + count + key + count + value
h = whole[:8] + struct.pack("<IIQI", form, 0x01020304, len(p), zlib.crc32(p))
open(sys.argv[5], "wb").write(h + struct.pack("<I", zlib.crc32(h)) + p)
END
this=$("$program" --version | sed -n '1s/^mnistpipe //p')
if [ -n "$python" ]; then
    "$python" change.py "$old" 9 4.2.0 svm b.mnp && ! mp predict b.mnp test.csv -o p2.csv &&
        equal "$(cat "$err")" "mnistpipe: b.mnp: is a bundle of version 9, written by mnistpipe \
4.2.0; this program, mnistpipe $this, reads versions 1 to 3"
    ok "a form of a later version: refused, with the program that wrote it"
    "$python" change.py "$old" 2 0.2.9 negated b.mnp && ! mp predict b.mnp test.csv -o p2.csv &&
        equal "$(cat "$err")" "mnistpipe: b.mnp: its pipeline (mnistpipe 0.2.9):3: negated: no such \
stage; \`mnistpipe list\` shows them all"
    ok "a stage of another program: which one wrote it is said"
    "$python" change.py "$old" 2 0.2.9 svm b.mnp more && mp predict b.mnp test.csv -o p2.csv &&
        mp predict "$old" test.csv -o p.csv && same p.csv p2.csv
    ok "a section that is not known is skipped"
else
    skip "other versions" "no python3"
fi

# --------------------------------------------------------------------- info

rows train 100 > train.csv
printf 'data train=train.csv test=test.csv\ndeskew\nresize width=7 height=7\npixels\nsvm C=0.1\n' > a.txt
mp run a.txt --seed 3 -o a && mp info a/bundle.mnp && fits=$(awk 'length > 80' "$out") &&
    equal "$fits" "" && for line in "pipeline deskew" "         resize width=7 height=7" \
    "classes  10: 0 1 2 3 4 5 6 7 8 9" "images   28 x 28" "written  by mnistpipe $this" \
    "scores   margins"; do
        grep -qx -- "$line" "$out" || echo "no line \"$line\"" >> "$log"
    done
grep -q '^learned  from 100 rows of train.csv (CRC-32 [0-9a-f]\{8\}), seed 3$' "$out" && [ ! -s "$log" ]
ok "info tells what is in a bundle"
mp info a/bundle.mnp --json && cp "$out" info.json &&
    { [ -z "$python" ] || "$python" - >> "$log" 2>&1 << 'END'
import json
import os

i, r = json.load(open("info.json")), json.load(open("a/report.json"))
assert i["pipeline"].splitlines() == r["pipeline"]["text"].splitlines()[1:], i["pipeline"]
assert i["labels"] == r["labels"] and i["scores"] == r["scores"] and i["seed"] == 3
assert i["trained_on"]["rows"] == 100 and i["trained_on"]["crc32"] == r["train"]["crc32"]
assert i["image"] == [28, 28] and i["bytes"] == os.path.getsize("a/bundle.mnp")
assert [s["parameters"] for s in i["stages"] if s["stage"] == "svm"] == [500], i["stages"]
END
    }
ok "info --json: the same, and what the run's report says"
gzip -dc "$data/train.csv.gz" | sed '1p;200,230!d' > more.csv
sed 's/^data/& keep=25/' a.txt > kept.txt
mp run kept.txt --seed 3 --more more.csv --more test.csv -o kept && mp info kept/bundle.mnp &&
    grep -q '^learned  from 171 rows of train.csv, more.csv and test.csv (' "$out" &&
    grep -qx 'keeps    25 training images, 19.1 KiB, of which `serve` shows the nearest' "$out" &&
    mp info kept/bundle.mnp --json && grep -q '"kept": 25' "$out" && grep -A3 '"more": \[' "$out" |
    tr -d ' \n' | grep -q '"more":\["more.csv","test.csv"\]'
ok "info tells of images that are kept, and of all that was trained on"
names=$(grep -ao '^\(.*line\|line\) [0-9]* of [a-z]*.csv$' kept/bundle.mnp | sed 's/.*line/line/')
equal "$(sed 's/.* of //' <<< "$names" | sort -u | tr '\n' ' ')" "more.csv test.csv train.csv " &&
    equal "$(wc -l <<< "$names")" 25
ok "rows of several files that are kept say which they are of"
[ -n "$python" ] && cat > break.py << 'END'
"""break.py BUNDLE FIELD OFFSET BYTE TO - a byte of a field of its exemplars changed, all sums right."""
import struct
import sys
import zlib

whole, field = bytearray(open(sys.argv[1], "rb").read()), sys.argv[2].encode()
start = whole.rindex(b"\x09exemplars")
at = whole.index(bytes([len(field)]) + field, whole.index(bytes([len(field)]) + field, start) + 1)
whole[at + 1 + len(field) + 8 + int(sys.argv[3])] = int(sys.argv[4])
h = whole[:24] + struct.pack("<I", zlib.crc32(whole[32:]))
open(sys.argv[5], "wb").write(h + struct.pack("<I", zlib.crc32(h)) + whole[32:])
END
broken() { # FIELD OFFSET BYTE ERROR
    "$python" break.py kept/bundle.mnp "$1" "$2" "$3" b.mnp && ! mp info b.mnp &&
        equal "$(cat "$err")" "mnistpipe: b.mnp: $4"
    ok "images that are kept, $1 broken"
}
if [ -n "$python" ]; then
    broken classes 7 1 "the bundle keeps an image of class 260 of 10"
    broken rows 0 10 "the bundle keeps 25 images whose rows have other names than a line each"
    broken rows 4 0 'the state'"'"'s "rows" is no text of at most 6400 bytes'
    broken images -8 16 'the state'"'"'s "images" has 19472 values; expected 19600'
else
    skip "images that are kept, broken" "no python3"
fi
! mp info a.txt && equal "$(cat "$err")" "mnistpipe: a.txt: is no bundle of mnistpipe"
ok "info of what is no bundle"
mkfifo pipe.mnp
! timeout 60 "$program" info pipe.mnp > "$out" 2> "$err" && equal "$(cat "$err")" \
    "mnistpipe: pipe.mnp: cannot be read as a pipe; expected a file"
ok "a pipe that nobody writes into is not waited for"
finish
