#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# limits.sh - with little memory every command ends by itself: with its result, or with a line
# that says what is missing.
. "${BASH_SOURCE%/*}/lib.bash"

if sanitized; then
    skip "limits of memory" "the program has sanitizers"
    finish
fi

rows train 300 > train.csv
rows test 20 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; }
pipe 'hog cell=14\nsvm C=0.05' > svm.txt
pipe 'pca components=8\nsvm C=0.05' > pca.txt
pipe 'resize width=7 height=7\nridge' > ridge.txt
pipe 'net epochs=1\n  dense units=8' > net.txt
for name in svm pca ridge net; do
    mp run $name.txt -o whole-$name --quiet || break
done
ok "without limits"

# All that is not a file of the run itself; what was there is not looked at.  Where oneDNN finds no
# memory, and the C library none for what an exception needs in a thread, that ends the program
# itself, with a line of its own (seen with glibc 2.41).
ends() { # COMMAND...
    (ulimit $limit && exec timeout -s KILL 60 "$program" "$@" --quiet) > "$out" 2> "$err"
    status=$?
    [ $status = 0 ] && return
    local expected=1
    ! grep -qx 'cannot allocate memory for thread-local data: ABORT' "$err" || expected=127
    equal $status $expected "status of $* with ulimit $limit" &&
        equal "$(grep -vc '^$' "$err")" 1 "lines"
}
for limit in '-d 50000' '-d 80000' '-d 150000' '-d 300000' '-v 150000' '-v 300000' '-v 600000'; do
    good=true
    for name in svm pca ridge net; do
        { ends run $name.txt -o run-$name && ends check $name.txt &&
            ends predict whole-$name/bundle.mnp test.csv -o p.csv &&
            { [ $status != 0 ] || same p.csv whole-$name/predictions.csv; }; } || good=false
    done
    { ends export svm.txt -o e.csv && ends inspect train.csv && ends show svm.txt -o s.png &&
        ends compare svm.txt ridge.txt -o c --no-cache && ends list && ends help svm; } || good=false
    $good
    ok "ulimit $limit: every command ends"
done

# Into memory that it has not got oneDNN would write kernels.
good=true
for limit in '-v '{48..76}000 '-d '{10..28..2}000; do
    for name in ridge net; do
        ends run $name.txt -o run-$name --threads 2 && { [ $status != 0 ] ||
            same run-$name/predictions.csv whole-$name/predictions.csv; } || good=false
    done
done
$good
ok "with less and less of what oneDNN takes, products are made, or a line says what is missing"

# A thread without an arena gets a page for each malloc(), and kernels take ten thousands.
limit='-v 84000'
ends run ridge.txt -o run --threads 2 && equal $status 0 status &&
    same run/predictions.csv whole-ridge/predictions.csv && same run/bundle.mnp whole-ridge/bundle.mnp
ok "within 80 MB of addresses threads share what malloc() gives"

# Where they are refused threads of their own, libraries do without; but some versions of
# OpenBLAS, which liblinear brings, take more than that while they are loaded.
limit='-d 80000'
ends run svm.txt -o run && { [ $status = 0 ] || grep -q 'MiB to load, more than the' "$err"; } &&
    { [ $status != 0 ] || { same run/predictions.csv whole-svm/predictions.csv &&
        same run/bundle.mnp whole-svm/bundle.mnp; }; }
ok "a model of some megabytes is learned within 80 MB, or a library says that it takes more"
finish
