#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fourier.sh - random cosines and least squares by the program: the same bytes for any number
# of threads, memory that does not grow with the rows, a bundle that predicts, and remarks.
. "$(dirname "$0")/lib.bash"

rows train 3000 > train.csv
rows test 400 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; } # LINES
pipe 'hog cell=7\npca components=30\nfourier components=600\nridge' > cosines.txt

for threads in 1 2 4; do
    mp run cosines.txt -o runs/$threads --threads $threads
done
same runs/1/bundle.mnp runs/2/bundle.mnp && same runs/1/bundle.mnp runs/4/bundle.mnp &&
    same runs/1/predictions.csv runs/2/predictions.csv &&
    same runs/1/predictions.csv runs/4/predictions.csv
ok "1, 2 and 4 threads give the same bytes"
mp run cosines.txt -o runs/again && same runs/1/bundle.mnp runs/again/bundle.mnp
ok "and so does another run"
mp run cosines.txt -o runs/seed --seed 2 && ! cmp -s runs/1/bundle.mnp runs/seed/bundle.mnp
ok "another seed draws others"
mp predict runs/1/bundle.mnp test.csv -o again.csv && same again.csv runs/1/predictions.csv
ok "the bundle predicts the same"
mp run cosines.txt --cache "$dir/cache" -o runs/cold &&
    mp run cosines.txt --cache "$dir/cache" -o runs/warm &&
    same runs/1/bundle.mnp runs/cold/bundle.mnp && same runs/1/bundle.mnp runs/warm/bundle.mnp
ok "a cache changes nothing"
grep -q '^note     gamma is 0\.' runs/1/report.txt
ok "the report tells gamma"

# A vote learns all its branches before it votes: their models' rows need not be kept.
printf 'data train=%s test=test.csv\nvote by=majority\n  branch\n    fourier components=4096
    ridge\n  branch\n    resize width=7 height=7\n    ridge\n  branch\n    hog cell=14\n    ridge\n' \
    "$data/train.csv.gz" > vote.txt
sed 's/=4096/=64/' vote.txt > small.txt
peak() { sed -n 's/.*peak memory \([0-9]*\).*/\1/p' "runs/$1/report.txt"; } # RUN
if sanitized; then
    skip "the rows of 4096 cosines are not kept" "the program has sanitizers"
else
    mp run vote.txt && mp run vote.txt --train train.csv -o runs/half
    # 3000 rows more of 4096 values are 47 MiB, of 784 pixels and 64 values 3.
    [ $(($(peak vote) - $(peak half))) -lt 30 ] ||
        equal "$(peak half) and $(peak vote) MiB" "less than 30 apart" "3000 and 6000 rows"
    ok "the rows of 4096 cosines are not kept"
fi

pipe 'ridge ridge=1e-12' > tiny.txt
mp run tiny.txt && silent &&
    grep -q '^note     ridge=1e-12 is too small for products in single precision; took 1e-' \
        runs/tiny/report.txt
ok "a penalty too small is raised, and the report says so"
pipe 'ridge precision=bf16' > bf16.txt
if grep -Eq 'oneDNN .*AVX-512 (BF16|FP16|AMX)' runs/tiny/report.txt; then
    mp run bf16.txt && silent
    ok "precision=bf16: nothing to say where the processor has it"
fi
ONEDNN_MAX_CPU_ISA=AVX2 "$program" run bf16.txt -o runs/avx2 > "$out" 2> "$err"
grep -q 'ridge: precision=bf16: this processor has neither AVX512_BF16 nor AMX (AVX2); products read f32' "$err"
ok "precision=bf16: a warning where it has not"

# A signal comes at any point of a kernel of oneDNN, and leaves what it has in memory alone.
printf 'data train=sample:train test=sample:test\npixels\nfourier components=6000
ridge precision=f32\n' > long.txt
for wait in 0.8 1.1 1.4 1.7 2.0 2.3 2.6 2.9; do
    "$program" run long.txt -o runs/long --quiet > "$out" 2> "$log" &
    pid=$!
    sleep $wait
    kill -TERM $pid 2> /dev/null
    wait $pid 2> /dev/null
    status=$?
    grep -q 'corrupted\|free()\|malloc' "$log" && break
    [ $status = 143 ] || [ $status = 0 ] || break
done
equal "$status" 143 status || equal "$status" 0 status
ok "stopped again and again amid products of matrices: it stops, and nothing else happens"

# Older processors: the same answers, but for rounding.
for isa in AVX2 SSE41; do
    ONEDNN_MAX_CPU_ISA=$isa "$program" run cosines.txt -o runs/$isa > "$out" 2> "$err" &&
        right=$(paste -d, <(answers runs/1/predictions.csv | sed 1d | cut -d, -f1) \
            <(answers runs/$isa/predictions.csv | sed 1d | cut -d, -f1) | awk -F, '$1 == $2' | wc -l) &&
        { [ "$right" -ge 396 ] || equal "$right" "396 or more" "answers of 400"; }
    ok "$isa gives the same answers"
done
finish
