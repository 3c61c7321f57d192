#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# arrays.sh - IDX, npy and npz through the commands: what export writes is read again, labels of
# any form go with images of any.
. "$(dirname "$0")/lib.bash"

rows train 200 > train.csv
rows test 80 > test.csv
printf 'data train=train.csv test=test.csv\npixels\nsvm C=0.01\n' > svm.txt
printf 'data train=train.csv test=test.csv\ninvert\ninvert\n' > images.txt # as they are
printf 'data train=train.csv test=test.csv\nhog cell=7\n' > vectors.txt
mp run svm.txt -o base
ok "the rows as they are"

file() { # FORMAT PART: what export calls it
    case $1 in
    idx) ls ex/"$2"-[if]* ;;
    *) echo "ex/$2.$1" ;;
    esac
}
# Predictions and scores alone: how rows are called depends on the file.
scores() { # RUN
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /^(predicted|score_)/) k[++n] = i }
        { for (i = 1; i <= n; i++) printf "%s,", $k[i]; print "" }' "$1/predictions.csv"
}
scores base > scores
# The last run gave what the rows as they are give; all that was said is how values were read.
as_base() {
    scores o | diff - scores >> "$log" && ! grep '^warning: ' "$err" |
        grep -v 'replaces the run\|were read as 0..1, paper to full ink\|taken for the label'
}
for format in npy npz idx; do
    for bytes in '' --bytes; do
        rm -rf ex
        mp export images.txt --format $format $bytes -o ex &&
            mp run svm.txt --train "$(file $format train)" --test "$(file $format test)" -o o &&
            as_base
        ok "$format${bytes:+ of bytes}: images come back as they were"
    done
    rm -rf ex
    mp export vectors.txt --format $format -o ex &&
        mp inspect "$(file $format test)" --size 1x288 && grep -q '^rows  *80$' "$out" &&
        grep -q '^image  *1 x 288$' "$out" && grep -q '^rows by label' "$out"
    ok "$format: vectors come back, with their size"
    ! mp inspect "$(file $format test)" &&
        grep -q 'found rows of 288 values, expected a square number' "$err"
    ok "$format: without it the error says how"
done

# ---------------------------------------------------------- labels from elsewhere
cut -d, -f1 train.csv > labels.csv
rm -rf ex
mp export images.txt --format idx --bytes -o ex && mkdir bare &&
    cp ex/train-images-idx3-ubyte bare/i
mp export images.txt --format npy --bytes -o np && cp np/train.npy bare/n.npy
mp export images.txt --format npz --bytes -o nz
for images in bare/i bare/n.npy; do
    for labels in ex/train-labels-idx1-ubyte np/train.labels.npy nz/train.npz:y labels.csv; do
        mp run svm.txt --train $images --train-labels $labels --test test.csv -o o && as_base
        ok "labels $labels with images $images"
    done
done
! mp run svm.txt --train bare/i && equal "$(cat "$err")" "mnistpipe: bare/i: has no labels, and \
none lie beside it; --train-labels FILE names them"
ok "images without labels: what to do"
cp bare/i bare/a-images-idx3-ubyte
! mp run svm.txt --train bare/a-images-idx3-ubyte && equal "$(cat "$err")" "mnistpipe: \
bare/a-images-idx3-ubyte: has no labels, and none lie beside it (a-labels[-.]idx[12]*); \
--train-labels FILE names them"
ok "and what was looked for"

finish
