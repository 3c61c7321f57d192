#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pictures.sh - rows from pictures: which files of a folder or a list, their labels, sizes, colours.
. "${BASH_SOURCE%/*}/lib.bash"

shipped=$source/tests/pictures

# A PGM of one grey level, HEIGHTxWIDTH; or of the levels given.
pgm() { # FILE LEVEL [HxW]
    local h=${3:-1x2} w
    w=${h#*x} h=${h%x*}
    mkdir -p "$(dirname "$1")"
    { printf 'P2\n%d %d\n255\n' "$w" "$h"; yes "$2" | head -n $((w * h)); } > "$1"
}
levels() { # FILE HxW LEVEL...
    local file=$1 size=$2
    shift 2
    mkdir -p "$(dirname "$file")"
    printf 'P2\n%d %d\n255\n%s\n' "${size#*x}" "${size%x*}" "$*" > "$file"
}
# The rows of PATH, beside others that have labels, unless they have: RESULT in rows/test.csv.
read_rows() { # PATH [SETTING...]
    local path=$1
    shift
    echo "data train=\"${train:-$path}\" test=\"$path\" $*" > rows.txt
    mp export rows.txt --format csv --bytes -o rows
    local status=$?
    # What every command remarks about such rows is not of interest here.
    grep -vE ': (no value is above|the outermost pixels|every pixel has)' "$err" > "$dir/left"
    return $status
}
gives() { # NAME EXPECTED PATH [SETTING...]: rows as "label,v,v label,v,v"
    local name=$1 expected=$2
    shift 2
    read_rows "$@" && equal "$(sed 1d rows/test.csv | tr '\n' ' ')" "$expected " rows
    ok "$name"
}
refused() { # NAME TEXT PATH [SETTING...]
    local name=$1 text=$2
    shift 2
    read_rows "$@"
    equal $? 1 status && equal "$(cat "$err")" "mnistpipe: $text" text
    ok "$name"
}
said() { # NAME TEXT...: warnings, in any order, each once or for training and test rows
    local name=$1
    shift
    equal "$(sort -u "$dir/left")" "$([ $# = 0 ] || printf 'warning: %s\n' "$@" | sort)" warnings
    ok "$name"
}

# ---------------------------------------------------------------- folders

pgm set/7/b.pgm 20
pgm set/7/a.pgm 10
pgm set/3/z.pgm 30
pgm set/3/within/y.pgm 40
gives "a folder for each class, files in byte order of their names" \
    "3,40,40 3,30,30 7,10,10 7,20,20" set
said "nothing is said about it"
gives "the same with a slash behind it" "3,40,40 3,30,30 7,10,10 7,20,20" set/

pgm words/zebra/a.pgm 10
pgm words/"two words"/b.pgm 20
pgm words/07/c.pgm 30
gives "classes have the folders' names" "7,30,30 two words,20,20 zebra,10,10" words
pgm prefixed/left_1.pgm 10
pgm prefixed/-5.pgm 10
refused "a prefix of nothing" "prefixed: label=prefix: the name -5.pgm has no _ or - behind a label" \
    prefixed label=prefix

mkdir set/__MACOSX set/.git
cp set/7/a.pgm set/__MACOSX/x.pgm
cp set/7/a.pgm set/.git/x.pgm
cp set/7/a.pgm set/7/._a.pgm
echo x > set/7/Thumbs.db
gives "hidden files, __MACOSX and Thumbs.db are skipped" "3,40,40 3,30,30 7,10,10 7,20,20" set
said "without a word"
echo "x,y" > set/7/notes.csv
echo "x" > set/README
gives "other files are passed over" "3,40,40 3,30,30 7,10,10 7,20,20" set
said "and said" "set: passed over 2 files that are no pictures by name and content: 7/notes.csv ..."
rm -r set/7/notes.csv set/README
cp set/7/a.pgm set/7/nameless
gives "a picture without an ending is one by its content" \
    "3,40,40 3,30,30 7,10,10 7,20,20 7,10,10" set
rm set/7/nameless

ln -s ../../set set/3/round
ln -s ../7/a.pgm set/3/link.pgm
gives "links to files are followed, circles of folders end" \
    "3,10,10 3,40,40 3,30,30 7,10,10 7,20,20" set
rm set/3/round set/3/link.pgm
ln -s nowhere set/3/gone.pgm
refused "a link to nowhere" "set/3/gone.pgm: cannot read: No such file or directory" set
rm set/3/gone.pgm

mkdir -p empty/0
echo x > empty/0/x.txt
refused "a folder without pictures" "empty: is a folder without pictures (PNG, JPEG, TIFF, BMP, GIF, \
WebP, PNM); expected some, or a folder of them for each class, or a file of rows; found 0/x.txt" empty
mkdir parts
cp -r set parts/train
cp -r set parts/test
pgm parts/test/5/e.pgm 50
rows_of="3,40,40 3,30,30 5,50,50 7,10,10 7,20,20"
gives "folders train and test are the training and the test rows" "$rows_of" parts
equal "$(sed 1d rows/train.csv | tr '\n' ' ')" "3,40,40 3,30,30 7,10,10 7,20,20 "
ok "each its own"
echo 'data train=parts' > rows.txt
mp export rows.txt --format csv --bytes -o rows
equal "$(sed 1d rows/test.csv | tr '\n' ' ')" "$rows_of " && grep -q '^warning: parts: holds training and test' "$err"
ok "also where no test is named"
gives "a part by its name" "$rows_of" parts:test
cp set/7/a.pgm set/top.pgm
refused "pictures beside folders" "set: has pictures (top.pgm) beside folders of pictures; a folder for \
each class has none, and label=none reads them all without labels" set
pgm fixed/1/a.pgm 10
mp inspect set --label none --json && grep -q '"rows": 5,' "$out" && grep -q '"labels": null' "$out"
ok "label=none reads them all"
rm set/top.pgm

mkdir flat
cp set/7/a.pgm flat/7_first.pgm
cp set/7/b.pgm flat/3-second_1.pgm
train=fixed gives "a flat folder has no labels" "20,20 10,10" flat
gives "label=prefix: what a name has before the first _ or -" "3,20,20 7,10,10" flat label=prefix
cp set/7/b.pgm flat/third.pgm
refused "label=prefix: a name without one" \
    "flat: label=prefix: the name third.pgm has no _ or - behind a label" flat label=prefix
refused "label=last: of pictures expected others" "flat: label=last: of pictures expected prefix (what \
their names have before the first _ or -) or none; without, folders are classes" flat label=last

# ------------------------------------------------------------------ lists

printf 'id,file,label\n1,set/7/b.pgm,5\n2,"set/3/z.pgm",6\n' > list.csv
gives "a list: its order, its labels, other columns left alone" "5,20,20 6,30,30" list.csv
mkdir lists
printf '\xef\xbb\xbflabel;path\r\n5 ; ../set/7/b.pgm\r\n"6";"%s/set/3/z.pgm"\r\n' "$PWD" > lists/l.txt
gives "semicolons, blanks, quotes, BOM; names relative to the list, or not" "5,20,20 6,30,30" lists/l.txt
printf 'filename\tyes\nset/7/b.pgm\t9\n' > list.tsv
train=fixed gives "tabs, no column of labels" "20,20" list.tsv
gives "label=NAME" "9,20,20" list.tsv label=yes
gives "label=NUMBER" "9,20,20" list.tsv label=2
refused "label=NAME of no column" "list.tsv: label=no: the list has no such column" list.tsv label=no
printf 'file,label\nset/7/b.pgm,5\nset/7/b.pgm\n' > list.csv
refused "a line of other columns" \
    "list.csv: line 3: found 1 column, expected 2 as in line 1" list.csv
printf 'file,label\n\nset/7/b.pgm,\n' > list.csv
refused "a line without label" "list.csv: line 3: has no label" list.csv
printf 'file,label\n"set/7/b.pgm,\n' > list.csv
refused "a quote that is open" "list.csv: line 2: a quote is not closed" list.csv
printf 'file,label\nset/7/none.pgm,1\n' > list.csv
refused "a file that is not there" "list.csv: set/7/none.pgm: no such file" list.csv
printf 'file,label\n' > list.csv
refused "an empty list" "list.csv: lists no pictures" list.csv

# --------------------------------------------------------------- archives

"$python" - << 'END'
import shutil, zipfile
shutil.make_archive("flat-zip", "zip", "set")
shutil.make_archive("parts-tar", "gztar", ".", "parts")
with zipfile.ZipFile("out.zip", "w") as z:
    z.writestr("../a.pgm", "P2 1 1 1 0")
    z.writestr("b.pgm", "P2 1 1 1 0")
END
set_rows="3,40,40 3,30,30 7,10,10 7,20,20"
gives "a zip of folders" "$set_rows" flat-zip.zip
echo 'data train=parts-tar.tar.gz' > rows.txt
mp export rows.txt --format csv --bytes -o rows
equal "$(sed 1d rows/test.csv | tr '\n' ' ')" "$rows_of " &&
    equal "$(sed 1d rows/train.csv | tr '\n' ' ')" "$set_rows "
ok "a tar of one folder with train and test in it"
gives "a part of it by its name" "$rows_of" parts-tar.tar.gz:test
mkdir vals
cp -r set vals/val
refused "parts that are neither" "vals: has no pictures in a folder train" vals
refused "a part that is not there" "parts-tar.tar.gz: has no pictures in a folder val" parts-tar.tar.gz:val
mp inspect out.zip
[ $? = 1 ] && grep -q '^mnistpipe: out.zip: ' "$err"
ok "a name that leads out of the archive"

# ------------------------------------------------------------------ sizes

pgm sizes/1/a.pgm 10 2x2
pgm sizes/1/b.pgm 50 4x2
refused "pictures that differ in size" "sizes: pictures differ in size: 1/a.pgm has 2 x 2 pixels, \
1/b.pgm 4 x 2; size=2x2 brings them to one, by fit=pad, stretch or crop" sizes
gives "size= pads with the border's own level" "1,10,10,10,10 1,50,50,50,50" sizes size=2x2
gives "fit=stretch" "1,10,10,10,10 1,50,50,50,50" sizes size=2x2 fit=stretch
levels wide/1/a.pgm 1x4 0 100 200 200
gives "fit=pad: all of it, in the middle, paper beside" "1,255,255,63,188,255,255" wide size=3x2 paper=white
gives "fit=pad: the border's median, where no paper is said" "1,100,100,63,188,100,100" wide size=3x2
gives "fit=stretch: out of proportion" "1,63,188,63,188,63,188" wide size=3x2 fit=stretch
gives "fit=crop: the middle" "1,100,100,100,100,100,100" wide size=3x2 fit=crop

printf 'data train=set test=sizes\nridge\n' > differ.txt
mp check differ.txt
equal "$(cat "$err")" "mnistpipe: sizes: 1/a.pgm: has 2 x 2 pixels, expected 1 x 2; fit=pad, stretch or crop \
brings pictures to that size" text
ok "test pictures of another size than the training rows"
refused "fit= without a size" "sizes: fit= says how to bring pictures to a size, but not to which; \
size=28x28 does" sizes fit=crop
refused "fit= of no such word" "rows.txt: data: fit=all: expected pad|stretch|crop" sizes size=2x2 fit=all

# ---------------------------------------------------------------- colours

ppm() { printf 'P3\n1 1\n255\n%s\n' "$2" > "$1"; } # FILE "R G B"
mkdir -p colours/1 greys/1
ppm colours/1/red.ppm "255 0 0"
ppm colours/1/green.ppm "0 255 0"
ppm colours/1/blue.ppm "0 0 255"
ppm greys/1/a.ppm "7 7 7"
gives "red, green and blue as grey: Rec. 601" "1,29 1,150 1,76" colours colour=grey
gives "colours that are equal are grey" "1,7" greys
gives "colour=rgb keeps three values" "1,7,7,7" greys colour=rgb
gives "size=HxWx3 does, too" "1,7,7,7" greys size=1x1x3
said "and needs no word"
gives "colours that differ have three values" "1,0,0,255 1,0,255,0 1,255,0,0" colours
said "and that is said" "colours: pictures have colour: rows are 1 x 1 x 3 (colour=grey makes them grey)"
mkdir -p mixed/1
for i in $(seq 100 399); do cp greys/1/a.ppm "mixed/1/$i.ppm"; done
ppm mixed/1/101.ppm "0 0 255"
read_rows mixed && equal "$(sed -n 2,4p rows/test.csv | tr '\n' ' ')" "1,7 1,29 1,7 " rows
ok "one in hundreds, not among those that are looked at first, is made grey"
said "and that is said" "mixed: 1 of 300 pictures has colour, which is left out (colour=rgb keeps it)" \
    "mixed: 1 of 300 pictures has colour, which is left out"
ppm mixed/1/399.ppm "0 0 255"
read_rows mixed && equal "$(sed -n 2,3p rows/test.csv | tr '\n' ' ')" "1,7,7,7 1,0,0,255 " rows
ok "not only the first is looked at"
train=greys gives "test rows have the training rows' channels" "1,29 1,150 1,76" colours
said "and that is said" "colours: 3 of 3 pictures have colour, which is left out"
mkdir clear
cp "$shipped/rgba.png" clear
mp inspect clear --json --quick
equal "$(cat "$err" | grep transparent)" "warning: clear: 1 of 1 pictures has transparent pixels, behind \
which lies white (paper=black)" text
ok "paper behind what is transparent is said"
mp inspect "$shipped/frames.gif" --quick
equal "$(grep frames "$err" | tail -n 1)" "warning: $shipped/frames.gif: 1 of 1 pictures has several pages or \
frames, of which the first is read" text
ok "further frames are said"

# ---------------------------------------------------- broken and hostile

cp -r set holes
echo > holes/3/empty.png
head -c 60 "$shipped/grey.png" > holes/7/aa.png
refused "a broken picture is named" \
    "holes: 3/empty.png: is no picture; expected PNG, JPEG, TIFF, BMP, GIF, WebP or PNM; broken=skip \
leaves such pictures out" holes
gives "broken=skip leaves it out" "3,40,40 3,30,30 7,10,10 7,20,20" holes broken=skip
said "counted and named" "holes: 2 of 6 pictures are broken and left out: 3/empty.png is no picture; \
expected PNG, JPEG, TIFF, BMP, GIF, WebP or PNM; 7/aa.png is a damaged PNG (end of stream)"
mkdir -p none/1
echo > none/1/a.png
refused "broken=skip with nothing left" "none: all 1 pictures are broken" none broken=skip

"$python" - << 'END'
import struct, zlib
side = 65535
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)) \
    + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
bmp = b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
gif = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + b"," + struct.pack(
    "<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"
ppm = b"P6 65535 65535 255\n"
jpeg = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, side, side, 3) + bytes(
    [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]) + b"\xff\xda" + struct.pack(">HB", 12, 3) + bytes(
    [1, 0, 2, 0, 3, 0, 0, 63, 0]) + b"\xff\xd9"
def entry(tag, kind, v):
    return struct.pack("<HHII", tag, kind, 1, v)
tags = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
        (278, 4, side), (279, 4, 100)]
tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + b"".join(
    entry(*t) for t in tags) + bytes(4)
for name, data in dict(png=png, bmp=bmp, gif=gif, ppm=ppm, jpg=jpeg, tif=tiff).items():
    open("huge." + name, "wb").write(data)
END
for kind in png bmp gif ppm tif; do
    refused "65 535 x 65 535 in a header of $kind" "huge.$kind: says that it has 65535 x 65535 pixels, \
more than 100 million" "huge.$kind"
done
refused "the same of a JPEG" \
    "huge.jpg: is a damaged JPEG (Maximum supported image dimension is 65500 pixels)" huge.jpg
printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' > one.png
mkdir svg
mv one.png svg
refused "what libvips itself holds for unsafe is not let in" "svg: one.png: is SVG, which is not read; \
expected PNG, JPEG, TIFF, BMP, GIF, WebP or PNM" svg

# ------------------------------------------------- every command takes them

"$python" - "$data" << 'END'
import gzip, os, sys
for part, n in ("train", 300), ("test", 60):
    with gzip.open(f"{sys.argv[1]}/{part}.csv.gz", "rt") as f:
        next(f)
        for i, line in zip(range(n), f):
            label, *x = line.split(",")
            os.makedirs(f"digits/{part}/{label}", exist_ok=True)
            with open(f"digits/{part}/{label}/{i:04d}.pgm", "wb") as to:
                to.write(b"P5 28 28 255\n" + bytes(map(int, x)))
END
rows train 300 > train.csv
rows test 60 > test.csv
printf 'data train=digits/train test=digits/test\ndeskew\nhog\nsvm C=0.1\n' > digits.txt
mp run digits.txt -o run && mp run digits.txt --train train.csv --test test.csv -o csv &&
    equal "$(grep -c . run/predictions.csv)" 61 && equal "$(grep ^accuracy run/report.txt)" \
    "$(grep ^accuracy csv/report.txt)"
ok "run: the same accuracy as of the same rows from a CSV"
mp run digits.txt -o one --threads 1 && same one/predictions.csv run/predictions.csv
ok "one thread gives the bytes of two"
mp check digits.txt && grep -q '28x28x1' "$out"
ok "check"
mp inspect digits/train digits/test --quick && grep -q '^rows  *300  *60$' "$out"
ok "inspect"
mp show digits.txt --as text --rows 2 --quiet
ok "show"
mp compare digits.txt digits.txt -o compared --quiet
ok "compare"
mp predict run/bundle.mnp digits/test -o p.csv && same p.csv run/predictions.csv
ok "predict: the run's bytes"
mp predict run/bundle.mnp digits/test -o q.csv --threads 1 && same p.csv q.csv
ok "on one thread, too"
mkdir large
for file in digits/test/3/*; do # twice as large
    "$python" -c 'import sys
x = open(sys.argv[1], "rb").read()[13:]
big = b"".join(2 * bytes(v for v in x[r:r + 28] for _ in "ab") for r in range(0, 784, 28))
open("large/" + sys.argv[1].split("/")[-1], "wb").write(b"P5 56 56 255\n" + big)' "$file"
done
first=$(ls large | head -n 1)
mp predict run/bundle.mnp large -o large.csv
equal $? 1 status && equal "$(cat "$err")" "mnistpipe: large: $first: has 56 x 56 pixels, expected 28 x 28; \
fit=pad, stretch or crop brings pictures to that size"
ok "predict: pictures of another size are refused"
mp predict run/bundle.mnp large --fit pad -o large.csv &&
    equal "$(cut -d, -f2 large.csv | sed 1d | sort | uniq -c | sort -n | awk 'END { print $2 }')" 3
ok "and taken with --fit"
mp run digits.txt --set data.size=28x28 -o sized && mp predict sized/bundle.mnp large -o large.csv
ok "a bundle remembers that its pictures were brought to a size"
one=$(ls digits/test/3 | head -n 1)
mp predict run/bundle.mnp "digits/test/3/$one" digits/test/7 test.csv -o three.csv &&
    equal "$(sed -n 2p three.csv | cut -d, -f1-2)" "digits/test/3/$one,digits/test/3/$one" &&
    equal "$(grep -c '^digits/test/7,' three.csv)" "$(ls digits/test/7 | wc -l)" &&
    equal "$(grep -c '^test.csv,' three.csv)" 60
ok "predict: a picture, a folder and a table"
head -n 2 run/predictions.csv | cut -d, -f1-2 | tr '\n' ' ' > head
equal "$(cat head)" "file,label 0/$(ls digits/test/0 | head -n 1),0 "
ok "predictions name the files"
grep -q 'in 3/[0-9]*\.pgm' run/report.html
ok "the page calls rows by their files"
odd=$(printf 'odd/1/a<b>\001\377.pgm')
pgm "$odd" 10 && cp -r set/7 odd/7
cp set/7/a.pgm odd/7/"$(printf 'l%.0sng' $(seq 80)).pgm"
mp inspect odd --quick --json && grep -qF '"name": "1/a<b>??.pgm"' "$out" &&
    grep -q '"name": "\.\.\.[ln g]*ng.pgm"' "$out"
ok "names that are odd or long are shown without harm"
# A digit 1 in the place of a 3, twice, under names of which nothing is kept but the letters.
first=$(find digits/test/1 -type f | sort | head -n 1)
mkdir -p wrong/3
cp "$first" "wrong/3/a(.png"
cp "$first" "wrong/3/a).png"
mp predict run/bundle.mnp wrong --wrong shown -o wrong.csv &&
    equal "$(ls shown | wc -l)" "$(sed 1d wrong.csv | awk -F, '$2 != $3' | wc -l)" &&
    [ "$(ls shown | wc -l)" -eq 2 ]
ok "--wrong: names that become the same are not one file"

finish
