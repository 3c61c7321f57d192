#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# read.sh - `read` on the page that ships, whose digits bench/handwriting.py drew, on pages that are
# made here, and on what is no page.
. "$(dirname "$0")/lib.bash"

page=$source/docs/tutorial/hand.jpg
cat > digits.txt << 'END'
3873117192941
84937808711
52598549612
184048114286
17065941261
52531182570198
END
"$program" run "$source/pipelines/hog_svm.txt" --quiet -o fit >> "$log" 2>&1
bundle=fit/bundle.mnp
[ -e $bundle ]
ok "a bundle of the sample"

# How many digits of two files differ, line by line, where all are found.
wrong() { # FILE FILE
    paste -d ' ' <(tr -d ' ' < "$1") "$2" | awk '
        { if (length($1) != length($2)) exit n = 1000
          for (i = 1; i <= length($1); i++) n += substr($1, i, 1) != substr($2, i, 1) }
        END { print n + 0 }'
}

# ------------------------------------------------------------------ the page

mp read --bundle $bundle --text "$page" && silent
equal "$(wc -l < "$out")" 6 && [ "$(wrong "$out" digits.txt)" -le 1 ]
ok "all 72 digits of six lines on ruled paper are found, and 71 are right at least"

mp read --bundle $bundle --json "$page" && "$python" - "$out" digits.txt << 'END' > result 2>> "$log"
import json, sys
p, = json.load(open(sys.argv[1]))
truth = open(sys.argv[2]).read().split()
assert p["picture"].endswith("hand.jpg") and p["strokes"] == "dark" and p["digits"] == 72
assert -3.5 < p["degrees"] < -1.5, p["degrees"]
for k, line in enumerate(truth):
    marks = [m for m in p["marks"] if m["line"] == k + 1]
    assert [m["place"] for m in marks] == list(range(1, len(line) + 1))
    assert all(a["left"] < b["left"] for a, b in zip(marks, marks[1:]))
    assert "".join(str(m["digit"]) for m in marks) == p["lines"][k].replace(" ", "")
for m in p["marks"]:
    assert m["kind"] == "digit" and m["digit"] != m["second"] and m["lead"] >= 0
    assert m["unsure"] == (m["lead"] < p["threshold"]) and 15 < m["height"] < 70
END
ok "--json: lines, places, boxes, classes and how sure"

mp read --bundle $bundle "$page" && flat "$out" | grep -q 'pixels, dark strokes, 72 digits in 6 lines, '
ok "the table"

cp "$out" first && mp read --bundle $bundle "$page" --threads 1 && same "$out" first
ok "one thread: the same bytes"

# EXIF says how a page stands: 6 is turned by a quarter.
"$python" - "$page" turned.jpg << 'END'
import struct, sys
jpeg = open(sys.argv[1], "rb").read()
tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
body = b"Exif\0\0" + tiff
open(sys.argv[2], "wb").write(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:])
END
mp read --bundle $bundle --json turned.jpg && tr -d ' \n' < "$out" | grep -q '"width":523,"height":812,'
ok "a page that EXIF turns stands upright"

# ---------------------------------------------------------------- the look of it

mp read --bundle $bundle "$page" "$page" -o page.html --quiet && "$python" "$source/tests/cli/page.py" page.html >> "$log" &&
    equal "$(grep -c '<svg class="sheet"' page.html)" 2 && equal "$(grep -c '<text class="' page.html)" 144 &&
    [ "$(wc -c < page.html)" -lt 1500000 ]
ok "-o: a page with the pictures, boxes and digits"
sed -n 's/.*<strong>[0-9]<.strong> \([0-9.]*\).*/\1/p' page.html > sure
sort -n sure | same - sure && equal "$(wc -l < sure)" 144
ok "the least sure first"

# ----------------------------------------------------------------- training

mp read --bundle $bundle --crops crops "$page" "$page" --quiet
equal "$(find crops -name '*.png' | wc -l)" 144 && [ -s crops/3/hand-1_1_1.png ]
ok "--crops: a picture for each digit, in the folder of its class"
mp predict $bundle crops -o predictions.csv && flat "$out" | grep -q 'accuracy 100.00 %'
ok "which reads back as what the bundle saw"

printf 'data train=sample:train test=sample:test\nhog\nsvm\n' > hog.txt
mp run hog.txt --more crops --more crops -o more && grep -q '6288 rows of sample:train and more, 10 classes' "$out" &&
    grep -q '^note     144 rows to train on besides, of crops, behind 6000 others$' more/report.txt &&
    grep -q '^note     144 rows to train on besides, of crops, behind 6144 others$' more/report.txt
ok "run --more: a folder beside the sample, twice"
sed 's/^data /data more=crops /' hog.txt > line.txt && mp run line.txt --more crops --more crops -o again &&
    same more/bundle.mnp again/bundle.mnp && mp run line.txt -o once && ! same more/bundle.mnp once/bundle.mnp 2> rest
ok "as data more=, which the command line replaces"
mkdir -p letters/a && cp crops/3/hand-1_1_1.png letters/a && mp run hog.txt --more letters --keep 50 -o eleven &&
    grep -q '6001 rows of sample:train and more, 11 classes' "$out"
ok "rows of another class make one more"
equal "$(grep -aoc 'line [0-9]* of sample:train$' eleven/bundle.mnp)" 49 &&
    grep -aq 'letters/a/hand-1_1_1.png$' eleven/bundle.mnp
ok "rows that it keeps are called what they are there: a line, a picture"
rows test 3 | cut -d, -f2- > none.csv
! mp run hog.txt --more none.csv -o none && equal "$(cat "$err")" \
    "mnistpipe: none.csv: has no labels; rows to train on besides need them"
ok "rows without labels"
awk 'BEGIN { print "label,a,b,c,d"; for (i = 0; i < 4; i++) print i ",1,2,3,4" }' > other.csv
! mp run hog.txt --more other.csv -o none && equal "$(cat "$err")" \
    "mnistpipe: other.csv: images are 2 x 2, but the training rows are 28 x 28" && none_left none
ok "rows of another size"

# --------------------------------------------------- what there is not to read

pnm() { # FILE: rows of values from stdin
    local h w values
    values=$(cat)
    h=$(wc -l <<< "$values") w=$(head -1 <<< "$values" | wc -w)
    printf 'P2\n%s %s\n255\n%s\n' "$w" "$h" "$values" > "$1"
}
awk 'BEGIN { for (y = 0; y < 120; y++) { for (x = 0; x < 160; x++) printf "%d ", 200 + (x * 7 + y * 3) % 3; print "" } }' | pnm blank.pgm
mp read --bundle $bundle blank.pgm --json && equal "$(grep -c '"kind"' "$out")" 0 &&
    equal "$(cat "$err")" "warning: blank.pgm: nothing stands out from the paper: there is no digit"
ok "a page without ink"

# A frame, a dash and a dot: no digit.
awk 'BEGIN { for (y = 0; y < 200; y++) { for (x = 0; x < 300; x++) {
    dash = y >= 98 && y < 104 && x >= 60 && x < 120
    one = x >= 150 && x < 157 && y >= 60 && y < 130
    printf "%d ", dash || one ? 20 : 240 }; print "" } }' | pnm marks.pgm
mp read --bundle $bundle marks.pgm --json &&
    equal "$(sed -n 's/.*"kind": "\([a-z]*\)".*/\1/p' "$out" | xargs)" "dash digit"
ok "a dash is no digit"
awk 'BEGIN { for (y = 0; y < 200; y++) { for (x = 0; x < 300; x++) {
    one = x >= 150 && x < 157 && y >= 60 && y < 130
    printf "%d ", one ? 230 : 30 }; print "" } }' | pnm light.pgm
mp read --bundle $bundle light.pgm --json && grep -q '"strokes": "light"' "$out" && grep -q '"digit": 1' "$out"
ok "light strokes on dark ground"

# ---------------------------------------------------------------- what is wrong

fails() { # STATUS TEXT ARGUMENT...
    local status=$1 text=$2
    shift 2
    mp "$@"
    equal $? "$status" status && equal "$(cat "$err")" "mnistpipe: $text"
}
echo "no picture" > text.png
fails 1 "text.png: is no picture; expected PNG, JPEG, TIFF, BMP, GIF, WebP or PNM" \
    read --bundle $bundle text.png
ok "a text called .png"
head -c 9000 "$page" > cut.jpg
fails 1 "cut.jpg: is a damaged JPEG (Premature end of JPEG file)" read --bundle $bundle cut.jpg
ok "a picture that is cut"
: > empty.png
fails 1 "empty.png: is empty" read --bundle $bundle empty.png
ok "an empty file"
printf 'P5\n20000 20000\n255\n' > huge.pgm
fails 1 "huge.pgm: says that it has 20000 x 20000 pixels, more than 100 million" \
    read --bundle $bundle huge.pgm
ok "20 000 x 20 000"
printf 'P2\n3 2\n255\n0 0 0 255 255 255\n' > tiny.pgm
fails 1 "tiny.pgm: has 2 x 3 pixels; a page to be read has at least 8 x 8" \
    read --bundle $bundle tiny.pgm
ok "six pixels"
fails 1 "nowhere.png: no such file" read --bundle $bundle nowhere.png
ok "no file"
fails 1 "fit: is no file; expected a picture" read --bundle $bundle fit
ok "a folder"
fails 2 "read: --bundle FILE names the fitted pipeline that reads, bundle.mnp of a run" read "$page"
ok "no bundle"
fails 2 "read: expected pictures, found none" read --bundle $bundle
ok "no picture"
fails 2 "read: --json and --text: what is printed has one form" read --bundle $bundle --json \
    --text "$page"
ok "two forms"
fails 2 "page.png: what is written is a page; a name that says so ends with .html or .htm" \
    read --bundle $bundle -o page.png "$page"
ok "a page that is called a picture"
fails 1 "cut.jpg: is a damaged JPEG (Premature end of JPEG file)" read --bundle $bundle cut.jpg \
    --crops crops2 -o page2.html
none_left crops2 && [ ! -e page2.html ]
ok "and nothing is left of what failed"
rows train 60 | sed '2,$s|^[5-9],|../up,|' > up.csv
printf 'data train=up.csv\npixels\nsvm C=0.01\n' > up.txt
mp run up.txt -o up --quiet
fails 1 '--crops: the class "../up" of up/bundle.mnp cannot be a folder'"'"'s name (it is empty, begins '\
'with a point or has a slash); leave --crops out' read --bundle up/bundle.mnp "$page" --crops crops3
none_left crops3
ok "a class whose name leads out of the folder of crops"

awk 'BEGIN { for (y = 0; y < 1000; y++) { for (x = 0; x < 1100; x++)
    printf "%d ", y % 14 < 9 && x % 14 < 4 ? 0 : 255; print "" } }' | pnm dots.pgm
fails 1 "dots.pgm: the picture has more than 5000 marks as large as digits; expected a page of handwriting" \
    read --bundle $bundle dots.pgm
ok "a picture full of marks"

# Bundles of other things.
awk 'BEGIN { srand(1); print "label,a,b,c,d"; for (i = 0; i < 40; i++) print i % 2 "," i % 2 * 200 + i "," i ",3,9" }' > few.csv
printf 'data train=few.csv test= size=2x2\nsvm\n' > few.txt
"$program" run few.txt --quiet -o few >> "$log" 2>&1
fails 1 "few/bundle.mnp: takes rows of 2 x 2; read makes images of one channel, of 8 x 8 pixels or more, such as 28 x 28" \
    read --bundle few/bundle.mnp "$page"
ok "a bundle of another shape"
rows train 400 | awk -F, -v OFS=, 'NR > 1 { $1 = substr("abcdefghij", $1 + 1, 1) } 1' > letters.csv
printf 'data train=letters.csv test=\nsvm\n' > letters.txt
"$program" run letters.txt --quiet -o letters >> "$log" 2>&1
fails 1 'letters/bundle.mnp: has a class "a"; read finds digits, expected classes among 0 .. 9' \
    read --bundle letters/bundle.mnp "$page"
ok "a bundle of letters"
printf 'data train=sample:train test=\nresize width=14 height=14\nsvm\n' > small.txt
rows train 2000 | "$python" -c '
import sys
for k, line in enumerate(sys.stdin):
    v = line.strip().split(",")
    if k == 0:
        print("label," + ",".join(f"p{i}" for i in range(196)))
        continue
    x = [int(a) for a in v[1:]]
    print(v[0] + "," + ",".join(str(sum(x[(2 * y + i) * 28 + 2 * z + j] for i in (0, 1)
          for j in (0, 1)) // 4) for y in range(14) for z in range(14)))' > half.csv
printf 'data train=half.csv test=\ndeskew\nhog cell=4 block=2\nsvm\n' > half.txt
"$program" run half.txt --quiet -o half >> "$log" 2>&1
mp read --bundle half/bundle.mnp --text "$page"
"$python" - "$out" digits.txt << 'END' >> "$log" 2>&1
import difflib, sys
found, truth = ("".join(open(name).read().split()) for name in sys.argv[1:])
assert difflib.SequenceMatcher(None, found, truth, False).ratio() > 0.85, found
END
ok "a bundle of 14 x 14 reads, too"

finish
