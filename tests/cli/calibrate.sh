#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Probabilities through the program: what calibrate leaves as it is, what it writes, what
# the report says of it, and a stopped run that goes on in either of its two trainings.
. "${BASH_SOURCE%/*}/lib.bash"

cat > plain.txt << 'END'
data train=sample:train test=sample:test
pixels
pca components=40
svm C=0.1
END
{ cat plain.txt; echo 'calibrate share=0.2'; } > sure.txt
mp run plain.txt -o plain --quiet
for threads in 1 2 4; do
    mp run sure.txt -o sure.$threads --threads $threads --quiet
done
same sure.1/bundle.mnp sure.2/bundle.mnp && same sure.1/bundle.mnp sure.4/bundle.mnp &&
    same sure.1/predictions.csv sure.4/predictions.csv
ok "1, 2 and 4 threads give the same bytes"
mp predict sure.1/bundle.mnp sample:test -o p.csv && same p.csv sure.1/predictions.csv
ok "predict gives the run's bytes"
same <(cut -d, -f1-3 sure.1/predictions.csv) <(cut -d, -f1-3 plain/predictions.csv)
ok "the predictions are those of the pipeline without it"
same sure.1/svm.liblinear plain/svm.liblinear
ok "and so is the model in liblinear's form"
mp export sure.1/bundle.mnp --test sample:test -o e1 --format npy &&
    mp export plain/bundle.mnp --test sample:test -o e2 --format npy &&
    mp export sure.txt -o e3 --format npy && same e1/test.npy e2/test.npy &&
    same e1/test.npy e3/test.npy
ok "export gives the rows that the model sees"
equal "$(head -1 sure.1/predictions.csv)" "line,label,predicted$(printf ',probability_%d' {0..9})"
ok "its columns are named"
mp check sure.txt && grep -q '^5  *calibrate' "$out"
ok "check knows it"
mp check sure.txt --set calibrate.share=0.001
ok "check does not mistake its trial for too few rows"

# From the file's own numbers, as the definitions have them.
cat > figures.py << 'END'
import csv, json, math, sys
folder = sys.argv[1]
rows = [[float(v) for v in r] for r in list(csv.reader(open(folder + "/predictions.csv")))[1:]]
truth = [int(v) for v in open("truth")]
report = json.load(open(folder + "/report.json"))
p = [r[3:] for r in rows]
if report["scores"] == "logits":
    p = [[math.exp(v - max(r)) for v in r] for r in p]
    p = [[v / sum(r) for v in r] for r in p]
assert all(abs(sum(r) - 1) < 1e-6 and min(r) >= 0 for r in p), "no probabilities"
n, c = len(p), report["test"]["calibration"]
near = lambda a, b: abs(a - b) < 1e-7
assert near(c["log_loss"], -sum(math.log(r[y]) for r, y in zip(p, truth)) / n), "log loss"
assert near(c["brier"], sum(sum((v - (j == y)) ** 2 for j, v in enumerate(r))
                            for r, y in zip(p, truth)) / n), "Brier"
error = 0
for b in range(15):
    own = [(max(r), r.index(max(r)) == y) for r, y in zip(p, truth) if b < 15 * max(r) <= b + 1]
    told = c["bins"][b]
    assert told["rows"] == len(own), "rows of bin %d" % b
    if own:
        confidence, right = (sum(v[i] for v in own) / len(own) for i in (0, 1))
        assert near(told["confidence"], confidence) and near(told["accuracy"], right), "bin"
        error += len(own) / n * abs(confidence - right)
    else:
        assert told["confidence"] is told["accuracy"] is None, "an empty bin"
assert near(c["expected_error"], error), "expected calibration error"
name = "softmax of scores" if report["scores"] == "logits" else "probabilities"
line = "%s log loss %.4f, Brier score %.4f, expected calibration error %.2f %% (15 bins)" % (
    name, c["log_loss"], c["brier"], 100 * c["expected_error"])
assert line in " ".join(open(folder + "/report.txt").read().split()), "report.txt"
END
rows test 1000 | sed 1d | cut -d, -f1 > truth
[ -n "$python" ] && "$python" figures.py sure.1 2> "$log"
ok "log loss, Brier score and calibration error are those of predictions.csv"
! grep -q 'log loss' plain/report.txt && ! grep -q '"calibration"' plain/report.json &&
    grep -q '"scores": "margins"' plain/report.json
ok "margins are not mistaken for probabilities"

awk -F, 'NR == 1 || n[$1]++ < 1' <(rows train 300) > each.csv
! mp run sure.txt --train each.csv --test sample:test -o never && equal "$(cat "$err" | tail -1)" "mnistpipe: \
sure.txt:5: calibrate: holds back one row of two, and no label has two in these 10 training rows; it \
needs more of them"
ok "one row a label: the line and the stage say what is missing"

# A net's scores are logits, and it learns twice: each time with a checkpoint of its own.
gzip -dc "$MNISTPIPE_DATA/train.csv.gz" | head -601 > train.csv
cat > net.txt << 'END'
data train=train.csv test=sample:test
net epochs=6 batch=40 lr=0.003
  conv filters=4 kernel=3
  maxpool size=2
  dense units=32
END
mp run net.txt -o net --quiet
[ -n "$python" ] && "$python" figures.py net 2> "$log"
ok "of logits: by their softmax"
echo calibrate >> net.txt
mp run net.txt -o whole --quiet
[ ! -e whole/checkpoint.mnp ] && [ ! -e whole/checkpoint.mnp.held ]
ok "a complete run leaves no checkpoint"
same <(answers whole/predictions.csv | cut -d, -f1) <(answers net/predictions.csv | cut -d, -f1)
ok "the net is the same net"
for file in checkpoint.mnp.held checkpoint.mnp; do
    folder=stopped.$file
    "$program" run net.txt -o $folder --quiet > "$out" 2> "$err" &
    pid=$!
    for i in {1..600}; do
        [ -e $folder/$file ] && break
        sleep 0.02
    done
    kill -KILL $pid
    wait $pid 2> /dev/null
    [ -e $folder/$file ] && [ ! -e $folder/bundle.mnp ] &&
        mp run net.txt -o $folder --resume --quiet &&
        same $folder/bundle.mnp whole/bundle.mnp && [ ! -e $folder/checkpoint.mnp.held ]
    ok "stopped once there is $file, and resumed: the bytes of a run that was never stopped"
done

# Several models as one: threads, bundles, and the vote taken by hand.
cat > vote.txt << 'END'
data train=train.csv test=sample:test
vote
  branch
    pixels
    pca components=20
    svm C=0.1
    calibrate
  branch
    net epochs=2 batch=40 lr=0.003
      dense units=16
    calibrate
END
mp run vote.txt -o vote.1 --threads 1 --quiet && mp run vote.txt -o vote.2 --threads 2 --quiet &&
    same vote.1/bundle.mnp vote.2/bundle.mnp && same vote.1/predictions.csv vote.2/predictions.csv
ok "a vote: 1 and 2 threads give the same bytes"
mp predict vote.1/bundle.mnp sample:test -o p.csv && same p.csv vote.1/predictions.csv
ok "a vote: predict gives the run's bytes"
[ -n "$python" ] && "$python" figures.py vote.1 2> "$log"
ok "a vote: the report's figures are those of predictions.csv"
mp export vote.1/bundle.mnp --test sample:test -o e4 --format csv && "$python" - 2> "$log" << 'END'
import csv
rows = list(csv.reader(open("e4/test.csv")))
voted = list(csv.reader(open("vote.1/predictions.csv")))[1:]
assert rows[0] == ["label"] + 2 * ["score%d" % k for k in range(10)], rows[0]
for row, vote in zip(rows[1:], voted):
    p = [float(v) for v in row[1:]]
    for k in range(10):
        assert abs((p[k] + p[10 + k]) / 2 - float(vote[3 + k])) < 1e-6, (row, vote)
END
ok "a vote: by the branches' probabilities, as exported"
cat > nets.txt << 'END'
data train=train.csv test=sample:test
deskew
vote
  branch
    net epochs=1 batch=40
      dense units=16
  branch
    net epochs=12 batch=20
      dense units=24
END
mp run nets.txt -o nets --quiet
"$program" run nets.txt -o late --quiet > "$out" 2> "$err" &
pid=$!
for i in {1..600}; do
    [ -e late/checkpoint.mnp ] && break
    sleep 0.02
done
sleep 0.15
kill -KILL $pid
wait $pid 2> /dev/null
mp run nets.txt -o late --resume --quiet && same late/bundle.mnp nets/bundle.mnp
ok "two nets: whichever one was stopped, the bytes of a run that was never stopped"
mp check vote.txt && mp run vote.txt -o m --set vote.by=majority --quiet
ok "a vote: check, and by=majority"
finish
