#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# clients.sh - data sets as other programs write them (tests/oracle/clients.py, which wrote the
# archive) are read back, every label and every pixel.
. "$(dirname "$0")/lib.bash"

tar xzf "$source/tests/oracle/clients.tar.gz" -C . || exit 1
sed 's/^/# /' versions
printf 'data train=right.csv\n' > rows.txt

# What mnistpipe makes of it is the table that its writer had. The test is the same again, so that
# all rows are training rows.
read_back() { # WHO FILE SETTINGS RIGHT
    local set=() one
    for one in $3; do
        set+=(--set "data.$one")
        [[ $one != train_labels=* ]] || set+=(--set "data.test_${one#train_}")
    done
    mp export rows.txt --train "$2" --test "$2" "${set[@]}" --format csv --bytes -o back --quiet
    local status=$?
    cat "$err" >> "$log"
    [ $status -eq 0 ] && cmp back/train.csv "$4" >> "$log" 2>&1
}
while IFS='|' read -r who file settings right; do
    read_back "$who" "$file" "$settings" "$right"
    ok "$who"
    rm -rf back
done < list
[ "$count" -ge 40 ]
ok "forty of them at least"
finish
