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
        grep -v 'replaces the run\|were read as 0..1, paper to full ink\|taken for the label\|taken for images of 28 x 28'
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

# ------------------------------------------------------------- images in one line
if [ -z "$python" ]; then
    skip "images in one line" "no python3"
    finish
fi
mkdir lines
"$python" - << 'END'
import struct

rows = [[int(v) for v in line.split(",")] for line in open("train.csv").read().split()[1:]]
labels, images = bytes(r[0] for r in rows), [r[1:] for r in rows]


def idx(name, shape, values):
    with open(f"lines/{name}", "wb") as f:
        f.write(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(values))


def npy(name, shape, values, columns=False):
    head = f"{{'descr': '|u1', 'fortran_order': {columns}, 'shape': {shape}, }}"
    head += " " * (117 - len(head)) + "\n"
    with open(f"lines/{name}.npy", "wb") as f:
        f.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + bytes(values))


n, flat = len(rows), [v for image in images for v in image]
by_columns = [image[k] for k in range(784) for image in images]
npy("y", (n,), labels)
for name, shape in ("high", (n, 1, 784)), ("wide", (n, 784, 1)), ("channel", (n, 1, 784, 1)):
    idx(f"{name}-images-idx3-ubyte", shape, flat)
    idx(f"{name}-labels-idx1-ubyte", (n,), labels)
    npy(name, shape, flat)
    npy(name + "F", shape, by_columns, True)
for w in 40, 49, 50:
    idx(f"strip{w}-images-idx3-ubyte", (n, 1, w), [v for image in images for v in image[300:300 + w]])
    idx(f"strip{w}-labels-idx1-ubyte", (n,), labels)
END
said="lines of 784 values were taken for images of 28 x 28; size=1x784 leaves them lines"
for name in high wide channel; do
    for file in $name-images-idx3-ubyte $name.npy ${name}F.npy; do
        labels=()
        [ "${file%.npy}" = "$file" ] || labels=(--train-labels lines/y.npy)
        mp run svm.txt --train lines/$file "${labels[@]}" --test test.csv -o o && as_base &&
            grep -q "^warning: lines/$file: $said" "$err"
        ok "$file: images of one line are the squares that they were, and it is said"
        mp run svm.txt --train lines/$file "${labels[@]}" --test test.csv --set data.size=28x28 \
            -o o && as_base && ! grep -q "taken for images" "$err"
        ok "$file: with size= there is nothing to guess"
        mp inspect lines/$file --size 1x784 && grep -q '^image  *1 x 784$' "$out" &&
            ! grep -q "taken for images" "$err"
        ok "$file: lines, where that is asked for"
    done
done
printf 'data train=lines/strip40-images-idx3-ubyte holdout=0.2\nridge\n' > strip.txt
for w in 40 49 50; do
    mp inspect lines/strip$w-images-idx3-ubyte && grep -q "^image  *1 x $w\$" "$out" &&
        mp run strip.txt --train lines/strip$w-images-idx3-ubyte -o strip --quiet &&
        mp predict strip/bundle.mnp lines/strip$w-images-idx3-ubyte -o p.csv --quiet &&
        mp show strip.txt --train lines/strip$w-images-idx3-ubyte -o strip.png --quiet
    ok "strips of 1 x $w stay what they are"
done

finish
