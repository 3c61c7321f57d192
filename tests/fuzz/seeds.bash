# SPDX-License-Identifier: GPL-3.0-or-later
# seeds.bash - seeds that the program makes as it is now, beside those in tests/fuzz/seeds:
# sourced with MNISTPIPE, SOURCE, and $work, a folder, into which they go, one folder for
# each fuzzer.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Rows for a small bundle: 6 x 6 images, three classes.
awk 'BEGIN { srand(1); for (i = 0; i < 60; i++) { printf "%d", i % 3
     for (j = 0; j < 36; j++) printf ",%d", (j % 3 == i % 3) * 200 + int(rand() * 50)
     print "" } }' >"$work/rows.csv"
mkdir -p "$work"/{bundle,pipeline,report}
pipeline() { # NAME, stages from stdin
    { echo "data train=$work/rows.csv"; cat; } >"$work/$1.txt"
    "$MNISTPIPE" run "$work/$1.txt" -o "$work/run-$1" --quiet >/dev/null &&
        cp "$work/run-$1/bundle.mnp" "$work/bundle/$1"
}
printf 'blur\nhog cell=3 block=1\nstandardize\npca components=3\nsvm\n' | pipeline one
printf 'union\n  branch\n    pixels\n  branch\n    hog cell=3 block=1\nnormalize\nlogistic\n' |
    pipeline two
printf 'blur\nnet epochs=2 batch=16\n  conv filters=2 kernel=3\n  dense units=3\n' | pipeline net
printf 'embed bundle=net.txt layer=conv\nlogistic\n' | pipeline inside
cp "$SOURCE"/pipelines/*.txt "$work/pipeline/"
cp "$work"/two.txt "$work/pipeline/"
cat "$work"/run-{one,net}/report.json >"$work/report/pair"

# Pictures of every kind: the first byte says what is done with them, 8 by libvips.
mkdir -p "$work/picture"
for file in "$SOURCE"/tests/pictures/*.*; do
    name=${file##*/}
    { printf '\2'; cat "$file"; } >"$work/picture/$name"
    case $name in
    turn[2-8].* | expected.txt | *.bmp | *.p?m) ;;
    *) { printf '\14'; cat "$file"; } >"$work/picture/vips-$name" ;;
    esac
done
printf 'pfile,label,"id"\r\n"a ""1"".png"; 3 ,x\n\nb.png,4,y\n' >"$work/picture/list"
rm "$work/picture/expected.txt"

# Arrays and archives by other programs.
mkdir -p "$work/archive"
find "$SOURCE/tests/arrays" -type f -size -8k ! -name expected.txt -exec cp -t "$work/archive" {} +

# Some make their own, when they get an input.
own_seeds() { # FUZZER NAME ARGUMENTS
    mkdir -p "$work/$2"
    FUZZ_SEEDS=$work/$2 "$1" "${@:3}" >"$work/log" 2>&1
}
