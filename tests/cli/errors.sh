#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# errors.sh - whatever is wrong: the exit status, one line that says what and
# where, nothing on standard output, no file left, older files untouched.
. "$(dirname "$0")/lib.bash"

# ---------------------------------------------------------------- the data

rows train 60 > train.csv
rows test 20 > test.csv
cat > good.txt << 'END'
data train=train.csv test=test.csv
pixels
svm C=0.05
END
mp run good.txt -o kept --quiet
ok "the experiment that the cases spoil is sound"
cp kept/bundle.mnp good.mnp
cp kept/predictions.csv predictions.csv # predict's own default, also to be kept

# All files and folders; a file that was written anew has another change time.
snapshot() { find . \( -type d -printf '%p/\n' \) -o -printf '%p %s %C@\n' | sort; }
snapshot > "$dir/before"
settle() { snapshot > "$dir/before"; }

# STATUS TEXT: what the program that just ended did.
verdict() {
    equal "$1" "$2" status; local a=$?
    equal "$(cat "$err")" "mnistpipe: $3"; local b=$?
    [ ! -s "$out" ] || { echo "on stdout: $(head -c 200 "$out")" >> "$log"; a=1; }
    snapshot | diff "$dir/before" - >> "$log" || a=1
    return $((a | b))
}
# NAME TEXT ARGUMENT...: it ends with 1, or with 2 in usage().
fails() {
    local name=$1 text=$2
    shift 2
    settle
    mp "$@"
    verdict $? 1 "$text"
    ok "$name"
}
usage() {
    local name=$1 text=$2
    shift 2
    settle
    mp "$@"
    verdict $? 2 "$text"
    ok "$name"
}
run() { fails "$1" "$2" run good.txt -o kept "${@:3}"; }

# ---------------------------------------------------------------- the rows

# What can be read, in words: a list that grows with the program.
: > "$dir/empty"
mp inspect "$dir/empty"
formats=$(sed 's/.* is empty, expected //' "$err")

# NAME TEXT: bad.csv, as it is now, in place of the training rows.
train() { run "$1" "bad.csv: $2" --train bad.csv; }
# LINE COLUMN VALUE: training rows with another value there.
cell() {
    awk -F, -v OFS=, -v r="$1" -v c="$2" -v v="$3" 'NR == r { $c = v } 1' train.csv > bad.csv
}

: > bad.csv
train "an empty file" "is empty, expected $formats"
head -1 train.csv > bad.csv
train "a header only" "found only a header, expected rows of values below it"
awk 'NR == 5 { $0 = $0 ",0" } 1' train.csv > bad.csv
train "a value too many" "line 5: found 786 values, expected 785 as in line 1"
awk 'NR == 5 { sub(/,[0-9]*$/, "") } 1' train.csv > bad.csv
train "a value too few" "line 5: found 784 values, expected 785 as in line 1"

strange="expected 0..255 as all others are; range=LOW..HIGH says otherwise"
number="expected a number" label="expected a whole number or a word"
for value in 256 -1 1e9 -0.5; do
    cell 7 100 "$value"
    train "pixel \"$value\"" "line 7, column 100 (pixel98): found ${value/1e9/1e+09}, \
$strange"
done
for value in abc 1e 1.2.3 0x1 nan '1 1'; do
    cell 7 100 "$value"
    train "pixel \"$value\"" "line 7, column 100 (pixel98): found \"$value\", $number"
done
cell 61 1 3.5
train "label \"3.5\"" "line 61, column 1 (label): found \"3.5\", $label"
cell 7 100 ""
train "an empty pixel" "line 7, column 100 (pixel98): found nothing, $number"
cell 7 785 ""
train "an empty pixel at the end" "line 7, column 785 (pixel783): found nothing, $number"
cell 7 1 ""
train "an empty label" "line 7, column 1 (label): found nothing, $label"
cell 7 2 $'\e[31m7'
train "a terminal's commands are shown, not sent" \
    "line 7, column 2 (pixel0): found \"\\x1b[31m7\", $number"
cell 7 2 '"7"8'
train "text behind a quoted value" "line 7: found text behind a quoted value"
sed 1d train.csv | awk -F, -v OFS=, 'NR == 3 { $9 = "x" } 1' > bad.csv
train "a wrong pixel without a header" "line 3, column 9 (pixel7): found \"x\", $number"
cut -d, -f2- train.csv > bad.csv
train "no labels" "has no labels; training rows need a label in the first column"
sed -i 1d bad.csv
train "no labels and no header" "has no labels; training rows need a label in the first column"
cut -d, -f1-700 train.csv > bad.csv
train "no square" "line 1: found label and 699 pixels, expected a square number such as 784; for \
other images give size=HxW"
head -c 20001 train.csv > bad.csv
train "cut in the middle of a row" "line 9: found 151 values, expected 785 as in line 1; it is the \
last line and has no end: the file may be cut off"
printf 'PK\3\4..........' > bad.csv
train "a zip archive" "cannot be unpacked, damaged or cut off (Truncated ZIP file header)"
printf '\211PNG\r\n\032\n\0\0\0\rIHDR' > bad.csv
train "a picture" "is a damaged PNG (end of stream)"

run "training rows that are not there" \
    "good.txt: data: none.csv: cannot read: No such file or directory" --train none.csv
run "test rows that are not there" \
    "good.txt: data: none.csv: cannot read: No such file or directory" --test none.csv
run "a folder in place of rows" \
    "kept: several files have rows: predictions.csv, report.txt, svm.liblinear; which one is meant, \
kept/NAME says" --train kept
mkdir empty
run "an empty folder in place of rows" \
    "empty: is a folder without pictures (PNG, JPEG, TIFF, BMP, GIF, WebP, PNM); expected some, or a \
folder of them for each class, or a file of rows" --train empty
run "no such part of the sample" \
    "good.txt: data: sample:tests: the sample has sample:train and sample:test" \
    --train sample:tests
MNISTPIPE_DATA=$dir/none run "no sample" "good.txt: data: sample:train: the sample is not \
installed; MNISTPIPE_DATA=FOLDER says where train.csv.gz lies" --train sample:train
run "no such data set" \
    'good.txt: data: no data set "mnits"; did you mean "mnist"? `mnistpipe fetch` lists them' \
    --train mnits:train
MNISTPIPE_CACHE=$dir/cache run "a data set that was not fetched" "good.txt: data: mnist is not in \
the cache ($dir/cache/mnist/train-images-idx3-ubyte.gz); \`mnistpipe fetch mnist\` downloads it" \
    --test mnist:train

# ------------------------------------------------------- the test, the classes

cell 5 5 256 > bad.csv
run "a wrong value in the test" "bad.csv: line 5, column 5 (pixel3): found 256, $strange" \
    --test bad.csv
fails "the same in predict" "bad.csv: line 5, column 5 (pixel3): found 256, $strange" \
    predict good.mnp bad.csv
cut -d, -f1-197 test.csv > half.csv
run "train and test of different size" \
    "half.csv: images are 14 x 14, but those of train.csv are 28 x 28" --test half.csv
fails "predict: rows of another size" \
    "half.csv: images are 14 x 14, but the bundle was trained on 28 x 28" predict good.mnp half.csv
awk -F, -v OFS=, 'NR > 1 { $1 = 4 } 1' train.csv > one.csv
one_class() { # FILE LABEL
    echo "$1: every row has the label $2; a model needs rows of two classes at least (label=last \
and the like say which column is the label)"
}
run "one class" "$(one_class one.csv 4)" \
    --train one.csv --test one.csv --quiet
head -2 train.csv > row.csv
run "one row" "$(one_class row.csv 6)" \
    --train row.csv --test row.csv --quiet
sed '2s/^[0-9]*/5/;3s/^[0-9]*/6/;4,$d' train.csv > two.csv
run "two rows, of which none can be held out" "two.csv: no label has two of the 2 rows, so that \
one could be held out; name test rows (--test FILE)" --train two.csv --set data.test=
run "weights of a label that does not occur" \
    "good.txt:3: svm: weights=77:2: label 77 does not occur in the training rows" \
    --set svm.weights=77:2
head -3 train.csv > two.csv
settle
mp run good.txt --train two.csv --test two.csv -o two && rm -r two
ok "two rows of two classes are enough"

# ------------------------------------------------------------- gzip and IDX

gzip -nc train.csv > train.gz
size=$(wc -c < train.gz)
head -c $((size / 2)) train.gz > bad.csv
train "gzip cut in the middle" \
    "gzip data ends too early, after $((size / 2)) bytes; the file is cut off"
head -c $((size - 3)) train.gz > bad.csv
train "gzip cut in its checksum" \
    "gzip data ends too early, after $((size - 3)) bytes; the file is cut off"
{ head -c $((size - 8)) train.gz; printf '\1\2\3\4'; tail -c 4 train.gz; } > bad.csv
train "a wrong gzip checksum" "the gzip checksum does not match; the file is damaged"
{ cat train.gz; printf x; } > bad.csv
train "bytes after gzip" "found a byte 0x78 after the gzip data, at byte $size; expected the end \
or more gzip data"
{ head -c 10 train.gz; printf '\377\377\377\377'; } > bad.csv
train "no gzip behind the header" "gzip data damaged near byte 11 (invalid block type)"

two='\0\0\0\2'
idx() { printf "\0\0\10\3$two$two${two}ABCDEFGH" > images; printf "\0\0\10\1$two\0\1" > labels; }
# NAME TEXT: images and labels as they are now.
images() { run "$1" "$2" --train images --train-labels labels --test images --test-labels labels; }
idx; settle
mp run good.txt --train images --train-labels labels --test images --test-labels labels -o idx &&
    rm -r idx
ok "the IDX files that the cases spoil are sound"
printf "\0\0\17\3$two$two${two}ABCDEFGH" > images
images "IDX of another type" "images: found magic 0x00000f03 (element type 0x0f), expected type \
0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e (IDX)"
printf "\0\0\10\2$two$two${two}ABCDEFGH" > images
images "IDX of two dimensions" "images: found rows of 2 values, expected a square number such as \
784; for other images give size=HxW"
printf "\0\1\10\3$two$two${two}ABCDEFGH" > images
images "no IDX at all" \
    "images: starts with 00 01 08 03 00 00 00 02, expected $formats, plain or packed"
printf "\0\0\10\3\0\0\0\3$two${two}ABCDEFGH" > images
images "fewer images than the header says" \
    "images: found 8 bytes of pixels, expected 12 (3 images of 2x2)"
printf "\0\0\10\3\0\0\0\1$two${two}ABCDEFGH" > images
images "more images than the header says" \
    "images: found 8 bytes of pixels, expected 4 (1 images of 2x2)"
printf '\0\0\10\3\377\377\377\377\377\377\377\377\377\377\377\377ABCD' > images
images "an impossible header" \
    "images: found images of 4294967295x4294967295, expected 1..4096 each way"
printf "\0\0\10\3\377\377\377\377\0\0\3\377\0\0\3\377ABCD" > images
images "a header of 4 PB costs nothing" \
    "images: found 4 bytes of pixels, expected 4494807828269055 (4294967295 images of 1023x1023)"
printf "\0\0\10\3\0\0\0\0$two$two" > images
images "no images" "images: found 0 images, expected at least 1"
printf "\0\0\10\3\0\0" > images
images "a header cut short" "images: found 6 bytes, expected an IDX header of 16 bytes"
idx; printf "\0\0\10\1\0\0\0\3\0\1\2" > labels
images "labels and images of different number" \
    "labels: found 3 labels, expected 2, as many as images in images"
printf "\0\0\10\1$two\0" > labels
images "labels cut short" "labels: found 1 bytes of labels, expected 2"
cp images labels
images "images in place of labels" "labels: found IDX images, expected IDX labels"
cp test.csv labels
images "a CSV in place of labels" \
    "labels: found 20 labels, expected 2 as there are rows in images"
rm labels
images "labels that are not there" "labels: no such file"
run "no labels" "images: has no labels, and none lie beside it; --train-labels FILE names them" --train images --test images
run "labels for a CSV" "train.csv: holds its labels itself; leave out the labels file images, or \
say label=none" --train-labels images

# ------------------------------------------------------------ the pipeline

# NAME TEXT LINES [ARGUMENT...]: the lines below "data", from line 2.
pipeline() {
    local lines=$3
    { sed 1q good.txt; printf "$lines\n"; } > bad.txt
    fails "$1" "bad.txt$2" run bad.txt -o kept "${@:4}"
}
pipeline "an unknown stage" ':2: hgo: no such stage; did you mean "hog"?' 'hgo\nsvm'
pipeline "nothing like a stage" ':2: qqqqqq: no such stage; `mnistpipe list` shows them all' qqqqqq
hog="it takes: cell block stride bins signed norm cells window"
pipeline "an unknown parameter" ":2: hog: no parameter \"cel\"; did you mean \"cell\"? $hog" \
    'hog cel=4\nsvm'
pipeline "nothing like a parameter" ":2: hog: no parameter \"zzzzzz\"; $hog" 'hog zzzzzz=4\nsvm'
pipeline "out of range" ":2: hog: cell=999: out of range (whole number 1..256 px)" \
    'hog cell=999\nsvm'
pipeline "far out of range" ":3: svm: C=1e400: out of range (number 1e-09..1000000000)" \
    'pixels\nsvm C=1e400'
pipeline "not a number" ":2: svm: C=nan: out of range (number 1e-09..1000000000)" 'svm C=nan'
pipeline "no number" ":2: hog: cell=x: not a whole number (whole number 1..256 px)" \
    'hog cell=x\nsvm'
pipeline "no whole number" ":2: hog: cell=4.5: not a whole number (whole number 1..256 px)" \
    'hog cell=4.5\nsvm'
pipeline "a whole number out of range, in short" \
    ":2: hog: cell=1e9: out of range (whole number 1..256 px)" 'hog cell=1e9\nsvm'
pipeline "nor one that is no decimal" \
    ":2: hog: cell=0x4: not a whole number (whole number 1..256 px)" 'hog cell=0x4\nsvm'
pipeline "no value" ":2: svm: C=: not a number (number 1e-09..1000000000)" 'svm C='
pipeline "none of the choices" ":2: svm: solver=dual: must be one of \
auto|dense|l2loss_dual|l2loss_primal|l1loss_dual|crammer_singer|l1reg" 'svm solver=dual'
pipeline "a required parameter" ":2: morphology: op is required \
(dilate|erode|open|close|gradient|tophat|blackhat)" 'morphology radius=1\nsvm'
pipeline "given twice" ":2: hog: cell is given twice" 'hog cell=4 cell=5\nsvm'
pipeline "a value without a name" ':2: hog: "4": expected key=value' 'hog 4\nsvm'
pipeline "a name without a value" ':2: hog: "cell": expected key=value' 'hog cell\nsvm'
pipeline "a quote that does not end" ':2: hog: cell: a value opened by " has no closing "' \
    'hog cell="4\nsvm'
pipeline "a set that does not end" ':2: hog: cell: a value opened by { has no closing }' \
    'hog cell={4,7\nsvm'
pipeline "a set of values" \
    ":2: hog: cell={4,7}: a set of values; a run takes one (--set hog.cell=VALUE), a search tries \
all" \
    'hog cell={4,7}\nsvm'
pipeline "a stage that the image is too small for" ":2: hog: an image of 28x28 is smaller than one \
block of 2x2 cells of 20 px (40x40 px); use a smaller cell or block" 'hog cell=20\nsvm'
pipeline "more than there is" \
    ":3: pca: components=2000: rows have 784 values; must be at most 784" \
    'pixels\npca components=2000\nsvm'
pipeline "a filter after a feature" ":3: deskew: needs images, but line 2 (pixels) gives vectors \
of 784 values (1 x 784 x 1); put it before that line" 'pixels\ndeskew\nsvm'
pipeline "a stage after a model" ":3: pixels: comes after a model; a model is the last stage" \
    'svm\npixels'
pipeline "two models" ":3: svm: comes after a model; a model is the last stage" 'svm\nsvm'
pipeline "a union after a model" ":3: union: comes after a model; a model is the last stage" \
    'svm\nunion\n  branch\n    pixels\n  branch\n    pixels'
pipeline "a model in a union" \
    ":6: svm: is a model; a model stands after the union, not in a branch" \
    'union\n  branch\n    pixels\n  branch\n    svm'
pipeline "a filter after a union" ":7: blur: needs images, but line 2 (union) gives vectors of \
1568 values (1 x 1568 x 1); put it before that line" \
    'union\n  branch\n    pixels\n  branch\n    pixels\nblur\nsvm'
pipeline "a union of one" ':2: union: needs 2 to 64 indented lines "branch", it has 1' \
    'union\n  branch\n    pixels\nsvm'
pipeline "a union without branches" \
    ':3: pixels: expected "branch"; the stages of a branch stand below it, indented' \
    'union\n  pixels\n  hog\nsvm'
pipeline "an empty branch" ":3: branch: has no stages; indent them below it" \
    'union\n  branch\n  branch\n    pixels\nsvm'
pipeline "a union with parameters" ":2: union: takes no parameters" \
    'union x=1\n  branch\n    pixels\n  branch\n    pixels\nsvm'
pipeline "a branch with parameters" ":3: branch: takes no parameters" \
    'union\n  branch x=1\n    pixels\n  branch\n    pixels\nsvm'
pipeline "a stray branch" ":2: branch: stands only below a union, a vote or a stack" 'branch\n  pixels\nsvm'
pipeline "lines below a stage" ":2: pixels: takes no indented lines (line 3)" 'pixels\n  svm'
pipeline "indentation that fits nothing" ":5: this indentation fits no line above" \
    'union\n    branch\n      pixels\n   branch\n      pixels\nsvm'
pipeline "data twice" ":3: data: stands already in line 1" 'pixels\ndata train=x\nsvm'
pipeline "data in a union" ":4: data: stands only once, and not indented" \
    'union\n  branch\n    data train=x\n  branch\n    pixels\nsvm'
pipeline "no name" ':2: "=4": expected the name of a stage (letters, digits, _)' '=4\nsvm'
pipeline "no model" ': has no model to train; its last line may be "svm" (`mnistpipe '\
'export` writes features without one)' pixels
# NAME TEXT LINES: the whole file.
file() { printf "$3" > bad.txt; fails "$1" "bad.txt$2" run bad.txt -o kept; }
file "nothing to train on" \
    ": data: no training rows: write data train=FILE in it, or give --train FILE" 'pixels\nsvm\n'
file "an empty pipeline" \
    ": data: no training rows: write data train=FILE in it, or give --train FILE" ''
file "an unknown word of data" ':1: data: no parameter "trian"; did you mean "train"? it takes: '\
'train test train_labels test_labels more size label classes ignore range fit colour paper broken holdout '\
'folds keep seed' 'data trian=train.csv\nsvm\n'
file "a holdout out of range" ":1: data: holdout=0: out of range (number 0.01..0.99)" \
    'data train=train.csv holdout=0\nsvm\n'
file "no size" ": data: size=28: expected HEIGHTxWIDTH of 1..4096 px, such as 28x28, or HEIGHTxWIDTHx3 for colour" \
    'data train=train.csv size=28\nsvm\n'
cp train.csv bad.csv
printf 'data train=bad.csv size=14x28\nsvm\n' > bad.txt
fails "a size that the rows have not" \
    "bad.csv: line 1: found label and 784 pixels, expected 392 (size=14x28)" run bad.txt -o kept
file "the first line indented" ":1: the first line is indented; it belongs to no line above" \
    '  pixels\nsvm\n'
file "no text" ": is no pipeline: expected a text of at most 1 MiB, one stage a line" 'svm\n\0'
file "a text of two bytes a letter" ": is UTF-16; save it as UTF-8" '\377\376s\0v\0m\0\n\0'
file "a byte order mark is no letter" ':1: hgo: no such stage; did you mean "hog"?' '\357\273\277hgo\n'
file "a terminal's commands" \
    ':1: "\x1b[31mred": expected the name of a stage (letters, digits, _)' \
    '\033[31mred\n'
fails "no pipeline there" "none.txt: cannot read: No such file or directory" run none.txt
fails "a folder in place of a pipeline" "kept: is a folder; expected a pipeline file" run kept
printf 'data train=train.csv\nhgo\nsvm\n' > bad.txt
fails "check finds the same" 'bad.txt:2: hgo: no such stage; did you mean "hog"?' check bad.txt
fails "export, too" 'bad.txt:2: hgo: no such stage; did you mean "hog"?' export bad.txt -o new

# -------------------------------------------------------- the command line

set_() { usage "--set $1" "$2" run good.txt -o kept --set "$1"; }
form="expected STAGE.PARAMETER=VALUE, such as hog.cell=7"
for form_ in svm.C svmC=3 .C=3 svm.=3 =3 'svm# 2.C'; do
    set_ "$form_" "--set $form_: $form"
done
set_ hog.cell=3 '--set hog.cell=3: good.txt has no stage "hog"'
set_ 'svm#2.C=1' '--set svm#2.C=1: good.txt has 1 stage "svm", not 2'
set_ svm.D=3 'command line: svm: no parameter "D"; it takes: solver C tolerance bias weights'
set_ svm.C=x "command line: svm: C=x: not a number (number 1e-09..1000000000)"
set_ svm.C=-4 "command line: svm: C=-4: out of range (number 1e-09..1000000000)"
set_ 'svm.C="1"' '--set svm.C="1": C: a value cannot hold quotes, line breaks or other control characters'
{ sed 1q good.txt; printf 'blur\nblur\nsvm\n'; } > twice.txt
usage "--set of one stage of two" '--set blur.sigma=2: twice.txt has 2 stages "blur"; say which: '\
'blur#1.sigma ... blur#2.sigma' run twice.txt --set blur.sigma=2 -o kept
usage "a seed below 0" "command line: data: seed=-1: out of range (whole number 0..2147483647)" \
    run good.txt -o kept --seed -1
usage "no seed" "command line: data: seed=x: not a whole number (whole number 0..2147483647)" \
    run good.txt -o kept --seed x

usage "an unknown command" 'no command "rum"; did you mean "run"?' rum good.txt
usage "nothing like a command" 'no command "zzzzzz"; `mnistpipe help` shows them' zzzzzz
usage "an unknown option" "no option --sed; did you mean --set?" run good.txt --sed 3
usage "nothing like an option" "no option --zzzzzz; --help shows them" run good.txt --zzzzzz
usage "an unknown letter" "no option -x; --help shows them" run good.txt -x
usage "an option without its value" "--seed needs a value" run good.txt --seed
usage "-o without its value" "-o needs a value" run good.txt -o
usage "no number of threads" "--threads=2x: not a whole number (whole number 0..1024)" \
    run good.txt --threads 2x
usage "too many threads" "--threads=2000: out of range (whole number 0..1024)" \
    run good.txt --threads=2000
usage "neither yes nor no" "--quiet=maybe: must be yes or no" run good.txt --quiet=maybe
usage "no such format" "--format=x: must be one of text|man|markdown|bash|zsh|fish" \
    help --format=x
usage "run without a pipeline" "run: expected one pipeline file, found 0 arguments" run
usage "run with two" "run: expected one pipeline file, found 2 arguments" run good.txt good.txt
usage "check without a pipeline" "check: expected one pipeline file, found 0 arguments" check
usage "predict without rows" \
    "predict: expected a bundle and rows, found 1 argument" predict good.mnp
usage "an option that would do nothing" \
    "no option --set here; it goes with commands that read a pipeline" \
    predict good.mnp test.csv --set svm.C=1
usage "a bundle cannot be changed" \
    "export: a bundle has learned already; --set and --seed go with a pipeline" \
    export good.mnp --test test.csv --seed 3 -o new
fails "predict would overwrite its rows" \
    "./test.csv: is what is read (test.csv); it would be overwritten" \
    predict good.mnp test.csv -o ./test.csv
fails "predict would overwrite its bundle" \
    "good.mnp: is what is read (good.mnp); it would be overwritten" \
    predict good.mnp test.csv -o good.mnp
printf 'data train=kept/train.csv\npixels\n' > over.txt
mkdir -p kept && cp train.csv kept/train.csv
fails "export would overwrite its rows" \
    "kept/train.csv: is what is read (kept/train.csv); it would be overwritten" \
    export over.txt --format csv -o kept
rm kept/train.csv
usage "list takes nothing" 'list: takes no arguments, found "x"' list x
usage "export without a pipeline" "export: expected one pipeline or bundle, found 0 arguments" \
    export -o new
usage "export without a folder" \
    "export: --output is required: the folder to write into (-o FOLDER)" \
    export good.txt
fails "no such topic" 'hgo: no such command, stage or word; did you mean "hog"?' help hgo
fails "nothing like a topic" \
    'zzzzzz: no such command, stage or word; `mnistpipe help`, `mnistpipe list` and `mnistpipe help '\
'words` show them' help zzzzzz
settle
mp
status=$?
equal "$status" 2 && [ ! -s "$out" ] && grep -q '^  mnistpipe COMMAND' "$err"
ok "nothing at all: the help, on stderr"

# ------------------------------------------------------------- the bundles

spoil() { # CODE: changes p, the payload, or b, the whole
    "$python" - "$1" << 'END'
import struct
import sys
import zlib

whole = open("good.mnp", "rb").read()
p, b = whole[32:], None


def sealed(payload, version=3):
    """A header whose sums are right."""
    head = whole[:8] + struct.pack("<IIQI", version, 0x01020304, len(payload), zlib.crc32(payload))
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def field(key, data):
    key, n = bytes([len(key)]) + key, struct.pack("<Q", len(data))
    return key + n + key + n + data


def text(new):
    return field(b"pipeline", new) + p[len(field(b"pipeline", b"pixels\nsvm C=0.05\n")):]


def number(key, value):
    at = p.index(bytes([len(key)]) + key) + 1 + len(key)
    return p[:at] + struct.pack("<Q", value) + p[at + 8:]


def flipped(at):
    return whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1:]


exec(sys.argv[1])
open("bad.mnp", "wb").write(b if b is not None else sealed(p))
END
}
# NAME TEXT CODE
bundle() {
    if [ -z "$python" ]; then
        skip "a bundle: $1" "no python3"
        return
    fi
    spoil "$3"
    fails "a bundle: $1" "bad.mnp: $2" predict bad.mnp test.csv
}
settle
[ -z "$python" ] || { spoil pass && same bad.mnp good.mnp; }
ok "the bundle that the cases spoil is sound"
version=$("$program" --version | sed -n '1s/^mnistpipe //p')
bundle "of another version" "is a bundle of version 9, written by mnistpipe $version; this program, \
mnistpipe $version, reads versions 1 to 3" \
    'b = sealed(p, version=9)'
size=$(wc -c < good.mnp)
for at in 0 7; do
    bundle "byte $at flipped" "is no bundle of mnistpipe" "b = flipped($at)"
done
for at in 8 12 16 23 24 28 31; do
    bundle "byte $at flipped" "the bundle's header is damaged" "b = flipped($at)"
done
for at in 32 40 200 10000 $((size - 1)); do
    bundle "byte $at flipped" "the bundle is damaged: its checksum does not match" \
        "b = flipped($at)"
done
for n in 0 7; do
    bundle "only $n bytes" "is no bundle of mnistpipe" "b = whole[:$n]"
done
for n in 8 31; do
    bundle "cut after $n bytes" "the bundle is cut short after $n bytes" "b = whole[:$n]"
done
for n in 32 100 $((size - 1)) $((size + 1)); do
    bundle "$n bytes in place of $size" "the bundle has $n bytes where its header says $size: it \
is cut short or something was added" "b = (whole + b'x')[:$n]"
done
# Sums that are right prove nothing: whoever writes a bundle can compute them.
bundle "something behind the states" "1 bytes are left over" 'p += b"x"'
bundle "a state cut short" "svm: the state ends too early" 'p = p[:p.index(b"\4rows", p.index(b"\3svm")) - 8]'
bundle "another stage" "its pipeline:1: hgo: no such stage; did you mean \"hog\"?" \
    'p = text(b"hgo\nsvm\n")'
bundle "another model" 'logistic: the state has no field "logistic" where one is expected' \
    'p = text(b"pixels\nlogistic\n")'
bundle "a model of other rows" "its pipeline:2: svm: trained on rows of 784 values, given 288" \
    'p = text(b"hog cell=7\nsvm\n")'
bundle "an impossible size" "the bundle says 10 classes, images of 1099511627776 x 28 x 1" \
    'p = number(b"height", 1 << 40)'
bundle "too many classes" "the bundle says 65536 classes, images of 28 x 28 x 1" \
    'p = number(b"classes", 65536)'
bundle "classes without names" "the bundle has 10 names for 3 classes" 'p = number(b"classes", 3)'
bundle "a class without a name" "the bundle has a class with a name of 0 bytes" \
    'p = p.replace(b"0\n1\n2", b"0\n\n\n2")'
bundle "too many weights" "svm: the state has 1152921504606846976 features, 10 classes, 10 \
vectors, which do not fit" 'p = number(b"features", 1 << 60)'
bundle "fewer features than weights" \
    "svm: the state's \"weights\" has 7850 values; expected 7010" \
    'p = number(b"features", 700)'
bundle "no model" "its pipeline has no model" \
    'p = text(b"pixels\n"); p = p[:p.index(b"\3svm")]'
bundle "no stage" "its pipeline has no model" 'p = text(b""); p = p[:p.index(b"\3svm")]'
fails "rows in place of a bundle" "test.csv: is no bundle of mnistpipe" predict test.csv test.csv
fails "a folder in place of a bundle" "kept: is a folder; expected a bundle" predict kept test.csv
fails "no bundle there" "none: cannot read: No such file or directory" predict none test.csv
fails "predict: no rows there" \
    "none.csv: cannot read: No such file or directory; did you mean one.csv?" \
    predict good.mnp none.csv

# -------------------------------------------------------------- the output

fails "a file in place of the folder" "good.txt: is a file; expected a folder" \
    run good.txt -o good.txt
fails "a folder below a file" "good.txt: is a file; expected a folder" run good.txt -o good.txt/new
cat > long.txt << 'END'
data train=sample:train test=sample:test
svm C=1000 solver=crammer_singer tolerance=1e-12
END
settle
timeout -k 1 10 "$program" run long.txt -o good.txt > "$out" 2> "$err"
verdict $? 1 "good.txt: is a file; expected a folder"
ok "it is found before a minute's training"
mkdir -p taken/report.json
fails "a folder in place of a file" "taken/report.json: is a folder; expected a file to write" \
    run good.txt -o taken
fails "predict: a folder" "taken: is a folder; expected a file to write" \
    predict good.mnp test.csv -o taken
fails "predict: no folder" "none/new: cannot write: No such file or directory" \
    predict good.mnp test.csv -o none/new

nobody() { # COMMAND...: without root's rights
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}
chmod 755 "$dir" "$dir/work"
cp train.csv secret.csv
chmod 000 secret.csv
mkdir locked
cp good.mnp locked/bundle.mnp
chmod 555 locked
why=
if ! nobody "$program" --version > /dev/null 2>&1; then
    why="cannot become another user that may run the program"
fi
# NAME TEXT ARGUMENT...
denied() {
    if [ -n "$why" ]; then
        skip "$1" "$why"
        return
    fi
    settle
    nobody "$program" "${@:3}" > "$out" 2> "$err"
    verdict $? 1 "$2"
    ok "$1"
}
denied "rows that may not be read" "good.txt: data: secret.csv: cannot read: Permission denied" \
    run good.txt --train secret.csv
denied "a pipeline that may not be read" "secret.csv: cannot read: Permission denied" run secret.csv
denied "a bundle that may not be read" "secret.csv: cannot read: Permission denied" \
    predict secret.csv test.csv
denied "a folder that may not be written" "locked: cannot write into this folder: Permission denied" \
    run good.txt -o locked
denied "a folder that may not be made" "locked: cannot write into this folder: Permission denied" \
    run good.txt -o locked/new
denied "predict: a folder that may not be written" "locked/new: cannot write: Permission denied" \
    predict good.mnp test.csv -o locked/new
chmod 755 locked
chmod 644 secret.csv

# NAME BLOCKS TEXT ARGUMENT...: no file may grow beyond BLOCKS kB.
limited() {
    settle
    (trap '' XFSZ; ulimit -f "$2"; exec "$program" "${@:4}") > "$dir/o" 2> "$dir/e"
    local status=$?
    cp "$dir/o" "$out"
    cp "$dir/e" "$err"
    verdict $status 1 "$3"
    ok "$1"
}
limited "no room for liblinear's file" 70 "kept/svm.liblinear: cannot write: File too large" \
    run good.txt -o kept --quiet
for i in 1 2 3 4 5; do sed 1d test.csv; done | cat test.csv - > more.csv
limited "no room for predictions" 8 "new.csv: cannot write: File too large" \
    predict good.mnp more.csv -o new.csv --quiet

# A disk of 80 kB.  The bundle has 62, so that the second file meets the end.
mkdir disk
name="a full disk"
small='mount -t tmpfs -o size=80k none disk'
if unshare -rm sh -c "$small" 2> /dev/null; then
    settle
    unshare -rm sh -c "$small"'
        "$1" run good.txt -o disk --quiet; s=$?; ls -A disk >&2; exit $s' \
        - "$program" > "$out" 2> "$err"
    verdict $? 1 "disk/svm.liblinear: cannot write: No space left on device"
    ok "$name"
else
    skip "$name" "no right to mount one"
fi

if [ -w /dev/full ]; then
    # NAME TEXT ARGUMENT...
    full() {
        settle
        : > "$out"
        "$program" "${@:3}" > /dev/full 2> "$err"
        verdict $? 1 "$2"
        ok "standard output is full: $1"
    }
    cut -d, -f2- test.csv > blind.csv
    full predict "standard output: cannot write: No space left on device" \
        predict good.mnp blind.csv -o -
    for command in list "list --json" help "help hog" "help --format=man" --help --version \
        "run --help"; do
        full "$command" "standard output: cannot write" $command
    done
else
    skip "standard output is full" "no /dev/full"
fi

# -------------------------------------------------------------- the signals

# long.txt would train for a minute, without a remark.
# liblinear can be left only without its memory: no fault that a sanitizer should report.
export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
for signal in INT TERM; do
    settle
    "$program" run long.txt -o kept > "$out" 2> "$err" &
    pid=$!
    sleep 1.5
    from=$SECONDS
    kill -$signal $pid
    (sleep 20; kill -KILL $pid) 2> /dev/null &
    guard=$!
    wait $pid
    verdict $? $((128 + $(kill -l $signal))) "long.txt:2: svm: interrupted" && [ $((SECONDS - from)) -le 5 ]
    ok "SIG$signal while it trains: stops at once and cleans up"
    kill $guard 2> /dev/null
    wait $guard 2> /dev/null
done

mkfifo rows
settle
(exec 3<> rows; exec "$program" run good.txt --train rows -o kept) > "$out" 2> "$err" &
pid=$!
sleep 0.5
kill -INT $pid
(sleep 3; kill -KILL $pid) 2> /dev/null &
guard=$!
wait $pid
verdict $? 130 "interrupted"
ok "SIGINT while it waits for rows"
kill $guard 2> /dev/null
wait $guard 2> /dev/null

finish
