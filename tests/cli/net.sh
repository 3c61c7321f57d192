#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nets through the program: the same bytes from any number of threads, kill and resume,
# Ctrl-C, a full disk at a checkpoint, and what is wrong with a net, said before training.
. "${BASH_SOURCE%/*}/lib.bash"

gzip -dc "$MNISTPIPE_DATA/train.csv.gz" | head -601 > train.csv
gzip -dc "$MNISTPIPE_DATA/test.csv.gz" | head -201 > test.csv
cat > small.txt << 'END'
data train=train.csv test=test.csv
augment
net epochs=6 batch=40 lr=0.003 plain=2 average=0.9 validation=0.2
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

# By the kernel's names: AMX multiplies bf16 faster than f32, and so does AMD's AVX512_BF16.
best=f32
if grep -qw amx_bf16 /proc/cpuinfo ||
    { grep -q AuthenticAMD /proc/cpuinfo && grep -qw avx512_bf16 /proc/cpuinfo; }; then
    best=bf16
fi
mp run small.txt -o auto && tr -s "\n " " " < auto/report.txt | grep -q "products of the net read $best,"
ok "precision=auto reads what the processor multiplies faster: $best"

# What AMX multiplies is faster in any case, what AVX512_BF16 does is not.
cat > large.txt << 'END'
data train=train.csv test=test.csv
net epochs=1 batch=96
  conv filters=128 kernel=5
  conv filters=128 kernel=5
END
grep -qw amx_bf16 /proc/cpuinfo || best=f32
mp run large.txt -o large &&
    tr -s "\n " " " < large/report.txt | grep -q "products of the net read $best,"
ok "of large convolutions auto reads f32 where bf16 is but twice as fast: $best"

# Convolutions with few multiplications: the second of each kernel.
cat > few.txt << 'END'
data train=train.csv test=test.csv
net epochs=1 batch=96 precision=f32
  conv filters=16 kernel=5
  conv filters=16 kernel=5 act=gelu
  maxpool size=2
  conv filters=32 kernel=3
  dense units=10
END

for p in small lstm few; do
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
stopped() { # SIGNAL FOLDER [OPTION...]: -o FOLDER without
    local options=("${@:3}")
    [ $# -gt 2 ] || options=(-o "$2")
    "$program" run small.txt "${options[@]}" --quiet > "$out" 2> "$err" &
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
changed=(--set net.batch=50)
mp run small.txt "${changed[@]}" -o whole --quiet
stopped TERM runs/small,net.batch=50 "${changed[@]}" &&
    mp run small.txt "${changed[@]}" --resume --quiet && equal "$(ls runs)" small,net.batch=50 &&
    same runs/small,net.batch=50/bundle.mnp whole/bundle.mnp
ok "a run of a changed pipeline is resumed in its own folder"
"$python" -c 'import json, sys
a, b = (json.load(open(f + "/report.json"))["training"] for f in ("KILL", "small.1"))
sys.exit(a != b)'
ok "resumed: the same learning curve"
grep -Eq '^note +resumed (at epoch [2-6]|after epoch 6) of 6; what came before had taken [0-9.]+ s' KILL/report.txt &&
    grep -Eq '^resumed +[0-9.]+ of the seconds of fit were spent before' KILL/report.txt &&
    "$python" -c 'import json, sys
r, whole = (json.load(open(f + "/report.json")) for f in ("KILL", "small.1"))
s = r["seconds"]
sys.exit(not (0 < s["earlier"] < s["fit"] and "earlier" not in whole["seconds"] and
              r["stages"][-1]["fit"]["training_seconds"] > s["earlier"] and
              any(t.startswith("resumed a") for t in r["remarks"])))'
ok "resumed: the report says from where, and adds the time of what came before"

# A log has the time of day; of percents there is one number and no speed.
cat > slow.txt << 'END'
data train=sample:train test=test.csv
net epochs=400
  dense units=512
END
timeout -s INT 14 "$program" run slow.txt -o slow 2> "$err" > "$out"
grep -Eqx '[0-2][0-9]:[0-5][0-9]:[0-5][0-9] epoch [0-9]+ of 400, loss [0-9.]+:  *[0-9]+%  [0-9]+ s left' \
    "$err" && ! grep -q '%/s\|/100' "$err"
ok "progress in a log"

# One step of these takes minutes, and so do the first weights of that lstm.
for layers in 'conv filters=128 kernel=15\n  conv filters=128 kernel=15' 'lstm units=2048'; do
    printf "data train=train.csv test=test.csv\nnet batch=512\n  $layers\n" > large.txt
    "$program" run large.txt -o large --quiet > "$out" 2> "$err" &
    pid=$!
    sleep 4
    kill -TERM $pid
    for i in {1..60}; do
        kill -0 $pid 2> /dev/null && sleep 0.25
    done
    kill -KILL $pid 2> /dev/null
    wait $pid 2> /dev/null
    equal "$(cat "$err")" "mnistpipe: large.txt:2: net: interrupted"
    ok "a step that takes minutes is left when asked to: $(head -c 4 <<< "$layers")"
done

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

# A disk that takes the results (the weights once, 400 kB) but no checkpoint (four times).
cat > wide.txt << 'END'
data train=train.csv test=test.csv
augment
net epochs=60 batch=40 schedule=constant
  dense units=128
END
enough=$((800 * 1024))
mp run wide.txt -o wide --quiet
ok "the run that the next ones have to equal"
no_room() { # FOLDER TEXT: complete, the very results, one warning, nothing left lying
    same "$1/bundle.mnp" wide/bundle.mnp && same "$1/predictions.csv" wide/predictions.csv &&
        equal "$(echo $(ls "$1"))" "bundle.mnp predictions.csv report.html report.json report.txt" \
            files &&
        equal "$(grep warning "$err")" "warning: wide.txt:3: net: no checkpoint: $1/checkpoint.mnp: cannot \
write: $2" text && "$python" -c 'import json, sys
r = json.load(open(sys.argv[1] + "/report.json"))
sys.exit(len(r["warnings"]) != 1 or len(r["training"]["loss"]) != 60)' "$1"
}
stays="; training goes on, and the checkpoint before stays"

(ulimit -f $((enough / 1024)); "$program" run wide.txt -o never > "$out" 2> "$err")
equal $? 0 status && no_room never "File too large; training goes on"
ok "no room for any checkpoint: training goes on, with one warning"

# Room for the first checkpoints, then for none, in one run.
until_checkpoint() { # FOLDER REMARKS: starts the run; $pid
    "$program" run wide.txt -o "$1" > "$out" 2> "$2" &
    pid=$!
    for i in {1..600}; do
        [ -e "$1/checkpoint.mnp" ] && break
        sleep 0.02
    done
    prlimit --fsize=$enough --pid $pid
}
if command -v prlimit > /dev/null; then
    until_checkpoint later "$err"
    wait $pid
    equal $? 0 status && no_room later "File too large$stays"
    ok "room for the first checkpoints only: training goes on, with one warning"

    mkfifo remarks
    exec 3<> remarks
    until_checkpoint killed remarks
    while read -r -t 60 line <&3 && ! grep -q "no checkpoint" <<< "$line"; do :; done
    kill -KILL $pid
    wait $pid 2> /dev/null
    exec 3>&-
    grep -q "no checkpoint" <<< "$line" && equal "$(ls killed | grep -v '\.mnp\.')" checkpoint.mnp
    ok "killed after the first that had no room: the one before is there"
    mp run wide.txt -o killed --resume --quiet && same killed/bundle.mnp wide/bundle.mnp &&
        same killed/predictions.csv wide/predictions.csv
    ok "resumed from it: the bytes of a run that was never stopped"
else
    skip "room for the first checkpoints only" "no prlimit"
fi

# The same on a disk that is full: 2.6 MB take one checkpoint of 1.6 MB and not two.
small='mount -t tmpfs -o size=2600k none disk'
mkdir disk
if unshare -rm sh -c "$small" 2> /dev/null; then
    unshare -rm sh -c "$small"' && "$1" run wide.txt -o disk; s=$?; cp -r disk copy; exit $s' \
        - "$program" > "$out" 2> "$err"
    equal $? 0 status && sed -i 's|disk/|copy/|' "$err" &&
        no_room copy "No space left on device$stays"
    ok "a disk that is full after the first checkpoint"
else
    skip "a disk that is full after the first checkpoint" "no right to mount one"
fi

# What stages that learn before the net were given is not what the net is given: every epoch
# draws anew.  With next to no learning rate the loss tells the rows apart.
cat > fresh.txt << 'END'
data train=train.csv test=test.csv
augment
standardize floor=0.1
net epochs=3 batch=50 lr=1e-9 optimizer=sgd schedule=constant
  dense units=8
END
mp run fresh.txt -o fresh --quiet && "$python" -c 'import json, sys
a, b, c = json.load(open("fresh/report.json"))["training"]["loss"]
sys.exit(not min(abs(a - b), abs(b - c), abs(a - c)) > 1e-4)'
ok "augment, a stage that learns, a net: drawn afresh every epoch"
none=(--set augment.elastic=0 --set augment.shift=0 --set augment.rotate=0 --set augment.zoom=0
      --set augment.shear=0)
mp run fresh.txt -o still --quiet "${none[@]}" && "$python" -c 'import json, sys
a, b, c = json.load(open("still/report.json"))["training"]["loss"]
sys.exit(not max(abs(a - b), abs(b - c)) < 1e-5)'
ok "and with nothing to draw, the same rows every epoch"
for plain in 0 1 3; do
    mp run fresh.txt -o plain$plain --quiet --drop standardize --set net.plain=$plain
done
mp run fresh.txt -o as_are --quiet --drop standardize "${none[@]}" && "$python" -c 'import json
drawn, one, three, as_are = (json.load(open(run + "/report.json"))["training"]["loss"]
                           for run in ("plain0", "plain1", "plain3", "as_are"))
near = lambda a, b: abs(a - b) < 1e-5
exit(not (one[:2] == drawn[:2] and near(one[2], as_are[2]) and not near(one[2], drawn[2]) and
          all(map(near, three, as_are))))'
ok "plain=1: the last epoch sees the rows as they are; plain=3 of 3: all do"

# NAME TEXT LINES: trains, and warns of this alone.
warns() {
    rm -rf warned
    printf 'data train=train.csv test=test.csv\n%b' "$3" > warned.txt
    mp run warned.txt -o warned
    equal $? 0 status; local a=$?
    equal "$(grep '^warning:' "$err")" "${2:+warning: warned.txt:$2}" text && [ $a = 0 ]
    ok "$1"
}
warns "an lstm behind pca" "4: lstm: reads 1 step of 9 values: its input is no image (pca)" \
    'pca components=9\nnet batch=20 lr=0.01\n  lstm units=8\n'
warns "a conv layer behind pixels" "4: conv: reads 1 row of 784 values: its input is no image \
(pixels)" 'pixels\nnet epochs=2\n  conv filters=2\n'
warns "an lstm behind a dense layer" "4: lstm: reads 1 step of 20 values: its input is no image \
(dense)" 'net epochs=3\n  dense units=20\n  lstm units=8\n'
warns "a dense layer behind pca" "" 'pca components=9\nnet batch=20 lr=0.01\n  dense units=8\n'
warns "layers of images" "" 'net batch=20 lr=0.01\n  conv filters=2\n  maxpool\n  lstm units=16\n'
warns "images that are all the same" "3: net: all training images are the same: nothing tells the \
classes apart" 'threshold level=1\nnet epochs=3\n  dense units=8\n'
warns "rows that are all the same" "4: net: all training images are the same behind pixels: nothing \
tells the classes apart" 'threshold level=1\npixels\nnet epochs=3\n  dense units=8\n'
printf 'data train=train.csv test=test.csv\nnet epochs=2 batch=20\n  conv filters=2\n  maxpool
  lstm units=16\n' > slow.txt
mp run slow.txt -o slow
equal "$(sed -n 's/ended at 2\.3[0-9]*,/ended at 2.3,/; /^warning/p' "$err")" "warning: slow.txt:2: net: \
the loss ended at 2.3, no better than guessing, which has 2.29: more epochs, or another lr than 0.001, \
may help"
ok "a net that has learned nothing yet: no advice to make lr smaller"
sed -n '1p; 2s/^[0-9]*/5/p; 3s/^[0-9]*/6/p' train.csv > two.csv
printf 'data train=two.csv test=test.csv\nnet batch=2 validation=0.5\n  dense units=2\n' > two.txt
! mp run two.txt -o two && equal "$(tail -1 "$err")" "mnistpipe: two.txt:2: net: validation=0.5: no \
label has two of the 2 rows, so that one could judge; validation=0 learns from all"
ok "no row can judge"
sed 's/validation=[0-9.]*/validation=0.02/' small.txt > few.txt
mp run few.txt -o few
equal "$(grep '^warning:' "$err")" "warning: few.txt:3: net: validation=0.02: 10 rows judge the epochs, \
1 of label 0; below 50, or 10 of a label, which epoch is kept is nearly chance: take a larger share, \
or none"
ok "few rows judge, drawn class by class: a warning"
"$python" -c 'import json, sys
t = json.load(open("few/report.json"))["training"]
a, l = t["validation_accuracy"], t["validation_loss"]
best = min(range(len(a)), key=lambda e: (-a[e], l[e]))
lines = [line.split() for line in open("few/report.txt")]
sys.exit(t["kept_epoch"] != [best + 1] or ["kept_epoch", str(best + 1)] not in lines)'
ok "the epoch that was kept is named in report.json and report.txt"

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
    "bad.txt:2: net: batch=5000: there are only 600 rows to train on; batch=600 or less takes them (--set net.batch=600)" \
    'net batch=5000\n  dense units=3\n'
wrong "a learning rate that diverges" "$(printf "%s" "bad.txt:2: net: the loss is no number " \
    "after step 4 of epoch 1: training diverged; a smaller lr than 100, or clip=1, may help")" \
    'net lr=100 optimizer=sgd schedule=constant batch=100\n  dense units=64 act=none\n  dense units=64 act=none\n'
finish
