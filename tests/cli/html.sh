#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# html.sh - the page of a run: well-formed, whole in itself, with a text for every picture,
# and with the figures of report.json.
. "$(dirname "$0")/lib.bash"

rows train 400 > train.csv
rows test 200 > test.csv
cut -d, -f2- test.csv > blind.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
page() { # NAME RUN [CONTAINS...]: its page keeps what pages promise, and contains all this
    local name=$1 run=$2 word bad=0
    shift 2
    for word; do
        grep -qF -- "$word" "runs/$run/report.html" ||
            { echo "not in the page: $word" >> "$log"; bad=1; }
    done
    [ $bad = 0 ] && { [ -z "$python" ] ||
        "$python" "$source/tests/cli/page.py" runs/$run/report.{html,json} >> "$log" 2>&1; }
    ok "$name"
}
lacks() { # RUN TEXT...
    local word run=$1
    shift
    for word; do
        ! grep -qF -- "$word" "runs/$run/report.html" || equal "$word" "" "in the page" || return 1
    done
}
[ -n "$python" ] || skip "pages by an XML parser" "no python3"

pipe "deskew\nhog cell=7\nsvm C=0.1" > hog.txt
mp run hog.txt && grep -qx 'look at  runs/hog/report.html' "$out"
ok "run writes report.html and says so"
page "gradients and a linear machine" hog 'id="digits"' 'id="mistakes"' 'taken for' 'margins' \
    'mnistpipe run hog.txt' ' maps of the image' '<title>hog '
lacks hog 'id="learned"' 'id="learning"' 'id="calibration"'
ok "parts without anything to say are left out"
pipe "pixels\nstandardize\nlogistic C=0.1" > pixels.txt
mp run pixels.txt --threads 1
page "a linear model's weights, through stages that keep pixels in place" pixels \
    'What it has learned' 'alt="class 7"'
pipe "net epochs=3 batch=32 lr=0.01 validation=0.2\n  conv filters=4 kernel=3\n  maxpool" > net.txt
mp run net.txt
page "a net" net 'alt="kernel 4"' 'expected calibration error' 'How it learned' \
    'on the rows that judge' 'Layers of net' 'What the net sees' \
    'alt="4 digits after layer conv, images of 28 × 28 × 4"' 'after layer output, vectors of 10'
lacks hog 'id="inside"'
ok "a model that is no net has nothing inside"
[ "$(grep -o 'alt="kernel' runs/net/report.html | wc -l)" = 4 ]
ok "as many kernels as the first layer has"
pipe "embed bundle=net.txt\nsvm C=0.01" > embed.txt
mp run embed.txt
page "a net that is embedded: how it learned" embed 'The net of net' 'How it learned'
pipe "net epochs=1 batch=32\n  dense units=80" > dense.txt
mp run dense.txt
page "a dense first layer: the first units" dense 'alt="unit 64"' 'The first 64 of 80'
votes='vote\n  branch\n    hog cell=7\n    svm\n    calibrate\n'
votes=$votes'  branch\n    logistic\n    calibrate'
pipe "$votes" > vote.txt
mp run vote.txt
page "models that vote, calibrated" vote 'class="fork"' 'expected calibration error' 'logistic'
two='deskew\nunion\n  branch\n    hog cell=7\n  branch\n    pixels\n    pca components=9'
pipe "$two\nsvm" > union.txt
mp run union.txt
page "a union branches" union 'class="fork"' 'alt="component 9"' '<strong>union</strong>'
lacks union 'side by side' && lacks vote '>union<' &&
    equal "$(grep -o '>side by side<' runs/vote/report.html | wc -l | tr -d ' ')" 2
ok "what joins features is a union, what joins a vote's branches lies side by side, everywhere"
mp run hog.txt --test blind.csv -o runs/blind
page "a test without labels" blind 'nothing is scored' 'id="digits"' 'predicted to be of it'
lacks blind 'id="mistakes"' 'id="classes"' 'id="confidence"' && ! grep -q 'taken for' \
    runs/blind/report.html
ok "nothing is scored there"
printf 'data train=train.csv\naugment\nresize height=14 width=20\nsvm C=0.01\n' > held.txt
mp run held.txt --set svm.C=0.02 -o runs/held
page "a holdout; images that are no squares" held 'changes training rows only' 'stratified holdout' 'alt="class 9"' \
    "mnistpipe run held.txt --set svm.C=0.02 -o runs/held"
printf 'data train=train.csv test=test.csv\naugment copies=2\nsvm C=0.01\n' > copies.txt
mp run copies.txt
page "copies of the training rows are told" copies 'and 2 distorted copies of each'
awk -F, 'NR == 1 || $1 == 0 || $1 == 1' train.csv > two.csv
awk -F, 'NR == 1 || $1 == 0 || $1 == 1' test.csv > twotest.csv
mp run pixels.txt --train two.csv --test twotest.csv -o runs/two
page "two classes, one vector of weights" two '0 rather than 1'
awk -F, -v OFS=, 'NR > 1 { $1 = 3 + 97 * int($1 / 4) } 1' train.csv > odd.csv
awk -F, -v OFS=, 'NR > 1 { $1 = 3 + 97 * int($1 / 4) } 1' test.csv > oddtest.csv
mp run hog.txt --train odd.csv --test oddtest.csv -o runs/odd
page "other labels" odd '>197<'
head -2 test.csv > one.csv
mp run hog.txt --test one.csv -o runs/one
page "a single test row" one 'of 1 rows'

for f in train test; do
    awk -F, -v OFS=, 'NR > 1 { $1 = NR % 70 } 1' $f.csv > many$f.csv
    awk 'BEGIN { for (i = 1; i <= 40; i++) { printf i % 2
        for (p = 0; p < 120 * 100; p++) printf ",%d", (p * i) % (97 + i % 2) == 0 ? 255 : 0
        print "" } }' > large$f.csv
done
printf 'svm solver=l2loss_primal C=0.01\n' > bare.txt
mp run bare.txt --train manytrain.csv --test manytest.csv -o runs/many
page "seventy classes" many '70 classes are too many' 'alt="class 63"'
mp run bare.txt --set data.size=120x100 --train largetrain.csv --test largetest.csv -o runs/large
page "images of 120 x 100 are shrunk" large 'gives 120 × 100' \
    'width="50" height="60" alt="0 rather'

name='a<b>&"c'\''d'
cp hog.txt "$name.txt"
cp train.csv "a<b>&d.csv"
mp run "$name.txt" --train "a<b>&d.csv" -o "runs/$name"
page "names that are markup" "$name" '<h1>a&lt;b&gt;&amp;&quot;c'
bad=$(printf 'bad\377name')
if cp train.csv "$bad.csv" 2> /dev/null; then
    mp run hog.txt --train "$bad.csv" -o runs/utf
    page "a name that is no UTF-8" utf
fi

cp runs/hog/report.html before
mp run hog.txt --quiet && equal "$(sed 's/[0-9.]* s<//g; s/>[0-9.]*<//g' runs/hog/report.html |
    grep -c data:image)" "$(grep -c data:image before)" &&
    same <(grep -o 'data:image[^"]*' before) <(grep -o 'data:image[^"]*' runs/hog/report.html)
ok "the same run, the same pictures"
mp run hog.txt --threads 3 && same <(grep -o 'data:image[^"]*' before) \
    <(grep -o 'data:image[^"]*' runs/hog/report.html)
ok "for any number of threads"
[ "$(find runs -name report.html -size +300k)" = "" ]
ok "no page is larger than 300 kB"

# ------------------------------------------ names that a terminal would obey
red=$(printf 'a\033[31m\177b')
shown='a\x1b[31m\x7fb'
cp hog.txt "$red.txt"
obeyed() { LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$@"; } # FILE...
mp run "$red.txt" -o "runs/$red" && ! obeyed "$out" "runs/$red/report.txt" &&
    grep -qxF "pipeline $shown.txt" "$out" &&
    grep -qF "look at  runs/$shown/report.html" "$out"
ok "run shows control characters of names as \\xNN"
mp compare "$red.txt" hog.txt -o runs/two &&
    ! obeyed "$out" runs/two/compare.{txt,md,csv,json} && grep -qF "$shown.txt" runs/two/compare.csv
ok "and so does compare, in every form"
mp ablate "$red.txt" -o runs/less &&
    ! obeyed "$out" runs/less/ablate.{txt,md,csv,json}
ok "and ablate"
mp search "$red.txt" --set 'svm.C={0.1,1}' --folds 2 -o runs/best &&
    ! obeyed "$out" runs/best/search.{txt,md,csv,json}
ok "and search"
finish
