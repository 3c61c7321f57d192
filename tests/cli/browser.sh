#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# browser.sh - the pages in Chromium: light and dark, wide and narrow, on paper; clicked
# through, by keyboard, and as a screen reader finds them.
. "$(dirname "$0")/lib.bash"

for browser in chromium chromium-headless-shell chromium-browser google-chrome ""; do
    [ -z "$browser" ] || ! command -v "$browser" > /dev/null || break
done
if [ -z "$browser" ]; then
    skip "the pages in a browser" "no chromium or chromium-headless-shell"
    finish
elif [ -z "$python" ]; then
    skip "the pages in a browser" "no python3"
    finish
fi

mkdir inspect
rows train 600 > train.csv
rows test 300 > test.csv
printf 'data train=train.csv test=test.csv\n' > data.txt
two='deskew\nunion\n  branch\n    hog cell=7\n  branch\n    pixels\n    pca components=9\n'
printf '%bsvm\n' "$two" | cat data.txt - > linear.txt
printf 'net epochs=4 batch=32 validation=0.2\n  conv filters=8 kernel=3\n  maxpool\n' |
    cat data.txt - > net.txt
printf 'hog cell=99\nsvm\n' | cat data.txt - > bad.txt
mp run linear.txt && mp run net.txt
ok "two runs"
! mp compare linear.txt net.txt bad.txt -o runs/compare && mp ablate linear.txt
ok "a comparison and an ablation"
mp search linear.txt --set 'hog.cell={4,7}' --set 'svm.C={0.01,0.1,1}' &&
    mp inspect train.csv test.csv -o inspect/inspect.html
ok "a search and a look at the files"
mp gallery --train train.csv --no-gains -o all.html &&
    mp gallery --train train.csv --only deskew,blur,hog,holes,resize,pca --folds 2 -o some.html
ok "the gallery, of all stages and with gains"
for i in $(seq 15); do
    kinds=(svm ridge logistic)
    cat data.txt <(printf 'pca components=%d\n%s\n' $((i * 2)) "${kinds[i % 3]}") > "many_$i.txt"
done
mp compare many_*.txt net.txt -o runs/many && equal "$(grep -o '<text class="over f[12]"' \
    <(sed '/id="learning"/,$d' runs/many/compare.html) | wc -l | tr -d ' ')" 16
ok "a comparison of many: every dot has its name"
# K classes of 6 x 8 pixels, N rows each; every seventh row looks like one of another class.
classes() { # K N
    awk -v k="$1" -v n="$2" 'BEGIN { for (i = 0; i < k * n; i++) {
        printf "%d", i % k
        like = i % 7 == 3 ? (i * 5 + 1) % k : i % k
        for (p = 0; p < 48; p++)
            printf ",%d", (like + 1) * (like + 7) * (p + 3) * (p + 5) % 97 % 2 * 200 + i * p % 50
        print "" } }'
}
printf 'data size=6x8 train=few.csv test=many.csv\nsvm C=0.1\n' > classes.txt
for k in 2 10 47; do
    classes $k 40 > few.csv && classes $k 1300 > many.csv && mp run classes.txt -o runs/of$k
    ok "$k classes, with counts of four digits"
done
# Many classes, and names of several words.
classes 256 8 | awk -F, -v OFS=, '{ $1 = "a class that is called " $1 } 1' > named.csv
awk -F, '{ split($1, w, " "); if (w[6] < 64) print }' named.csv > named64.csv
printf 'data size=6x8 train=named.csv\nridge\n' > named256.txt
printf 'data size=6x8 train=named64.csv\nridge\n' > named64.txt
mp run named256.txt && mp run named64.txt
ok "64 and 256 classes with long names"
while IFS=$'\t' read -r verdict what wrong; do
    [ "$verdict" = ok ] || { echo "$wrong" >> "$log"; false; }
    ok "$what"
done < <(if HOME=$dir timeout 600 "$python" "$source/tests/cli/browser.py" "$browser" \
    runs/linear/report.html runs/net/report.html runs/compare/compare.html runs/many/compare.html \
    runs/linear-ablate/ablate.html runs/linear,hog.cell=4+7,svm.C=0.01+0.1+1-search/search.html inspect/inspect.html all.html some.html \
    runs/named64/report.html runs/named256/report.html \
    runs/of2/report.html runs/of10/report.html runs/of47/report.html 2> "$err"
    then echo ok; else echo not ok; fi |
    sed '$s/$/\tthe browser ran to its end\t/')

finish
