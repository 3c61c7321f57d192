#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# compare.sh - `mnistpipe compare`: its table is what the runs report, "better" is what the
# test of each pair says, one pipeline's failure is its own, and nothing is done twice.
. "$(dirname "$0")/lib.bash"

export MNISTPIPE_CACHE=$dir/cache
rows train 600 > train.csv
rows test 300 > test.csv
pipe() { echo 'data train=train.csv test=test.csv'; printf '%b\n' "$1"; } # LINES
pipe 'deskew\nhog cell=7\nsvm C=0.1' > hog.txt
pipe 'pixels\nsvm C=0.01' > pixels.txt
pipe 'pixels\npca components=9\nlogistic' > pca.txt
pipe 'net epochs=2\n  dense units=16 act=relu' > net.txt
pipe 'hog cell=999\nsvm' > bad.txt
all="pixels.txt hog.txt bad.txt net.txt pca.txt"
check() { # NAME CODE: of the comparison o, the reports r and predictions by name
    if [ -z "$python" ]; then
        skip "$1" "no python3"
        return
    fi
    "$python" - "$2" >> "$log" 2>&1 << 'END'
import csv
import json
import math
import sys

o = json.load(open("runs/compare/compare.json"))
runs = [q for q in o["runs"] if q["error"] is None]
r = {q["name"]: json.load(open(q["folder"] + "/report.json")) for q in runs}
said = {q["name"]: [int(row["predicted"]) for row in csv.DictReader(
    open(q["folder"] + "/predictions.csv"))] for q in runs}
truth = [int(row[0]) for row in list(csv.reader(open("test.csv")))[1:]]
table = list(csv.DictReader(open("runs/compare/compare.csv")))
near = lambda a, b: abs(a - b) <= 1e-6 * max(1, abs(a))


def mcnemar(a, b):
    """Exact, two-sided: a fair coin thrown for each row that only one has right."""
    m, k = a + b, min(a, b)
    return min(1, 2 * sum(math.comb(m, i) for i in range(k + 1)) / 2 ** m)


def only(a, b):
    return sum(x == t != y for x, y, t in zip(said[a], said[b], truth))


def holm(p):
    out, least = {}, 0
    for i, k in enumerate(sorted(p, key=p.get)):
        least = out[k] = max(least, min(1, (len(p) - i) * p[k]))
    return out


p = {(q["a"], q["b"]): mcnemar(only(q["a"], q["b"]), only(q["b"], q["a"])) for q in o["pairs"]}
if not eval("(" + sys.argv[1] + ")"):
    print("false:", sys.argv[1])
    sys.exit(1)
END
    ok "$1"
}

page() { # NAME CONTAINS...: compare.html keeps what pages promise, and contains all this
    local name=$1 word bad=0
    shift
    for word; do
        grep -qF -- "$word" runs/compare/compare.html ||
            { echo "not in the page: $word" >> "$log"; bad=1; }
    done
    [ $bad = 0 ] && { [ -z "$python" ] ||
        "$python" "$source/tests/cli/page.py" runs/compare/compare.{html,json} >> "$log" 2>&1; }
    ok "$name"
}
lacks() { # TEXT...
    local word
    for word; do
        ! grep -qF -- "$word" runs/compare/compare.html || equal "$word" "" "on the page" ||
            return 1
    done
}

! COLUMNS=200 mp compare $all -o runs/compare &&
    equal "$(tail -1 "$err")" "mnistpipe: compare: 1 of 5 pipelines failed"
ok "four pipelines run, one fails, and the exit status says so"
cp "$out" first.txt
same <(head -n -2 first.txt) runs/compare/compare.txt &&
    equal "$(tail -n 2 first.txt)" "
look at  runs/compare/compare.html"
ok "compare.txt is what was printed, and then where the page is"
equal "$(echo $(ls runs/compare))" \
    "compare.csv compare.html compare.json compare.md compare.txt hog net pca pixels"
ok "the folder has the table in five forms, and each run"
page "the page: well-formed, whole, with the figures of compare.json" 'id="hard"' 'id="learning"' \
    'By McNemar' 'Deep or classical?' '<strong>hog cell=7</strong>' 'the fewest errors' \
    'Failed:</strong> bad' 'href="pixels/report.html"'

# ------------------------------------------------------------------ the table

check "best first, the failed one last" \
    '[q["errors"] for q in runs] == sorted(q["errors"] for q in runs) and
     [q["rank"] for q in o["runs"]] == [1, 2, 3, 4, None] and o["runs"][4]["name"] == "bad"'
check "the row of each is its report" \
    'all(q["accuracy"] == r[q["name"]]["test"]["accuracy"] and
         q["accuracy_interval"] == r[q["name"]]["test"]["accuracy_interval"] and
         q["errors"] == r[q["name"]]["test"]["errors"] and
         q["macro_f1"] == r[q["name"]]["test"]["macro_f1"] and
         q["train_seconds"] == r[q["name"]]["seconds"]["fit"] and
         q["bundle_bytes"] == r[q["name"]]["bundle"]["bytes"] and
         q["peak_bytes"] == r[q["name"]]["memory"]["peak_bytes"] and
         near(q["images_per_second"], 300 / r[q["name"]]["seconds"]["predict"]) for q in runs)'
check "errors are those of the predictions" \
    'all(q["errors"] == sum(a != b for a, b in zip(said[q["name"]], truth)) for q in runs)'
check "parameters: weights and biases" \
    '{q["name"]: q["parameters"] for q in runs} ==
     {"pixels": 7850, "hog": 2890, "pca": 100, "net": 785 * 16 + 170}'
check "nets are deep, the others classical" \
    '{q["name"]: q["kind"] for q in o["runs"]} == {"pixels": "classical", "hog": "classical",
      "pca": "classical", "net": "deep", "bad": None}'
check "why one failed stands in its row" \
    'o["runs"][4]["error"].startswith("bad.txt:2: hog: cell=999: out of range") and
     table[4]["error"] == o["runs"][4]["error"] and table[4]["accuracy"] == ""'
grep -q '^-  bad  *failed: bad.txt:2: hog: cell=999: out of range' first.txt
ok "also in the text"

# ------------------------------------------------------------------ the pairs

check "every pair once, the better of the table first" \
    'sorted(map(sorted, p)) == sorted(sorted([a["name"], b["name"]])
        for i, a in enumerate(runs) for b in runs[i + 1:]) and
     all(r[a]["test"]["errors"] <= r[b]["test"]["errors"] for a, b in p)'
check "counts, difference and McNemar's p" \
    'all(q["only_a_right"] == only(q["a"], q["b"]) and q["only_b_right"] == only(q["b"], q["a"])
         and q["both_right"] + q["neither_right"] + q["only_a_right"] + q["only_b_right"] == 300
         and near(q["difference"], (q["only_a_right"] - q["only_b_right"]) / 300)
         and abs(q["p"] - p[q["a"], q["b"]]) <= 1e-8 * max(p[q["a"], q["b"]], 1e-8)
         for q in o["pairs"])'
check "Holm's correction, and better only below 5 %" \
    'all(near(q["p_holm"], holm(p)[q["a"], q["b"]]) and
         q["better"] == (q["a"] if q["p_holm"] < 0.05 else None) for q in o["pairs"])'

# ------------------------------------------------------------------ the forms

! mp compare $all -o runs/compare --format json && same "$out" runs/compare/compare.json
ok "--format json"
! mp compare $all -o runs/compare --format csv && same "$out" runs/compare/compare.csv
ok "--format csv"
check "the CSV has the same numbers" \
    'all(near(float(t["accuracy"]), q["accuracy"]) and t["name"] == q["name"] and
         near(float(t["low"]), q["accuracy_interval"][0]) and int(t["errors"]) == q["errors"]
         for t, q in zip(table, runs)) and len(table) == 5'
! mp compare $all -o runs/compare --format markdown && same "$out" runs/compare/compare.md &&
    equal "$(awk -F'|' '/^\|/ { print NF }' "$out" | sort | uniq -c | tr -s ' ' | sort -n)" \
        "$(printf ' 7 14\n 8 10\n' | sort -n)"
ok "--format markdown: two tables, as wide as their heads"

# ---------------------------------------------------------- nothing done twice

results() { cat runs/"$1"/*/bundle.mnp runs/"$1"/*/predictions.csv runs/"$1"/*/*.liblinear; }
! COLUMNS=200 mp compare $all -o runs/compare && equal "$(grep -c 'from the cache' "$out")" 1 &&
    same <(sed '/from the cache/d' "$out" | cat -s) <(cat -s first.txt; echo) ||
    same <(sed '/^$/d; /from the cache/d' "$out") <(sed '/^$/d' first.txt)
ok "a second time: the very same table, times included"
check "all four from the cache" 'all(q["from_cache"] for q in runs)'
rm -rf runs/compare/hog && ! mp compare $all -o runs/compare && cp -r runs/compare runs/warm &&
    ! mp compare $all -o runs/compare --no-cache && results warm > warm && results compare > none &&
    same warm none && ! grep -q 'from the cache' "$out"
ok "--no-cache: the same bundles, models and predictions"
sed 's/C=0.1/C=0.2/' hog.txt > new.txt && mv new.txt hog.txt
mp compare pixels.txt hog.txt net.txt pca.txt -o runs/compare
ok "one parameter of one model changed"
check "that one is run, the others are not" \
    '{q["name"]: q["from_cache"] for q in runs} ==
     {"pixels": True, "hog": False, "net": True, "pca": True}'
mp compare hog.txt --no-cache -o runs/alone &&
    same runs/alone/hog/bundle.mnp runs/compare/hog/bundle.mnp
ok "with the same result as without a cache"
mkdir -p x && cp pca.txt x/hog.txt && mp compare hog.txt x/hog.txt -o runs/compare &&
    [ -e runs/compare/hog-2/report.json ] && grep -q ' hog-2 ' "$out"
ok "two pipelines of the same name get a folder each"
page "two of a kind" 'href="hog-2/report.html"' 'Which of 2 pipelines'
lacks 'Deep or classical' 'id="learning"' 'Failed:'
ok "what does not apply is left out"
cp hog.txt twin.txt && mp compare hog.txt twin.txt -o runs/compare
page "twins, which no row tells apart" 'hog and twin have the fewest errors' \
    'Rows that both get wrong' 'All have “deskew”, “hog cell=7”'
mp compare hog.txt -o runs/compare && page "one alone" 'One pipeline'
name='a<b>&"c d#e'
cp hog.txt "$name.txt" && mp compare "$name.txt" pca.txt -o runs/compare
page "names that are markup" 'href="a%3Cb%3E%26%22c%20d%23e/report.html"' \
    'a&lt;b&gt;&amp;&quot;c d#e'

# ------------------------------------------------------------------ the rows

sed 's/test=test.csv/test=train.csv/' pca.txt > other.txt
! mp compare hog.txt other.txt -o runs/compare &&
    equal "$(cat "$err")" "mnistpipe: other.txt: its rows are \
train=train.csv test=train.csv, but those of hog.txt are train=train.csv test=test.csv; only the \
same rows can be compared: --train FILE --test FILE sets them for all"
ok "pipelines on different rows are not compared"
mp compare hog.txt other.txt -o runs/compare --test test.csv &&
    grep -q '^test    300 rows of test.csv' "$out"
ok "--test sets the rows for all"
cut -d, -f2- test.csv > unknown.csv
mp compare hog.txt pca.txt -o runs/compare --test unknown.csv && ! grep -q better "$out"
ok "without labels there is no test of pairs"
page "nor on the page" 'nothing is scored' 'id="costs"'
lacks 'id="pairs"' 'id="hard"' 'the fewest errors'
ok "nor mistakes to look at"
check "nor a score, but times" \
    'all(q["accuracy"] is None and q["train_seconds"] > 0 for q in runs) and o["pairs"] == []'
mkfifo pipe && ! mp compare hog.txt -o runs/compare --train pipe &&
    equal "$(cat "$err")" "mnistpipe: pipe: is no \
file; a comparison reads its rows more than once, which a pipe does not allow"
ok "rows from a pipe are refused"
! mp compare hog.txt pca.txt --threads 2 -o runs/compare --train /dev/stdin < train.csv &&
    equal "$(grep -c 'failed: /dev/stdin: is empty' "$out")" 2
ok "nor has a run anything to read from standard input"
! mp compare bad.txt -o runs/compare &&
    grep -q '^mnistpipe: bad.txt:2: hog: cell=999: out of range' "$err"
ok "nothing but bad pipelines: the first one's mistake"
! mp compare && equal "$(cat "$err")" "mnistpipe: compare: expected pipeline files, found none"
ok "no pipeline"

# ------------------------------------------------------------ side by side

key() { sed -n 's/^  "'"$2"'": \([0-9]*\),*$/\1/p' "$1/report.json"; } # RUN KEY
four="pixels.txt hog.txt net.txt pca.txt"
mp compare $four --no-cache --threads 2 --jobs 1 -o runs/alone && cp "$out" alone.txt &&
    mp compare $four --no-cache --threads 2 -o runs/beside && results alone > alone &&
    results beside > beside && same alone beside
ok "the same bytes side by side as one after another"
COLUMNS=70 mp compare $four --no-cache --threads 2 --format csv -o runs/beside &&
    equal "$(cut -d, -f1-10 runs/beside/compare.csv)" "$(cut -d, -f1-10 runs/alone/compare.csv)" &&
    ! grep -q 'ran side by side' runs/alone/compare.txt runs/alone/compare.html &&
    grep -q '^4 of 4 ran side by side' runs/beside/compare.txt &&
    grep -q '4 of 4 ran side by side' runs/beside/compare.html
ok "and the same table, which says so"
for name in pixels hog net pca; do
    equal "$(key runs/alone/$name threads) $(key runs/beside/$name threads)" "2 1" || break
done
ok "each report tells how many threads the run had"
mp compare pixels.txt hog.txt pca.txt --no-cache --threads 5 -o runs/five &&
    equal "$(for name in pixels hog pca; do key runs/five/$name threads; done | xargs)" "2 2 1"
ok "all threads are shared out, and no more"
pipe 'net epochs=60\n  dense units=64 act=relu' > last.txt
mp compare last.txt hog.txt --no-cache --threads 2 -o runs/last &&
    equal "$(key runs/last/last threads) $(key runs/last/last threads_at_the_end)" "1 2" &&
    grep -q '(1 to 2 threads)' runs/last/last/report.txt &&
    mp run last.txt -o runs/whole --threads 2 && same runs/whole/bundle.mnp runs/last/last/bundle.mnp
ok "what is left over goes to the last: it has all threads in the end, and the same bytes"
if sanitized; then
    skip "little memory" "sanitizers want much of it"
else
    (ulimit -d 500000 && mp compare hog.txt pca.txt --no-cache --threads 2 -o runs/little) &&
        equal "$(key runs/little/pca threads)" 2 && same runs/{beside,little}/pca/bundle.mnp
    ok "little memory: one after another, with all threads"
fi
refused() { # WHICH: of the processes that the comparison starts; LeakSanitizer needs ptrace, too
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -qq -o "$log" -e trace=fork,clone \
        -e inject=fork,clone:error=EAGAIN:when="$1" \
        "$program" compare hog.txt pca.txt --no-cache --threads 2 -o runs/little > "$out" 2> "$err"
}
if strace -o "$log" true 2> "$err"; then
    refused 2 &&
        grep -q INJECTED "$log" && equal "$(key runs/little/pca threads)" 2 &&
        same runs/{beside,little}/pca/bundle.mnp
    ok "a second process refused: one after another"
    ! refused 1 &&
        grep -q '^-  hog  *failed: cannot start a process: ' "$out" && grep -q '^1  pca ' "$out"
    ok "the first refused: it fails, and the other has its result"
else
    skip "processes refused" "no strace"
fi
# Another process computes a run of this comparison: it holds the lock of the run's entry, until
# the other run is there.
rm -rf cache2 && mp compare hog.txt --cache cache2 -o runs/shared &&
    entry=$(grep -l run.*hog.txt cache2/* | head -1) && rm "$entry" &&
    { (flock 9 && touch locked
       for _ in $(seq 600); do [ -e runs/shared/pca/report.json ] && break; sleep 0.1; done
       [ ! -e runs/shared/pca/report.json ] || rm locked) 9> "$entry.lock" & } &&
    until [ -e locked ]; do sleep 0.05; done &&
    mp compare hog.txt pca.txt --cache cache2 --threads 2 -o runs/shared &&
    [ ! -e locked ] && [ runs/shared/hog/report.json -nt runs/shared/pca/report.json ]
ok "what another process computes is waited for, and others go on meanwhile"

# ------------------------------------------------------------------ killed

pipe 'net epochs=2000\n  dense units=256 act=relu' > long.txt
cp long.txt longer.txt
runs_of() { # NAME...: the processes that compute these
    local at name found=
    for at in /proc/[0-9]*; do
        for name; do
            [ "$(tr '\0' ' ' 2> /dev/null < "$at/cmdline" | grep -c -- "^mnistpipe run .* $name.txt")" = 0 ] ||
                [ "$(readlink "$at/cwd")" != "$PWD" ] || found+=" ${at#/proc/}"
        done
    done
    [ -n "$found" ] && echo $found
}
train() { # NAME...: begins a comparison, until all these have been at work for a while
    local name
    rm -rf runs/killed
    "$program" compare hog.txt long.txt longer.txt --threads 2 -o runs/killed > "$out" 2> "$err" &
    parent=$!
    for name; do
        for _ in $(seq 300); do
            [ -n "$(runs_of $name)" ] && break
            sleep 0.1
        done
    done
    sleep 1
}
train long longer
kill -9 "$(runs_of long)" && sleep 0.5 && child=$(runs_of longer) && kill -9 "$child"
! wait $parent && grep -q '^1  hog ' "$out" && equal \
    "$(grep -c '^-  long.*  *failed: killed by signal 9 (Killed)$' "$out")" 2
ok "a pipeline that is killed is one row; the others go on, and have their results"
train long longer
children=$(runs_of long longer) && equal "$(echo $children | wc -w)" 2 && kill -TERM $parent &&
    ! wait $parent && equal "$(tail -n 1 "$err")" "mnistpipe: interrupted" &&
    ! kill -0 $children 2> /dev/null && equal "$(runs_of long longer)" "" &&
    equal "$(find runs/killed "$MNISTPIPE_CACHE" -name '*.lock' -o -name '.mnistpipe.*')" ""
ok "stopped: the pipelines that run are stopped, too, and nothing is left"
train long longer
children=$(runs_of long longer) && kill -KILL $parent && ! wait $parent 2> /dev/null &&
    for _ in $(seq 100); do kill -0 $children 2> /dev/null || break; sleep 0.1; done
equal "$(runs_of long longer)" ""
ok "killed: so they are"
finish
