#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# colour.sh - rows of three channels from the file to the report, and what colour is worth.
. "$(dirname "$0")/lib.bash"

"$python" "$source/tests/cli/colour.py" train 1200 1 && "$python" "$source/tests/cli/colour.py" test 400 2
ok "shapes that only colour tells are made"

data='data train=train-images-idx4-ubyte test=test-images-idx4-ubyte'
printf '%s\nhog cell=8\nsvm\n' "$data" > hog.txt
for way in hog cnn; do
    sed "s/^data .*/$data/; s/epochs=12/epochs=4/" "$source/pipelines/colour_$way.txt" > colour_$way.txt
done
for way in hog colour_hog colour_cnn; do
    sed '/^data/a grey' $way.txt > ${way}_grey.txt
done

# The share of the test's rows that is predicted rightly, in thousandths.
share() { # FOLDER
    "$python" -c 'import json, sys
print(round(1000 * json.load(open(sys.argv[1] + "/report.json"))["test"]["accuracy"]))' "$1"
}
# Six of eight classes are alike in grey: guessing among them gives 375.  Of discs and squares
# some are mistaken for each other, in colour, too.
for way in hog colour_hog colour_cnn; do
    mp run $way.txt -o $way && mp run ${way}_grey.txt -o ${way}_grey &&
        { colour=$(share $way) grey=$(share ${way}_grey); echo "colour $colour, grey $grey" >> "$log"; } &&
        [ "$colour" -ge 840 ] && [ "$grey" -le 480 ] && [ "$grey" -ge 250 ]
    ok "$way: of 1000 rows $colour are right in colour, $grey in grey"
done

# As the comments of these pipelines say, of pictures of several sizes.
"$python" "$source/tests/cli/colour.py" photos/ 400 3
for way in hog cnn; do
    command=$(sed -n 's/^#   mnistpipe \(run .*photos.*\)/\1/p' "$source/pipelines/colour_$way.txt")
    way=colour_$way
    cp "$source/pipelines/$way.txt" .
    mp ${command/pipelines\//} -o $way && colour=$(share $way) && [ "$colour" -ge 800 ] &&
        grep -q '^train *320 rows of photos, 8 classes' "$out"
    ok "$way: of 1000 pictures of your own $colour are right"
done

mp predict hog/bundle.mnp test-images-idx4-ubyte && silent &&
    cmp -s predictions.csv hog/predictions.csv
ok "the bundle predicts what the run did"
mp info hog/bundle.mnp && grep -q '^images *32 x 32 x 3$' "$out" &&
    mp info --json hog/bundle.mnp && [ "$(tr -d ' \n' < "$out" | grep -c '"image":\[32,32,3\]')" = 1 ] &&
    [ "$(tr -d ' \n' < hog/report.json | grep -o '"image":\[32,32,3\]' | wc -l)" = 2 ]
ok "bundle and report know the shape"

fails() { # NAME TEXT ARGUMENT...
    local name=$1 text=$2
    shift 2
    ! mp "$@" && [ ! -s "$out" ] && equal "$(tail -1 "$err")" "mnistpipe: $text"
    ok "$name"
}
"$python" - <<'END'
import struct
with open("test-images-idx4-ubyte", "rb") as f:
    x = f.read()[20:]
with open("grey-images-idx3-ubyte", "wb") as f:
    f.write(struct.pack(">HBB3I", 0, 8, 3, 400, 32, 32) + bytes(
        (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
        for r, g, b in zip(x[0::3], x[1::3], x[2::3])))
END
fails "grey rows for a bundle of colour" \
    "grey-images-idx3-ubyte: images are 32 x 32, but the bundle was trained on 32 x 32 x 3" \
    predict hog/bundle.mnp grey-images-idx3-ubyte
cp test-labels-idx1-ubyte grey-labels-idx1-ubyte
printf 'data train=grey-images-idx3-ubyte\nhog cell=8\nsvm\n' > from_grey.txt
mp run from_grey.txt -o from_grey
fails "colour for a bundle of grey rows" "test-images-idx4-ubyte: images are 32 x 32 x 3, but the \
bundle was trained on 32 x 32; export writes them in grey after a pipeline of the one line \`grey\`" \
    predict from_grey/bundle.mnp test-images-idx4-ubyte
fails "training and test of different colours" "grey-images-idx3-ubyte: images are 32 x 32, but \
those of train-images-idx4-ubyte are 32 x 32 x 3" run hog.txt --test grey-images-idx3-ubyte

printf '%s\ngrey\n' "$data" > grey.txt
mp export grey.txt -o exported --format idx --bytes &&
    same exported/test-images-idx3-ubyte grey-images-idx3-ubyte
ok "export writes the grey rows that the formula gives"
printf '%s\ncrop margin=0\n' "$data" > as_is.txt
mp export as_is.txt -o colours --format idx --bytes && same colours/test-images-idx4-ubyte test-images-idx4-ubyte
ok "and those of three channels as they came"

# Width, height and type of a PNG; 2 is red, green and blue.
png() { od -An -tu1 -j25 -N1 "$1" | tr -d ' '; } # FILE
mp show hog.txt --rows 0,1 -o sheet.png && equal "$(png sheet.png)" 2 "colour type" &&
    mp show grey.txt --rows 0,1 -o sheet.png && equal "$(png sheet.png)" 2 "colour type" &&
    mp show from_grey.txt --rows 0,1 -o sheet.png && equal "$(png sheet.png)" 0 "colour type"
ok "show draws colour in colour"
mp inspect train-images-idx4-ubyte --quick -o page.html && grep -q 'image *32 x 32 x 3' "$out" &&
    ! grep -q 'class="ink"' page.html && grep -q 'class="photo"' page.html
ok "inspect does, and knows the shape"

head -c $((20 + 30 * 3072)) test-images-idx4-ubyte > few
printf '\000\000\010\004\000\000\000\036' | dd of=few conv=notrunc status=none
"$python" - <<'END'
x = open("few", "rb").read()[20:]
with open("few.csv", "w") as f:
    for i in range(30):
        print(*x[3072 * i:3072 * (i + 1)], sep=",", file=f)
END
mp predict hog/bundle.mnp few -o idx.csv && mp predict hog/bundle.mnp few.csv -o table.csv &&
    same <(cut -d, -f2- idx.csv) <(cut -d, -f2- table.csv)
ok "a table of 3072 columns is read as the bundle's colour"
finish
