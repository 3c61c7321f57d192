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
pipeline() { # NAME ARGUMENT..., stages from stdin
    { echo "data train=$work/rows.csv"; cat; } >"$work/$1.txt"
    "$MNISTPIPE" run "$work/$1.txt" -o "$work/run-$1" --quiet "${@:2}" >/dev/null &&
        cp "$work/run-$1/bundle.mnp" "$work/bundle/$1"
}
printf 'blur\nhog cell=3 block=1\nstandardize\npca components=3\nsvm\n' | pipeline one
printf 'union\n  branch\n    pixels\n  branch\n    hog cell=3 block=1\nnormalize\nlogistic\n' |
    pipeline two
printf 'pixels\nsvm\n' | pipeline kept --keep 4 --more "$work/rows.csv"
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

# Tables in text of every form; the first byte says what is asked of them.
mkdir -p "$work/table"
table() { cat >"$work/table/$1"; } # NAME, from stdin
printf '@label,p0,p1,p2,p3\n7,1,0.5,0,1\n3,0,0,0.25,1\n' | table shares
printf '`sep=;\n"label";"p0";"p1";"p2";"p3"\n"7"; 1,5 ;2;3;4;\n"a ""b"""; 1,5 ;2;3;4;\n' | table semicolons
printf '@# by hand\n5 0 -1 1 .5\n6 1e0 1 +1 -1.0e-1\n' | table blanks
printf 'D,id,p10,p2,p1,p3,set,class\r\n0,a,1,2,3,4,x,5\r\n1,b,1,2,3,4,x,9\r\n' | table columns
printf '@0,1,2,3,4,5,6,7,8,9\n' | sed 'p;p;p;p;p;p' | table numbers
printf '\2009,8,7,6,1,0\n9,8,7,6,0,1\n9,8,7,6,1,0\n9,8,7,6,1,0\n9,8,7,6,0,1\n' | table one-hot
printf '\3001,9\n2,8\n3,7\n4,8\n5,9\n6,1\n7,9\n' | table index
printf '@5,0,0.1,0.2,0.3\n5,1,2,3,4\n' | table lost
printf '@V1\tV2\tV3\tV4\tV5\n1\t2\t3\t4\t5\n' | sed '2p;2p;2p' | table tabs
printf ' id,label\n1,2\n2,"x"\n' | table labels
printf '@7 1:10 4:255\n-3 2:20 # two\n' | table libsvm
printf '@1 qid:1 2:9 6:200\n2 3:50 7:200 14:0.5\n' | table libsvm-blank
printf "@%% of nobody\n@RELATION 'a b'\n@attribute a REAL\n@attribute 'b\\'' {'x y', 3}\n@DATA\n1,3\n{0 7}\n" |
    table arff
printf 'label,p0,p1,p2,p3\n7,1,2,3,4\n' | iconv -f ASCII -t UTF-16LE | sed '1s/^/@\xff\xfe/' | table utf16

# Some make their own, when they get an input.
own_seeds() { # FUZZER NAME ARGUMENTS
    mkdir -p "$work/$2"
    FUZZ_SEEDS=$work/$2 "$1" "${@:3}" >"$work/log" 2>&1
}
