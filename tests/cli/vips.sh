#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# vips.sh - parameters that are found when the program runs: help, mistakes and where they stand,
# bundles, the cache, a search.
. "$(dirname "$0")/lib.bash"

rows train 300 > train.csv
rows test 60 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\npixels\nsvm C=0.01\n' "$1"; }
pipe 'vips op=gaussblur sigma=0.8' > blur.txt

# -------------------------------------------------------------------- help

mp help vips && [ ! -s "$err" ] && cp "$out" all &&
    grep -q '^  canny  *Canny edge detector$' all && grep -q '^  gaussblur  *gaussian blur$' all &&
    equal "$(grep -cE '^  (add|avg|system|pngload|pngsave|copy|draw_rect|gaussnoise) ' all)" 0
ok "help vips: the operations that can be used, and no others"
equal "$(sed -n '/^What op may be/,$s/^  \([^ ]*\) .*/\1/p' all | uniq -d)" ""
ok "each once"
mp help vips:canny && [ ! -s "$err" ] && equal "$(head -1 "$out")" "vips op=canny: Canny edge detector" &&
    flat "$out" | grep -q 'sigma Sigma of Gaussian \[number 0.01..1000; default 1.4\]' &&
    flat "$out" | grep -q '\[integer|float|approximate; default float\]'
ok "help vips:canny: its arguments, their ranges and defaults"
for op in $(sed -n '/^What op may be/,$s/^  \([^ ]*\) .*/\1/p' all); do
    mp help "vips:$op" && [ ! -s "$err" ] && grep -q '^  pixels ' "$out" || echo "$op" >> "$log"
done
[ ! -s "$log" ]
ok "help of every one"
mp help vips:cany
equal $? 1 status && [ ! -s "$out" ] && equal "$(cat "$err")" 'mnistpipe: op=cany: no such operation; '\
'did you mean "canny"? `mnistpipe help vips` lists those that can be used' text
ok "help vips:cany: the nearest"
mp help vips:add
equal $? 1 status && equal "$(cat "$err")" 'mnistpipe: op=add: takes more than one image; operations '\
'that take one image and give one can be used: `mnistpipe help vips` lists them' text
ok "help vips:add: why not"
mp help blur:sigma
equal $? 1 status && equal "$(cat "$err")" 'mnistpipe: blur:sigma: no such command, stage or word; '\
'`mnistpipe help`, `mnistpipe list` and `mnistpipe help words` show them' text
ok "other stages have no such help"
for format in man markdown bash zsh fish; do
    mp help --format=$format && ! grep -q 'bandfold\|labelregions' "$out" || echo $format >> "$log"
done
[ ! -s "$log" ]
ok "what is written once for all does not depend on the version of libvips"

# ---------------------------------------------------------------- mistakes

wrong() { # STATUS TEXT LINE OPTION...
    pipe "$3" > wrong.txt
    mp run wrong.txt --train nosuch.csv -o none "${@:4}"
    equal $? "$1" status && equal "$(cat "$err")" "mnistpipe: $2" text && [ ! -e none ]
    ok "$3 ${*:4}: $2"
}
wrong 1 'wrong.txt:2: vips: no parameter "sigmo"; did you mean "sigma"? it takes: op pixels min_ampl sigma precision' \
    'vips sigmo=1 op=gaussblur'
wrong 1 'wrong.txt:2: vips: sigma=0: out of range (number 0.01..1000)' 'vips op=canny sigma=0'
wrong 1 'wrong.txt:2: vips: op is required (operation)' 'vips sigma=1'
wrong 2 'command line: vips: sigma=x: not a number (number 0..1000)' \
    'vips op=gaussblur sigma=1' --set vips.sigma=x
wrong 2 'command line: vips: no parameter "C"; it takes: op pixels direction' \
    'vips op=flip direction=vertical' --set vips.C=1
wrong 2 'command line: vips: op=blur: no such operation; `mnistpipe help vips` lists those that can be used' \
    'vips op=flip' --set vips.op=blur
wrong 1 'wrong.txt:2: vips: op={flip,invert}: a set of values; a run takes one (--set vips.op=VALUE), a search tries all' \
    'vips op={flip,invert}'

# -------------------------------------------------- runs, bundles, the cache

mp run blur.txt -o one --threads 1 && mp run blur.txt -o two --threads 2 &&
    same one/bundle.mnp two/bundle.mnp && same one/predictions.csv two/predictions.csv
ok "the same bytes with one thread and with two"
mp predict one/bundle.mnp test.csv -o predictions.csv && same predictions.csv one/predictions.csv
ok "the bundle predicts what the run did"
mp run blur.txt -o set --set vips.op=rank --set vips.sigma=3
equal $? 2 status && equal "$(cat "$err")" 'mnistpipe: command line: vips: no parameter "sigma"; '\
'it takes: op pixels width height index' text
ok "another operation takes other parameters"
mp run blur.txt -o cold --cache store && mp run blur.txt -o warm --cache store &&
    mp run blur.txt -o other --cache store --set vips.sigma=2 &&
    ! grep -q '"reused"' cold/report.json && grep -q '"reused"' warm/report.json &&
    ! grep -q '"reused"' other/report.json && same warm/bundle.mnp one/bundle.mnp &&
    ! same_answers other/predictions.csv one/predictions.csv
: > "$log"
ok "the cache knows what they are set to"
mp search blur.txt --set 'vips.sigma={0.5,1}' --folds 2 -o search && grep -q 'vips.sigma' "$out"
ok "a search tries their values"
mp check blur.txt && grep -q 'vips op=gaussblur sigma=0.8  *28x28x1  *28x28x1' "$out"
ok "check"

# ------------------------------------------------------------ known to be wrong

pipe 'vips op=rank width=5 height=5 index=12' > rank.txt
if mp --version && awk '$1 == "libvips" { split($2, v, "."); exit !(v[1] == 8 && (v[2] < 16 || (v[2] == 16 && v[3] <= 1))) }' "$out"; then
    mp run rank.txt -o rank
    equal "$(grep -c '^warning: rank.txt:2: vips: op=rank: in libvips .*, as in others up to 8.16.1, it is wrong for windows of more than 10 pixels; pixels=floats is right$' "$err")" 1
    ok "a median of 5 x 5 is warned of, once"
    grep -q 'op=rank: in libvips' rank/report.txt
    ok "and the report says so"
    mp check rank.txt && grep -q '^warning: rank.txt:2: vips: op=rank: in libvips' "$err"
    ok "and check"
    pipe 'vips op=fill_nearest' > fill.txt
    mp run fill.txt -o fill && grep -q '^warning: fill.txt:2: vips: op=fill_nearest: in libvips .* changes pixels that are set' "$err"
    ok "fill_nearest, too"
else
    skip "a median of 5 x 5" "libvips is newer"
fi
mp run rank.txt -o floats --set vips.pixels=floats && silent &&
    mp run rank.txt -o greatest --set vips.index=24 && silent &&
    mp run rank.txt -o small --set vips.height=2 --set vips.index=5 && silent
ok "not of floats, of the greatest, or of small windows"

finish
