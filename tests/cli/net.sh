#!/bin/bash
# Nets through the program: the same bytes from any number of threads, kill and resume,
# Ctrl-C, a full disk at a checkpoint, and what is wrong with a net, said before training.
. "${BASH_SOURCE%/*}/lib.bash"

gzip -dc "$MNISTPIPE_DATA/train.csv.gz" | head -601 > train.csv
gzip -dc "$MNISTPIPE_DATA/test.csv.gz" | head -201 > test.csv
cat > small.txt << 'END'
data train=train.csv test=test.csv
augment
net epochs=6 batch=40 lr=0.003 validation=0.2
  conv filters=4 kernel=3
  maxpool size=2
  batchnorm
  dropout rate=0.2
  dense units=32
END
cat > lstm.txt << 'END'
data train=train.csv test=test.csv
net epochs=2 batch=64 optimizer=adamw decay=0.01 clip=1 smoothing=0.1
  sequence by=both
  lstm units=16 directions=2
END

for p in small lstm; do
    for precision in f32 bf16; do # bf16 is f32 where the processor has none, with a warning
        for threads in 1 2 4; do
            mp run $p.txt -o $p.$threads --threads $threads --set net.precision=$precision --quiet
        done
        same $p.1/bundle.mnp $p.2/bundle.mnp && same $p.1/bundle.mnp $p.4/bundle.mnp &&
            same $p.1/predictions.csv $p.4/predictions.csv
        ok "$p in $precision: 1, 2 and 4 threads give the same bytes"
    done
    for threads in 1 2 4; do
        mp run $p.txt -o $p.$threads --threads $threads --quiet
    done
    same $p.1/bundle.mnp $p.2/bundle.mnp && same $p.1/bundle.mnp $p.4/bundle.mnp &&
        same $p.1/predictions.csv $p.4/predictions.csv
    ok "$p: 1, 2 and 4 threads give the same bytes"
    mp predict $p.1/bundle.mnp test.csv -o p.csv --threads 3 && same p.csv $p.1/predictions.csv
    ok "$p: predict gives the run's bytes"
    [ ! -e $p.1/checkpoint.mnp ]
    ok "$p: a complete run leaves no checkpoint"
done
mp run small.txt -o other --seed 2 --quiet && ! cmp -s other/bundle.mnp small.1/bundle.mnp
ok "another seed, another net"
"$python" -c 'import json, sys
t = json.load(open("small.1/report.json"))["training"]
sys.exit(not (len(t["loss"]) == len(t["validation_accuracy"]) == 6 and t["loss"][5] < t["loss"][0]))'
ok "the report has a learning curve that falls"

# Stopped by SIGNAL once there is a checkpoint; then it goes on.
stopped() { # SIGNAL FOLDER
    "$program" run small.txt -o "$2" --quiet > "$out" 2> "$err" &
    local pid=$! i
    for i in {1..600}; do
        [ -e "$2/checkpoint.mnp" ] && break
        sleep 0.02
    done
    kill -"$1" $pid
    wait $pid 2> /dev/null
    [ -e "$2/checkpoint.mnp" ] && [ ! -e "$2/bundle.mnp" ]
}
for signal in KILL INT; do
    stopped $signal $signal && mp run small.txt -o $signal --resume --quiet &&
        same $signal/bundle.mnp small.1/bundle.mnp &&
        same $signal/predictions.csv small.1/predictions.csv
    ok "stopped by SIG$signal and resumed: the bytes of a run that was never stopped"
done
"$python" -c 'import json, sys
a, b = (json.load(open(f + "/report.json"))["training"] for f in ("KILL", "small.1"))
sys.exit(a != b)'
ok "resumed: the same learning curve"

stopped KILL again
sed 's/units=32/units=33/' small.txt > changed.txt
mp run changed.txt -o again --resume --quiet
equal $? 1 status && equal "$(cat "$err")" "mnistpipe: again/checkpoint.mnp: is of another \
pipeline, other data or another seed; without --resume the run begins anew" text
ok "a checkpoint of another net is refused"
head -c 3000 again/checkpoint.mnp > cut && cp cut again/checkpoint.mnp
mp run small.txt -o again --resume --quiet
equal $? 1 status && grep -q 'again/checkpoint.mnp: the checkpoint has 3000 bytes where' "$err"
ok "a checkpoint cut short is refused"

# The first checkpoint fits, the next ones do not: training goes on, with one warning.
mkdir full
(ulimit -f 1; exec "$program" run lstm.txt -o full --set net.epochs=3 > "$out" 2> "$err")
equal $? 1 status && equal "$(grep -c 'no checkpoint: ' "$err")" 1 warnings
ok "no room for checkpoints: one warning, and training goes on"

# NAME TEXT LINES: a net that cannot be.
wrong() {
    printf 'data train=train.csv test=test.csv\n%b' "$3" > bad.txt
    mp run bad.txt -o none --quiet
    equal $? 1 status; local a=$?
    equal "$(cat "$err")" "mnistpipe: $2" text && [ $a = 0 ] && [ ! -e none ]
    ok "$1"
}
wrong "no layers" "bad.txt:2: net: has no layers; indent them below it" 'net\n'
wrong "an unknown layer" 'bad.txt:3: convv: no such layer; did you mean "conv"?' 'net\n  convv\n'
wrong "zero epochs" "bad.txt:2: net: epochs=0: out of range (whole number 1..10000)" \
    'net epochs=0\n  dense units=3\n'
wrong "a batch larger than the data" \
    "bad.txt:2: net: batch=5000: there are only 600 rows to train on" \
    'net batch=5000\n  dense units=3\n'
wrong "a learning rate that diverges" "$(printf "%s" "bad.txt:2: net: the loss is no number " \
    "after step 4 of epoch 1: training diverged; a smaller lr than 100, or clip=1, may help")" \
    'net lr=100 optimizer=sgd schedule=constant batch=100\n  dense units=64 act=none\n  dense units=64 act=none\n'
finish
