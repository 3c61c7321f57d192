#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# whole.sh - results are whole, of the run that was asked for, and where they were wanted: two
# programs in one folder, names of every kind, what killed ones leave, pictures that fail.
. "$(dirname "$0")/lib.bash"

rows train 300 > train.csv
rows test 100 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'hog\nsvm C=0.3' > hog.txt
pipe 'pixels\nsvm C=0.3' > pixels.txt
pipe 'net epochs=10000\n  conv filters=16 kernel=5\n  dense units=64' > slow.txt
said() { equal "$(cat "$err")" "mnistpipe: $1" "stderr"; } # TEXT
fails() { # STATUS TEXT ARGUMENT...
    local status=$1 text=$2
    shift 2
    mp "$@"
    equal $? "$status" status && said "$text"
}
wait_for() { # FILE: until it is there, two minutes at most
    for _ in $(seq 1200); do
        [ -e "$1" ] && return
        sleep 0.1
    done
    return 1
}
end() { # PID
    kill "$1" 2> /dev/null
    wait "$1" 2> /dev/null
}
in_the_way="another mnistpipe is writing into this folder; wait for it to end, or name another folder"

# ------------------------------------------------------------ two in one folder

export MNISTPIPE_CACHE=$PWD/cache
"$program" compare slow.txt hog.txt -o both --quiet > /dev/null 2>&1 & first=$!
wait_for both/slow/checkpoint.mnp
fails 1 "both: $in_the_way" compare hog.txt --set svm.C=0.0001 -o both --quiet
ok "compare: a second one in the folder says what is in its way"
fails 1 "both: $in_the_way" ablate hog.txt -o both --quiet &&
    fails 1 "both: $in_the_way" search hog.txt --set 'svm.C={1,2}' -o both --quiet &&
    fails 1 "both: $in_the_way" export hog.txt -o both --quiet
ok "so do ablate, search and export"
fails 1 "both/slow: $in_the_way" run hog.txt -o both/slow --quiet
ok "run: so it does in the folder of one of its runs"
end $first
mp run hog.txt -o both/slow --quiet && [ -e both/slow/bundle.mnp ]
ok "one that has been stopped is in nobody's way"

for seed in 1 2; do mp run hog.txt --seed $seed -o alone.$seed --quiet; done
for i in 1 2 3 4 5 6; do
    "$program" run hog.txt --seed $((i % 2 + 1)) -o many --quiet > /dev/null 2>> many.err &
done
wait
winner=$(sed -n 's/.*"seed": \([12]\),.*/\1/p' many/report.json)
same many/bundle.mnp "alone.$winner/bundle.mnp" &&
    same many/predictions.csv "alone.$winner/predictions.csv" &&
    equal "$(ls -A many)" "$(ls -A alone.1)" files &&
    ! grep -v "^mnistpipe: many: $in_the_way\$" many.err >> "$log"
ok "six runs in one folder: its files are those of one of them"

# What the child wrote is replaced before its parent looks; the window is opened with strace.
replaced() { # ARGUMENT...: a comparison in which that happens
    strace -qq -o /dev/null -P "$PWD/window/hog/report.json" -P window/hog/report.json \
        -e trace=openat -e inject=openat:delay_enter=4000000 \
        "$program" compare hog.txt -o window --quiet "$@" > "$out" 2> "$err" & local pid=$!
    wait_for window/hog/report.html
    sleep 0.5
    cp weak/* window/hog/
    wait $pid
}
mp run hog.txt --set svm.C=0.0001 -o weak --quiet
if strace -qq -o /dev/null true 2> /dev/null; then
    replaced --cache windowed
    equal $? 1 status && flat window/compare.txt | grep -qF "failed: window/hog/report.json: is \
of another run; another mnistpipe has written into this folder" && ! grep -q '%  ' "$out"
    ok "compare: results of another run are not taken for its own"
    mp compare hog.txt -o window --cache windowed --quiet && ! grep -q 'from the cache' "$out" &&
        same window/hog/predictions.csv alone.1/predictions.csv
    ok "nor are they kept"
else
    skip "compare: results of another run" "no strace"
fi

# --------------------------------------------------------------------- names

mkdir names && cd names || exit 1
cp ../*.csv .
cp ../hog.txt $'a\xff.txt'
cp ../hog.txt $'a\xfe.txt'
cp ../hog.txt $'b\xed\xa0\x80.txt'
mp compare $'a\xff.txt' $'a\xfe.txt' $'b\xed\xa0\x80.txt' -o runs/compare --no-cache --quiet &&
    equal "$(cd runs/compare && ls -A)" "$(printf '%s\n' $'a\xef\xbf\xbd' $'a\xef\xbf\xbd-2' \
        $'b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd' compare.csv compare.html compare.json compare.md \
        compare.txt)" files
ok "compare: names that are no UTF-8, two of which look the same"
for name in ...txt ..txt .txt $'n\nl.txt' $'t\x01.txt'; do
    cp ../hog.txt "$name"
    mp run "$name" --quiet || echo "$name fails" >> "$log"
done
equal "$(ls -A runs | tr '\n' ' ')" "...txt ..txt .txt compare n_l t_ " folders &&
    equal "$(ls -A)" "$(ls -A . | grep -vx 'report.*\|bundle.mnp\|predictions.csv')" here &&
    [ -e runs/...txt/bundle.mnp ] && [ -e runs/n_l/bundle.mnp ]
ok "run: a folder of its own for every name"
mp compare ...txt ..txt $'n\nl.txt' -o $'o\nut' --train $'n\nl.csv' --cache $'c\nc' --quiet 2> /dev/null
cp train.csv $'tr\tain.csv'
mp compare ...txt ..txt $'n\nl.txt' -o $'o\nut' --train $'tr\tain.csv' --cache $'c\nc' --quiet &&
    equal "$(ls -A $'o\nut' | tr '\n' ' ')" \
        "...txt ..txt compare.csv compare.html compare.json compare.md compare.txt n_l " files &&
    [ ! -e l ] && [ ! -e ut ] && [ ! -e o ] && [ ! -e c ] && [ -d $'c\nc' ]
ok "compare: folders and files with a line break in their names"
cd .. || exit 1

# -------------------------------------------------------------------- values

for bad in $'\f3' $'\v3' $'3\r' $'3\x01' $'3\x7f'; do
    mp run hog.txt --set "hog.cell=$bad" -o bad
    equal $? 2 status && grep -q "cell: a value cannot hold quotes, line breaks or other control \
characters$" "$err" && [ ! -e bad ]
done
ok "control characters in a value are refused"
printf 'data train=train.csv test=test.csv\nhog cell=4\vblock=2\f\nsvm\n' > blanks.txt
mp run blanks.txt -o blanks --quiet && mp predict blanks/bundle.mnp test.csv -o again.csv &&
    same again.csv blanks/predictions.csv
ok "between values they are blanks, and the bundle reads back"
cp train.csv $'tr\fain.csv'
printf 'data train="tr\fain.csv" test=test.csv\nhog\nsvm C={0.1,1}\n' > quoted.txt
mp search quoted.txt -o found --folds 2 --quiet && [ -e found/best/bundle.mnp ]
ok "in quotes they are part of the value, also in what is written"

mp run hog.txt --test= -o held --quiet && mp run hog.txt --set data.test= -o held.2 --quiet &&
    grep -q '^test .* of train.csv (stratified holdout' held/report.txt &&
    same held/bundle.mnp held.2/bundle.mnp && same held/predictions.csv held.2/predictions.csv
ok "--test= leaves out the pipeline's test"
fails 2 '--train is given twice, as "train.csv" and as "test.csv"; leave one out' \
    run hog.txt --train train.csv --train test.csv &&
    fails 2 '-o, --output is given twice, as "a" and as "b"; leave one out' \
        predict x y -o a --output=b &&
    mp run hog.txt --train train.csv --train=train.csv --quiet -o same --set hog.cell=4 \
        --set svm.C=1
ok "an option given twice"

# ------------------------------------------------------------ where it cannot be

ln -s /nowhere/at/all gone
ln -s loop loop
for link in gone loop gone/below; do
    for command in run export search ablate compare; do
        fails 1 "${link%/*}: is a link that leads nowhere; expected a folder" \
            $command hog.txt -o $link --quiet
    done
done
ok "a folder that is a link to nowhere: told before the work"
nowhere="is a link that leads nowhere; expected a file to write"
fails 1 "gone: $nowhere" predict held/bundle.mnp test.csv -o gone &&
    fails 1 "loop: $nowhere" inspect train.csv -o loop &&
    fails 1 "gone: $nowhere" show hog.txt -o gone &&
    [ -L gone ] && [ -L loop ]
ok "a file that is a link to nowhere"
ln -s target.csv link.csv && : > target.csv && mp predict held/bundle.mnp test.csv -o link.csv &&
    [ -L link.csv ] && [ -s target.csv ]
ok "a link to a file stays one"
mkdir -p taken/report.json
fails 1 "taken/report.json: is a folder; expected a file to write" run slow.txt -o taken --quiet &&
    equal "$(ls -A taken)" report.json
ok "a file that cannot be written: told before the training"

# --------------------------------------------------------- what killed ones leave

mkdir swept
: > swept/.mnistpipe.aBc123 # as a writer that was killed has left it
: > swept/.mnistpipe.keep
: > swept/bundle.mnp.aBc123
mp run hog.txt -o swept --quiet && [ ! -e swept/.mnistpipe.aBc123 ] &&
    [ -e swept/.mnistpipe.keep ] && [ -e swept/bundle.mnp.aBc123 ]
ok "left by a killed writer: swept; other files are left alone"
: > swept/.mnistpipe.LiVe00
exec 9< swept/.mnistpipe.LiVe00
if flock 9 2> /dev/null; then
    mp run hog.txt -o swept --quiet && [ -e swept/.mnistpipe.LiVe00 ]
    ok "held by one that lives: not"
else
    skip "held by one that lives" "no flock"
fi
exec 9<&-
mp predict held/bundle.mnp test.csv -o swept/more.csv && [ ! -e swept/.mnistpipe.LiVe00 ]
ok "predict sweeps, too"
! mp run hog.txt -o deep/er/still --set hog.cell=4 --train nosuch.csv && [ ! -e deep ]
ok "a run that fails leaves no folder"
sed '50s/,.*/,x/' train.csv > bad.csv
! mp run hog.txt -o deep/er/still --train bad.csv && [ ! -e deep ]
ok "nor does one that has begun"

# -------------------------------------------------------------------- pictures

{ echo 'data train=small.csv test=small.csv'; yes 'threshold level=0.5' | head -n 2500; echo svm; } > long.txt
(head -n 1 train.csv; sed 1d train.csv | sort -s -t, -k1,1 -u) > small.csv
mp run long.txt --quiet
equal $? 0 status && grep -q 'The first 100 of 2500 stages; the page has no room for more\.' \
    runs/long/report.html && [ -e runs/long/bundle.mnp ]
ok "more stages than a page has room for: the first ones, with a word"
fails 1 "10 rows after 2501 stages and epochs are 25010 pictures of 19607840 values in all; a sheet \
holds 10000 pictures and 268435456 values" show long.txt -o long.png --quiet && [ ! -e long.png ]
ok "show says so"

# Two images of a million pixels that differ by one, within 1 GiB.
awk 'BEGIN { for (i = 0; i < 3; i++) { printf "%d", i % 2
    for (j = 0; j < 1048576; j++) printf ",%d", (j * (i == 2 ? 7 : 1)) % 251 + (j == 5000 && i == 1)
    print "" } }' > large.csv
(sanitized || ulimit -v 2000000; OPENBLAS_NUM_THREADS=1 mp inspect large.csv --quick --threads 1 --quiet)
equal $? 0 status && equal "$(grep ' ~ ' "$out")" "    0.0000  line 1 (0) ~ line 2 (1)"
ok "near duplicates among large images take no more memory than others"

# Images of more pixels than a row of values may have: the limit holds behind what makes them
# smaller.
{ printf '\0\0\010\003\0\0\0\010\0\0\004\114\0\0\004\114' # 8 of 1100 x 1100
  for i in 1 2 3 4; do
      head -c 605000 /dev/zero
      head -c 1210000 /dev/zero | tr '\0' '\200'
      head -c 605000 /dev/zero
  done; } > big-images-idx3-ubyte
printf '\0\0\010\001\0\0\0\010\0\1\0\1\0\1\0\1' > big-labels-idx1-ubyte
big() { printf 'data train=big-images-idx3-ubyte holdout=0.5\n%b\n' "$1" > "$2"; } # LINES FILE
big 'resize width=28\nsvm' big.txt
big svm plain.txt
big 'pixels\nsvm' pixels.txt
mp run big.txt --quiet && grep -q '"accuracy": 1\.0' runs/big/report.json &&
    mp predict runs/big/bundle.mnp big-images-idx3-ubyte -o big.csv --quiet
equal $? 0 status
ok "images of 1100 x 1100, made smaller"
fails 1 "plain.txt:2: svm: takes rows of at most 1048576 values, got 1100 x 1100 x 1; crop or \
resize makes images smaller" run plain.txt
ok "a model of so many pixels is refused, with the way out"
fails 1 "pixels.txt:2: pixels: makes 1 x 1210000 x 1 of 1100 x 1100 x 1; rows of 1 to 1048576 \
values are possible, and crop or resize makes images smaller" run pixels.txt
ok "and so are features"

finish
