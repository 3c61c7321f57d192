#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# show.sh - `mnistpipe show`: which rows and stages, the PNG, the terminal, what is wrong.
. "$(dirname "$0")/lib.bash"
unset NO_COLOR COLORTERM KITTY_WINDOW_ID TERM_PROGRAM TMUX STY
export TERM=xterm-256color COLUMNS=80
pty=$source/tests/cli/show_pty.py

rows train 60 > train.csv
rows test 20 > test.csv
cut -d, -f2- test.csv > blind.csv
cat > hog.txt << 'END'
data train=train.csv test=test.csv
deskew
augment
blur sigma=0.6
blur sigma=1
hog cell=7
pca components=10
svm C=0.05
END
sed '/augment/d; /pca/d' hog.txt > plain.txt
sed 's/ test=test.csv//' plain.txt > held.txt
echo 'data train=train.csv test=test.csv' > data.txt

# STATUS NAME TEXT ARGUMENT...: ends with that status and text, and leaves nothing behind.
wrong() {
    local status=$1 name=$2 text=$3
    shift 3
    ls -A > "$dir/before"
    mp show "$@" --quiet
    equal "$?" "$status" status; local a=$?
    equal "$(cat "$err")" "mnistpipe: $text"; local b=$?
    ls -A | diff "$dir/before" - >> "$log" && [ ! -s "$out" ] && [ $((a | b)) -eq 0 ]
    ok "$name"
}
captions() { sed -n "$1p" "$out" | tr -s ' ' | sed 's/^ //; s/ $//'; } # LINE
# The rows' numbers, on one sheet without others beside it; pictures have no digits.
numbers() { sed 1,2d "$1" | grep -o '[0-9][0-9]*' | awk 'NR % 2 == 0'; } # FILE
narrow() { COLUMNS=40 mp show "$@" --after=deskew --quiet; }
png_size() { # FILE: its width and height, from the header
    od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'
}
escape=$(printf '\033')

# ------------------------------------------------------- which stages and rows

mp show hog.txt --quiet && equal "$(captions 1)" "data deskew augment blur" &&
    equal "$(captions 2)" "line 28x28 28x28 28x28 28x28" &&
    equal "$(captions 3)" "epoch 1 epoch 1" && grep -q '^ *blur *hog *pca' "$out"
ok "every stage before the model, and its shape"
equal "$(grep -c '^$' "$out")" 19
ok "a row for each digit, on both sheets that the stages need"
narrow plain.txt --rows 2,5-7,61 && equal "$(captions 1)" "data deskew" &&
    equal "$(numbers "$out" | paste -sd' ')" "2 5 6 7 61"
ok "chosen rows, by their lines, up to a stage"
mp show plain.txt --after='blur#1' --rows 2 --quiet && equal "$(captions 1)" "data deskew blur"
ok "the first of two stages of a name"
mp show hog.txt --after=augment --epochs 3 --rows 2 --quiet &&
    equal "$(captions 1)" "data deskew augment augment augment" &&
    equal "$(captions 3)" "epoch 1 epoch 2 epoch 3"
ok "three epochs of what training sees"
cp "$out" "$dir/first" && mp show hog.txt --after=augment --epochs 3 --rows 2 --quiet --threads 1 &&
    same "$dir/first" "$out"
ok "the same for any number of threads"
mp show hog.txt --set augment.copies=2 --after=augment --epochs 9 --rows 2 --quiet &&
    equal "$(captions 1)" "data deskew augment augment" && equal "$(captions 3)" "copy 1 copy 2"
ok "the copies that a model sees in place of epochs, no more than there are"
mp show hog.txt --after=augment --part test --rows 2 --quiet && ! grep -q epoch "$out"
ok "test rows have no epochs"
mp show data.txt --test blind.csv --part test --quiet &&
    equal "$(sed 1,2d "$out" | grep -o '[0-9][0-9]*' | paste -sd' ')" "2 3 4 5 6 7 8 9 10 11"
ok "rows without labels: the first ones, under their numbers"
narrow held.txt --rows 2-61 && cp "$out" "$dir/train" &&
    narrow held.txt --part test --rows 2-61 &&
    equal "$({ numbers "$dir/train"; numbers "$out"; } | sort -n)" "$(seq 2 61)"
ok "a holdout's two parts have each row once"

mp run plain.txt -o kept --quiet && mp show kept/bundle.mnp --rows 2 --quiet &&
    cp "$out" "$dir/bundle" && mp show plain.txt --rows 2 --quiet && same "$dir/bundle" "$out"
ok "a bundle shows what its pipeline shows"
mp show kept/bundle.mnp --test test.csv --rows 3 --quiet && cp "$out" "$dir/bundle" &&
    mp show plain.txt --part test --rows 3 --quiet && same "$dir/bundle" "$out"
ok "and rows that --test names"

# ------------------------------------------------------------------- the PNG

mp show plain.txt -o sheet.png --quiet && [ ! -s "$out" ] && mp show plain.txt -o sheet.png &&
    [ "$(wc -l < "$out")" -eq 1 ] &&
    equal "$(cat "$out")" \
        "sheet.png: 10 rows after 4 stages, $(png_size sheet.png | sed 's/ / x /') px"
ok "a PNG, and what it is"
mp show plain.txt -o - --quiet && same sheet.png "$out"
ok "the same bytes on standard output"
mp show plain.txt -o sheet.png --as text --rows 2 --after deskew &&
    equal "$(captions 1)" "data deskew" &&
    equal "$(tail -1 "$out")" "sheet.png: 1 row after 1 stage, 318 x 186 px"
ok "--as draws in the terminal as well"

# -------------------------------------------------------------- the terminal

mp show plain.txt --rows 2 --quiet && ! grep -q "$escape" "$out"
ok "no escape sequences where there is no terminal"
for art in blocks sixel kitty; do
    case $art in
    blocks) mark='[48;5;231m' ;;
    sixel) mark='P0;1;0q' ;;
    kitty) mark='_Ga=T,f=100' ;;
    esac
    mp show plain.txt --rows 2 --quiet --as $art && grep -qaF "$escape$mark" "$out"
    ok "--as $art"
done
COLORTERM=truecolor mp show plain.txt --rows 2 --quiet --as blocks &&
    grep -q '\[48;2;255;255;255m' "$out"
ok "24-bit greys where there are such"

# NAME ANSWER MARK [VARIABLE=VALUE...]: MARK is in what a terminal gets that answers so.
on() {
    local name=$1 answer=$2 mark=$3
    shift 3
    if [ -z "$python" ]; then
        skip "$name" "no python3"
        return
    fi
    env LC_ALL=C.UTF-8 "$@" "$python" "$pty" "$answer" 100 "$program" show plain.txt --rows 2 \
        --quiet > "$out" 2> "$err" && grep -qaF -e "$mark" "$out"
    ok "$name"
}
on "a terminal with sixels" "$escape[?62;4;22c" "${escape}P0;1;0q"
on "a terminal without, whose settings stay" "$escape[?1;2c" "$escape[48;5;231m"
on "a terminal that does not answer" "" "$escape[48;5;231m"
on "kitty" "" "${escape}_Ga=T,f=100" KITTY_WINDOW_ID=1
on "kitty's variable inside tmux" "$escape[?1;2c" "$escape[48;5;231m" KITTY_WINDOW_ID=1 TMUX=x
on "a locale without Unicode" "$escape[?1;2c" '@' LC_ALL=C
on "NO_COLOR: plain text" "" '@' NO_COLOR=1
if [ -n "$python" ]; then
    ! grep -q "$escape" "$out"
    ok "without any escape sequence"
fi

# ------------------------------------------------------------ inside a net

printf 'data train=train.csv test=test.csv\nresize height=8 width=8\n' > small.txt
{ cat small.txt; printf 'net epochs=1 batch=16 precision=f32\n  conv filters=4 kernel=3\n'
  printf '  maxpool\n  conv filters=2 kernel=3\n  dropout\n  dense units=40\n'; } > net.txt
{ cat small.txt; printf 'net epochs=1 batch=16 precision=f32\n  lstm units=6\n'; } > lstm.txt
mp run net.txt -o net && mp run lstm.txt -o lstm && mp show net/bundle.mnp --layers --rows 2 &&
    equal "$(grep -E '^ +[a-z]' "$out" | xargs)" \
        "data resize conv1 maxpool conv2 dense output" &&
    equal "$(grep '^line' "$out" | sed 's/line//g' | xargs)" \
        "28x28 8x8 8x8x4 4x4x4 4x4x2 40 10"
ok "--layers: the stages, then every layer that changes values, and the scores"
mp show net/bundle.mnp --after conv --rows 2 &&
    equal "$(captions 1)" "data resize conv1 maxpool conv2" &&
    mp show net/bundle.mnp --after conv1 --rows 2 && equal "$(captions 1)" "data resize conv1"
ok "--after a layer: as far as that one"
mp show net/bundle.mnp --layers -o net.png --rows 2,3 &&
    equal "$(sed 's/, .*//' "$out")" "net.png: 2 rows after 1 stage and 5 layers"
ok "layers in a PNG"
mp show net.txt --layers --rows 2,3 -o again.png --quiet && same net.png again.png
ok "a pipeline's net is trained first, as in its run"
# LAYER NET PNG OPTION...: what it draws of row 2 are the values that embed gives of the layer.
tiles() {
    local layer=$1 net=$2
    shift 2
    printf 'data train=train.csv\nembed bundle=%s/bundle.mnp layer=%s\n' "$net" "$layer" > in.txt
    mp export in.txt --set data.test=test.csv --format csv -o in --quiet &&
        "$python" "$source/tests/cli/show_tiles.py" "$@" < in/train.csv > "$log" 2>&1
}
if [ -z "$python" ]; then
    skip "what is drawn of layers" "no python3"
else
    mp show net/bundle.mnp --after conv1 --rows 2 -o one.png --quiet &&
        tiles conv1 net one.png 8 8 4
    ok "each channel of a conv layer is a tile"
    mp show in.txt --rows 2 -o one.png --quiet && tiles conv1 net one.png 8 8 4
    ok "also where embed gives them to other stages"
    mp show in.txt --layers --rows 2 && equal "$(captions 1)" "data conv1" &&
        mp show in.txt --after conv --rows 2 -o one.png --quiet && tiles conv1 net one.png 8 8 4
    ok "--layers: a net that is embedded, as far as its values are used"
    mp show lstm/bundle.mnp --after lstm --rows 2 -o one.png --quiet &&
        tiles lstm lstm one.png 1 6 1
    ok "the last line of an lstm's picture is its state at the end"
fi

# --------------------------------------------------------------- what is wrong

rows_text='expected numbers of rows, such as 2,7,17-20'
for value in abc 1,,2 3- -3 5-2 2, ,2 1.5 '2 3'; do
    wrong 2 "--rows=$value" "--rows=$value: $rows_text" plain.txt "--rows=$value"
done
wrong 1 "a line before the first" "train.csv: there are rows in lines 2 to 61, not in line 1" \
    plain.txt --rows 1
wrong 1 "a line after the last" "train.csv: there are rows in lines 2 to 61, not in line 62" \
    plain.txt --rows 60-62 -o x.png
wrong 1 "a line of the test rows" "test.csv: there are rows in lines 2 to 21, not in line 40" \
    plain.txt --part test --rows 40
wrong 1 "a number beyond all" \
    "train.csv: there are rows in lines 2 to 61, not in line 18446744073709551615" \
    plain.txt --rows 99999999999999999999999
narrow held.txt --part test
row=$(numbers "$out" | head -1)
wrong 1 "a row that is held out" \
    "train.csv: line $row is not among the training rows, but --part test may have it" \
    held.txt --rows "$row"
wrong 2 "no such stage" '--after=hgo: plain.txt has no stage "hgo"; did you mean "hog"?' \
    plain.txt --after hgo
wrong 2 "no such stage, nor one like it" \
    '--after=standardize: plain.txt has no stage "standardize"' plain.txt --after standardize
wrong 2 "the model" \
    "--after=svm: is a model, which gives scores; --after takes a stage before it" \
    plain.txt --after svm
wrong 2 "layers without a net" \
    "--layers: plain.txt has no net, whose layers could be shown" plain.txt --layers
wrong 2 "no such layer" '--after=conv3: net.txt has no stage "conv3"' net.txt --after conv3
wrong 2 "a stage before the layers" \
    "--after=resize: is a stage before the net; with --layers, name a layer" \
    net.txt --layers --after resize
wrong 2 "one of two" \
    '--after=blur: plain.txt has 2 stages "blur"; say which: blur#1 ... blur#2' \
    plain.txt --after blur
wrong 2 "the third of two" '--after=blur#3: plain.txt has 2 stages "blur", not 3' \
    plain.txt --after 'blur#3'
wrong 2 "not a name" "--after=blur/: expected a stage's name, such as deskew or blur#2" \
    plain.txt --after blur/
wrong 2 "epochs without such a stage" \
    "--epochs=2: no stage shown changes rows from epoch to epoch" plain.txt --epochs 2
wrong 2 "epochs of test rows" "--epochs=2: test rows are the same in every epoch" \
    hog.txt --epochs 2 --part test
wrong 2 "no epoch" "--epochs=0: out of range (whole number 1..1000)" hog.txt --epochs=0
wrong 2 "another art" "--as=gif: must be one of auto|text|blocks|sixel|kitty" plain.txt --as=gif
wrong 2 "no pipeline" "show: expected one pipeline or bundle, found 0 arguments"
wrong 2 "--as with the PNG on standard output" \
    "show: --as draws on standard output, where -o - writes the PNG" plain.txt -o - --as text
wrong 1 "a folder that is not there" "none/x.png: cannot write: No such file or directory" \
    plain.txt -o none/x.png
wrong 1 "a folder" "kept: is a folder; expected a file to write" plain.txt -o kept
cp train.csv rows && cp plain.txt plain
wrong 1 "over its own rows" "rows: is what is read (rows); it would be overwritten" \
    plain.txt --train rows -o rows
wrong 1 "over the pipeline" "plain: is what is read (plain); it would be overwritten" \
    plain -o plain
rm rows plain
wrong 2 "a bundle's test rows, not named" \
    "show: a bundle holds no rows; --test FILE names test rows" kept/bundle.mnp --part test
wrong 2 "--set on a bundle" \
    "show: a bundle has learned already; --set and --seed go with a pipeline" \
    kept/bundle.mnp --set svm.C=1
mv train.csv gone.csv
wrong 1 "a bundle whose rows are gone" "kept/bundle.mnp: the rows that it was trained on \
(--train FILE names others): train.csv: cannot read: No such file or directory" kept/bundle.mnp
mv gone.csv train.csv
(trap '' XFSZ; ulimit -f 1; mp show plain.txt -o big.png --quiet)
equal "$?" 1 && equal "$(cat "$err")" "mnistpipe: big.png: cannot write: File too large" &&
    equal "$(ls big.png* 2> /dev/null)" ""
ok "a full disk leaves no file"
echo old > kept.png
(trap '' XFSZ; ulimit -f 1; mp show plain.txt -o kept.png --quiet)
equal "$(cat kept.png)" old
ok "and an older one as it was"
finish
