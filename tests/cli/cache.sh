#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cache.sh - results from the cache are those of a run without one, whatever happens to the
# cache: warm, killed while it writes, shared, of another version, damaged, not writable.
. "$(dirname "$0")/lib.bash"

rows train 400 > train.csv
rows test 200 > test.csv
pipe() { echo 'data train=train.csv test=test.csv'; printf '%b\n' "$1"; } # LINES
pipe 'deskew\nunion\n  branch\n    hog cell=7\n  branch\n    pixels\n    pca components=5\nstandardize
svm C=0.1' > union.txt
pipe 'augment shift=1\nnet epochs=3\n  dense units=16 act=relu' > net.txt
pipe 'median radius=4\nmedian radius=5\nmedian radius=7\npixels\npca components=9\nlogistic' > slow.txt
pipe 'deskew\npixels\nstandardize\nsvm C=0.01\ncalibrate' > held.txt
pipe 'deskew
vote
  branch
    pixels
    svm C=0.01
    calibrate
  branch
    hog cell=7
    logistic
    calibrate method=platt' > vote.txt
pipe 'net epochs=2\n  dense units=16 act=relu' > inner.txt
pipe 'embed bundle=inner.txt\nsvm C=0.01' > embed.txt
pipe 'augment copies=2\npixels\npca components=9\nsvm C=0.01' > copies.txt

results() { cat "runs/$1/bundle.mnp" "runs/$1/predictions.csv" "runs/$1"/*.liblinear 2> /dev/null; }
same_results() { cmp <(results "$1") <(results "$2") >> "$log" 2>&1; } # RUN RUN
run() { mp run "$1.txt" -o "runs/$2" "${@:3}"; } # PIPELINE RUN OPTION...
reused() { grep -q '"reused"' "runs/$1/report.json"; } # RUN
# All of the report that does not tell of time, memory or threads.
said() {
    "$python" - "runs/$1/report.json" << 'END'
import json
import sys
r = json.load(open(sys.argv[1]))
print(r["test"], r.get("training"), r["warnings"], r["pipeline"],
      [(s["text"], s["shape_out"], s["fit"] and s["fit"]["parameters"]) for s in r["stages"]])
END
}
entries() { mp cache --cache "$1" --json && grep -c '"key"' "$out"; } # FOLDER

# ------------------------------------------------------ cold, warm, without

for p in union net slow held vote copies embed; do
    run $p $p.none && run $p $p.cold --cache store && run $p $p.warm --cache store --threads 1
    ok "$p: without a cache, with a cold and with a warm one"
    same_results $p.none $p.cold && same_results $p.none $p.warm
    ok "$p: the same bytes"
    ! reused $p.none && ! reused $p.cold && reused $p.warm
    ok "$p: the warm one is used, and the report says so"
    if [ -n "$python" ]; then
        equal "$(said $p.warm)" "$(said $p.none)"
        ok "$p: a warm run reports what a run without says, curves and warnings included"
    else
        skip "$p: reports" "no python3"
    fi
done
run slow slow.other --cache store --set logistic.C=7 && run slow slow.same --set logistic.C=7 &&
    same_results slow.other slow.same && reused slow.other && ! same_results slow.other slow.none
ok "one parameter of the model changed: the stages before it come from the cache"
run inner inner.shared --cache shared && run embed embed.shared --cache shared &&
    reused embed.shared && same_results embed.shared embed.none
ok "a net that ran by itself is not trained again to embed it, and its time still counts"
pipe 'net epochs=2\n  dense units=9 act=relu' > inner.txt
run embed embed.other --cache store && run embed embed.same && same_results embed.other embed.same &&
    ! same_results embed.other embed.none
ok "another file that a stage names, under the same name, is another result"
COLUMNS=200 mp cache --cache store && grep -q '^rows .* median radius=4 | median radius=5 | median radius=7 | pixels$' "$out"
ok "rows that took long to make are kept"
for set in pca.components=8 median#1.radius=3; do
    run slow slow.other --cache store --set $set && run slow slow.same --set $set &&
        same_results slow.other slow.same
    ok "$set: results as without a cache"
done
sed 1d train.csv | tac | (head -1 train.csv; cat) > other.csv
run slow slow.other --cache store --train other.csv && run slow slow.same --train other.csv &&
    same_results slow.other slow.same && ! reused slow.other
ok "the same rows in another order are other data"
run held held.other --cache store --set calibrate.share=0.4 &&
    run held held.same --set calibrate.share=0.4 && same_results held.other held.same &&
    ! same_results held.other held.none
ok "other rows held back: results as without a cache"
run net net.other --cache store --seed 5 && ! reused net.other && ! same_results net.other net.none
ok "another seed is another result"
printf '%s\n' '# a remark' 'data    train=train.csv   test=test.csv' '' \
    'median radius=4 border=zero' 'median  radius=5' 'median radius=7' 'pixels' 'pca components=9' 'logistic C=1' > layout.txt
mp help logistic && grep -q 'default 1\]' "$out" && run layout layout --cache store &&
    reused layout && cmp runs/layout/predictions.csv runs/slow.none/predictions.csv
ok "layout, remarks and defaults written out make no difference"

# ---------------------------------------------------------------- two at once

run slow a --cache both & run_a=$!
"$program" run slow.txt -o runs/b --cache both > /dev/null 2>&1
wait $run_a && same_results a slow.none && same_results b slow.none
ok "two runs at once: right results"
reused a || reused b # or both: there are several stages to be first at
ok "what one of them learns, the other takes from there"
[ -z "$(find both -name '*.lock' -o -name '.mnistpipe.*')" ]
ok "no lock and no part is left"

# --------------------------------------------------------------------- killed

for i in $(seq 1 12); do
    "$program" run slow.txt -o runs/killed --cache killed > /dev/null 2>&1 &
    victim=$!
    sleep "0.$((i * 37 % 60 + 10))"
    kill -9 $victim 2> /dev/null
    wait $victim 2> /dev/null
done
run slow killed --cache killed && same_results killed slow.none
ok "killed twelve times while it computes and writes: the results stay right"
mp cache --cache killed && ! grep -q '^damaged' "$out"
ok "no damaged entry has a name"
find killed -type f -exec touch -d '2 minutes ago' {} +
mp cache --cache killed --clear && none_left killed
ok "--clear removes all, what killed runs left as well"

# -------------------------------------------------------------- damage, version

entry() { find "$1" -type f -name '[0-9a-f]*' | sort; } # FOLDER
byte() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null; } # FILE AT BYTE
for what in '8 \x63 version' '5000 \x63\x64\x65 content'; do
    set -- $what
    rm -rf worn && cp -r store worn
    for f in $(entry worn); do byte "$f" "$1" "$2"; done
    before=$(entry worn | wc -l)
    run slow worn --cache worn && same_results worn slow.none && ! reused worn && ! grep -q "^warning" "$err"
    ok "a cache of damaged $3: nothing is used, results are right, nothing is said"
    run slow worn2 --cache worn && same_results worn2 slow.none && reused worn2
    ok "a cache of damaged $3 is made anew"
done
rm -rf bin && mkdir bin && cp "$program" bin/mnistpipe && printf x >> bin/mnistpipe
bin/mnistpipe run slow.txt -o runs/rebuilt --cache store > /dev/null 2> "$err" &&
    ! reused rebuilt && same_results rebuilt slow.none
ok "another build of the program uses nothing of this one's"
bin/mnistpipe run slow.txt -o runs/rebuilt --cache store > /dev/null 2> "$err" && reused rebuilt
ok "but its own"
mp cache --cache store && grep -q '(another version)$' "$out" && mp cache --cache store --json &&
    grep -q '"this_version": false' "$out"
ok "the list tells which is which"

# ---------------------------------------------------------------- not writable

run slow nowhere --cache train.csv/cache && same_results nowhere slow.none &&
    equal "$(grep -c warning "$err")" 1 && grep -q '^warning: no cache: .*goes on without$' "$err"
ok "a cache that cannot be made is one warning"
if [ "$(id -u)" = 0 ]; then
    skip "a cache that cannot be written is one warning" "root may write everywhere"
else
    mkdir locked && chmod a-w locked
    run slow locked --cache locked && same_results locked slow.none &&
        equal "$(grep -c '^warning: the cache locked cannot be written' "$err")" 1
    ok "a cache that cannot be written is one warning"
    chmod u+w locked
fi
mkdir -p small && mp cache --cache small --limit 10K && run slow small --cache small &&
    same_results small slow.none && ! grep -q "^warning" "$err" &&
    [ "$(cat small/[0-9a-f]* 2> /dev/null | wc -c)" -le 10240 ]
ok "a small limit is kept, without a word"

# -------------------------------------------------------------------- command

n=$(entries store)
mp cache --cache store && equal "$(grep -c '^\(state\|rows\) ' "$out")" "$n" &&
    grep -q "^store: $n entries, .* of at most .* (by default)$" "$out"
ok "the list has every entry"
mp cache --cache store --limit 20K && grep -q '^removed [1-9]' "$out" &&
    grep -q 'of at most 20.0 KiB$' "$out" && [ "$(entries store)" -lt "$n" ]
ok "--limit removes what is too much, and stays"
equal "$(mp cache --cache store; tail -1 "$out")" "$(mp cache --cache store; tail -1 "$out")" &&
    mp cache --cache store && grep -q '20.0 KiB$' "$out"
ok "the limit is remembered"
for size in x 3x -1 1e99 2Gx G; do
    ! mp cache --cache store --limit "$size" &&
        equal "$(cat "$err")" \
            "mnistpipe: cache: --limit $size: expected a size, such as 2G, 500M or 0"
    ok "--limit $size is refused"
done
MNISTPIPE_CACHE=$PWD/env mp cache && grep -q "^$PWD/env/stages: 0 entries" "$out" &&
    XDG_CACHE_HOME=$PWD/xdg mp cache && grep -q "^$PWD/xdg/mnistpipe/stages: 0 entries" "$out"
ok "by default it lies beside the data sets"
! mp cache this && equal "$(cat "$err")" 'mnistpipe: cache: takes no arguments, found "this"'
ok "an argument is refused"
finish
