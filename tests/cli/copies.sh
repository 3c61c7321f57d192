#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# augment copies=N in front of models that learn in one pass: what learns sees each training
# row as it is and N times distorted, and nothing else changes; export writes just these rows.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 600 > train.csv
rows test 400 > test.csv
cat > svm.txt << 'END_OF_FILE'
data train=train.csv test=test.csv
augment copies=3
resize height=14 width=14
standardize floor=0.1
svm C=0.01
END_OF_FILE
sed 's/^augment.*/pad margin=0/' svm.txt > plain.txt
printf 'data train=train.csv test=test.csv\naugment copies=3\n' > rows.txt

for threads in 1 2 4; do
    mp run svm.txt -o run.$threads --threads $threads --quiet
done
same run.1/bundle.mnp run.2/bundle.mnp && same run.1/bundle.mnp run.4/bundle.mnp &&
    same run.1/predictions.csv run.4/predictions.csv
ok "1, 2 and 4 threads give the same bytes"
mp predict run.1/bundle.mnp test.csv -o p.csv && same p.csv run.1/predictions.csv
ok "predict distorts nothing: the run's bytes"
mp run svm.txt -o other --seed 2 --quiet && ! cmp -s other/bundle.mnp run.1/bundle.mnp
ok "another seed, other copies"

"$python" - run.1/report.json << 'END_OF_FILE'
import json, sys
r = json.load(open(sys.argv[1]))
learned = {s["stage"]: s["fit"]["rows"] for s in r["stages"] if s["fit"]}
sys.exit((r["train"]["rows"], r["train"]["copies"], r["test"]["rows"], learned) !=
         (600, 3, 400, {"standardize": 2400, "svm": 2400}))
END_OF_FILE
ok "report.json: rows, copies, and from how many each stage learned"
grep -q '^train    600 rows of train.csv and 3 distorted copies of each, 10 classes$' \
    run.1/report.txt
ok "report.txt: the same"
mp check svm.txt && grep -q '^600 training rows (2400 with copies), 400 test rows' "$out" &&
    grep -q '^2  *augment copies=3  *28x28x1  *28x28x1  *7.5 ' "$out" # 2400 x 784 x 4 bytes
ok "check: rows and memory with copies"

# With 5 times the rows the sum of losses weighs 5 times as much; so it does without, with 5 C.
cat > digits.txt << 'END_OF_FILE'
data train=few.csv test=sample:test
augment copies=4 shift=1 elastic=0.6
hog cell=7 block=1
svm C=0.5
END_OF_FILE
head -301 train.csv > few.csv
errors() { "$python" -c 'import json, sys
print(json.load(open(sys.argv[1] + "/report.json"))["test"]["errors"])' "$1"; }
mp run digits.txt -o with --quiet && grep -v augment digits.txt > without.txt &&
    mp run without.txt -o without --set svm.C=2.5 --quiet
with=$(errors with) without=$(errors without)
echo "errors in 1000: $with with copies, $without without" > "$log"
[ "$with" -lt "$without" ] # 42 and 48; with other seeds 39, 40 and 48
ok "svm learns from copies: fewer errors"

# Each row's nearest is itself, whose copies lie near: with k=3 all three are of its class.
printf 'data train=few.csv test=few.csv\naugment copies=2 shift=0.1 rotate=1 zoom=0 shear=0 elastic=0\nknn k=3\n' > near.txt
mp check near.txt && silent && mp run near.txt -o near --quiet && equal "$(errors near)" 0
ok "knn keeps the copies beside the rows"

# ------------------------------------------------------------------- export

mp export rows.txt --format csv --bytes -o rows --quiet && same rows/test.csv test.csv
ok "export: test rows as they were read"
equal "$(wc -l < rows/train.csv)" 2401 lines && head -601 rows/train.csv | cmp - train.csv
ok "export: first the training rows as they were read, 2400 in all"
for i in 0 1 2 3; do tail -n +$((2 + 600 * i)) rows/train.csv | head -600 > copy.$i; done
for i in 1 2 3; do
    cut -d, -f1 copy.$i | cmp -s - <(cut -d, -f1 copy.0) || echo "copy $i: labels" >> "$log"
done
equal "$(cat "$log")" "" && equal "$(cat copy.? | sort -u | wc -l)" 2400 "different rows"
ok "export: copies have their rows' labels, and no two rows are equal"
mp export rows.txt --format csv --bytes -o more --set augment.copies=5 --threads 1 --quiet &&
    head -2401 more/train.csv | cmp - rows/train.csv
ok "export: more copies leave the first ones as they are"

# What svm saw is what export writes: learned from that file, without augment, the same model.
mp export rows.txt --format csv --bytes -o whole --quiet --set augment.elastic=0 \
    --set augment.shift=0 --set augment.rotate=0 --set augment.zoom=0 --set augment.shear=0 &&
    mp run svm.txt -o a --quiet --set augment.elastic=0 --set augment.shift=0 \
        --set augment.rotate=0 --set augment.zoom=0 --set augment.shear=0 &&
    mp run plain.txt -o b --quiet --train whole/train.csv --test test.csv &&
        same a/predictions.csv b/predictions.csv
ok "a run with copies and one on the exported rows: the same predictions"

printf 'data train=train.csv test=test.csv\naugment\nnet epochs=1\n  dense units=4\n' > net.txt
mp export net.txt --format csv --bytes -o net --quiet && same net/train.csv train.csv
ok "export in front of a net, which draws anew in every epoch: rows as they are"
mp export net.txt --format csv --bytes -o one --set net.epochs=2 --quiet &&
    grep -v '^net\|dense' net.txt > one.txt && mp export one.txt --format csv --bytes -o one --quiet &&
    equal "$(wc -l < one/train.csv)" 601 lines && ! cmp -s one/train.csv train.csv &&
    same one/test.csv test.csv
ok "export without copies: each training row once, distorted"
mp export run.1/bundle.mnp --train train.csv --format csv -o bundle --quiet &&
    equal "$(wc -l < bundle/train.csv)" 601 lines
ok "export from a bundle: each row once"

# ------------------------------------------------------------------ mistakes

wrong() { # NAME TEXT LINES
    printf 'data train=none.csv test=none.csv\n%b' "$3" > bad.txt
    mp run bad.txt -o none --quiet
    equal $? 1 status; local a=$?
    equal "$(cat "$err")" "mnistpipe: $2" text && [ $a = 0 ] && [ ! -e none ]
    ok "$1"
}
wrong "copies in front of a net" "bad.txt:2: augment: copies=4: net in line 3 sees the rows drawn \
afresh in every epoch; leave copies out" 'augment copies=4\nnet\n  dense units=3\n'
wrong "the same, with a stage between" "bad.txt:3: augment: copies=2: net in line 5 sees the rows \
drawn afresh in every epoch; leave copies out" \
    'deskew\naugment copies=2\nstandardize\nnet\n  dense units=3\n'
wrong "copies of copies" "bad.txt:4: augment: copies=3: line 2 (augment) makes copies already; \
one stage may" 'augment copies=4\ndeskew\naugment copies=3\nsvm\n'
wrong "copies in two branches" "bad.txt:7: augment: copies=2: line 4 (augment) makes copies \
already; one stage may" 'union\n  branch\n    augment copies=2\n    pixels\n  branch\n    augment copies=2\n    hog\nsvm\n'
wrong "too many copies" "bad.txt:2: augment: copies=1001: out of range (whole number 0..1000)" \
    'augment copies=1001\nsvm\n'
finish
