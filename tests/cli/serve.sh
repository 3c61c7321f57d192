#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# serve.sh - bundles answer over HTTP: right, in time, and to nobody else.
. "$(dirname "$0")/lib.bash"
unset MNISTPIPE_TOKEN
if [ -z "$python" ]; then
    skip "serve" "no python3"
    finish
fi

refuses() { # STATUS ERROR ARGUMENT...
    timeout 60 "$program" serve "${@:3}" > "$out" 2> "$err"
    equal $? "$1" status && equal "$(cat "$err")" "mnistpipe: $2"
}
rows train 600 > train.csv
rows test 60 > test.csv
printf 'data train=train.csv test=test.csv\npixels\nsvm C=0.01\n' > svm.txt
printf 'data train=train.csv test=test.csv\nhog cell=7\nsvm C=0.1\n' > other.txt
printf 'data train=train.csv test=test.csv\nnet epochs=1\n  dense units=16\n' > net.txt
for name in svm other net; do
    mp run $name.txt -o $name --quiet && mv $name/bundle.mnp $name.mnp &&
        mp predict $name.mnp test.csv -o $name.csv --quiet
    ok "a bundle: $name"
done
sed 's/^data/& keep=50/' svm.txt > kept.txt
"$python" -B "$source/tests/cli/colour.py" train 40 1
printf 'data train=train-images-idx4-ubyte\nresize width=16 height=12\nhog cell=4\nsvm\n' > wide.txt
mp run kept.txt -o kept --quiet && mv kept/bundle.mnp kept.mnp &&
    mp run svm.txt --keep 50 -o kept --quiet && same kept.mnp kept/bundle.mnp &&
    mp run svm.txt --threads 1 --keep 50 -o kept --quiet && same kept.mnp kept/bundle.mnp &&
    mp run wide.txt --keep 9 -o wide --quiet && mv wide/bundle.mnp wide.mnp
ok "bundles that keep training images: as the data line says, or the command line"

refuses 2 "serve: expected a bundle, such as runs/hog_svm/bundle.mnp"
ok "no bundle"
refuses 1 "nothing.mnp: cannot read: No such file or directory" nothing.mnp
ok "a bundle that is not there"
refuses 1 "svm.mnp and svm/../svm.mnp are both called svm; NAME=FILE gives another name" \
    svm.mnp svm/../svm.mnp
ok "two bundles of one name"
refuses 2 "--listen=0.0.0.0: other machines could ask, so requests need a token: --token FILE, or \
MNISTPIPE_TOKEN in the environment" svm.mnp --listen 0.0.0.0
ok "beyond this machine not without a token"
! timeout 60 "$program" serve svm.mnp --listen foo.invalid > "$out" 2> "$err" &&
    grep -qx 'mnistpipe: --listen=foo.invalid: .*; expected an address such as 127.0.0.1 or 0.0.0.0' "$err"
ok "what is no address is not told about other machines"
echo short > token
refuses 1 "token: the token has 5 characters; expected 16 at least, such as \`openssl rand -hex \
16\` gives" svm.mnp --token token
ok "a token that can be guessed"
refuses 1 "--listen=203.0.113.7 is no address of this machine" svm.mnp --listen 203.0.113.7 \
    --token <(echo 0123456789abcdef)
ok "an address that is not ours"

run_client() { # NAME SCRIPT ARGUMENT...: what it says line by line, and that it ran to its end
    while IFS=$'\t' read -r verdict what wrong; do
        [ "$verdict" = ok ] || { echo "$wrong" >> "$log"; false; }
        ok "$what"
    done < <(if HOME=$dir timeout 300 "$python" -B "$source/tests/cli/$2" "${@:3}" 2> "$err"
        then echo ok; else echo not ok; fi | sed "\$s/\$/\t$1\t/")
}
page=$source/docs/tutorial/hand.jpg
run_client "the client ran to its end" serve.py "$program" test.csv "$page"

for browser in chromium chromium-headless-shell chromium-browser google-chrome ""; do
    [ -z "$browser" ] || ! command -v "$browser" > /dev/null || break
done
if [ -z "$browser" ]; then
    skip "the page in a browser" "no chromium or chromium-headless-shell"
else
    rows train 2000 > many.csv
    echo 'data train=many.csv test=test.csv' | cat - <(sed '/^data/d' \
        "$source/pipelines/hog_svm.txt") > draw.txt
    mp run draw.txt --keep 200 -o draw --quiet
    ok "a bundle to draw for"
    run_client "the browser ran to its end" serve_draw.py "$browser" "$program" draw/bundle.mnp svm.mnp \
        test.csv "$page"
fi
finish
