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
    grep -vE ': (no value is above|the outermost pixels|all images are|every row)' "$err" > "$dir/left"
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

mkdir empty
echo x > empty/x.txt
refused "a folder without pictures" "empty: is a folder without pictures (PNG, JPEG, TIFF, BMP, GIF, \
WebP, PNM); expected some, or a folder of them for each class, or a file of rows; found x.txt" empty
mkdir parts
cp -r set parts/train
cp -r set parts/test
refused "train and test are no classes" \
    "parts: its folders are parts of a data set, not classes; give parts/test" parts
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
    "flat: third.pgm: label=prefix: its name has no _ or - behind a label" flat label=prefix
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
finish
