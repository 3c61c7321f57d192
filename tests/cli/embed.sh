#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# embed.sh - a net's inside as features: the values are those of the net's own weights,
# the net trains on the run's training rows alone and travels in the run's bundle; and
# what is wrong with it, in one line.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 600 > train.csv
rows test 200 > test.csv
data='data train=train.csv test=test.csv'
pipeline() { { echo "$data"; cat; } > "$1.txt"; } # NAME, stages from stdin
check() { "$python" "$source/tests/cli/embed_check.py" "$@" >> "$log" 2>&1; }
# The features that PIPELINE makes of the test rows: in features/test.csv.
features() { mp export "$1" -o features --format csv --quiet && [ ! -s "$err" ]; }
columns() { head -1 features/test.csv | tr , '\n' | sed 1d | wc -l; }

pipeline net << 'END'
augment
deskew
net epochs=3 batch=50 lr=0.005
  conv    filters=3 kernel=5 stride=2
  conv    filters=5 kernel=3
  maxpool size=2
  dense   units=24
  dropout rate=0.3
END
pipeline svm << 'END'
embed bundle=net.txt layer=dense
svm C=0.1
END

# ------------------------------------------------------------- what it gives

for threads in 1 2 4; do
    mp run svm.txt -o svm.$threads --threads $threads --quiet
done
same svm.1/bundle.mnp svm.2/bundle.mnp && same svm.1/bundle.mnp svm.4/bundle.mnp &&
    same svm.1/predictions.csv svm.4/predictions.csv
ok "1, 2 and 4 threads give the same bytes"
mp run net.txt -o net --quiet &&
    mp run svm.txt -o again --set embed.bundle=net/bundle.mnp --quiet && [ ! -s "$err" ] &&
    same again/predictions.csv svm.1/predictions.csv
ok "a pipeline trains the net that its own run trains"
"$python" -c 'import json, sys
a, b = (json.load(open(f + "/report.json"))["training"] for f in ("net", "svm.1"))
sys.exit(not (len(a["loss"]) == 3 and b == {"net." + k: v for k, v in a.items()}))'
ok "the report has the inner net's learning curve"

pipeline scores <<< 'embed bundle=net/bundle.mnp layer=output'
features scores.txt && cut -d, -f2- features/test.csv | sed 1d > got &&
    answers net/predictions.csv | sed 1d | cut -d, -f2- > expected && same got expected
ok "layer=output: the net's own scores, filters included, train-only stages aside"
pipeline hidden <<< 'embed bundle=net/bundle.mnp'
features hidden.txt && check scores net/bundle.mnp features/test.csv net/predictions.csv
ok "the last hidden layer, times the weights behind it, gives the scores"
cp features/test.csv last.csv
for layer in dense dense1 dropout; do
    features hidden.txt && mp export hidden.txt -o features --format csv --quiet \
        --set embed.layer=$layer && diff <(sed 1d last.csv) <(sed 1d features/test.csv) >> "$log"
    ok "layer=$layer: the same values here"
done
for want in conv1:588 conv2:980 conv:980 maxpool:245 output:10; do
    mp export hidden.txt -o features --format csv --quiet --set embed.layer=${want%:*} &&
        equal "$(columns)" "${want#*:}" columns
    ok "layer=${want%:*}: ${want#*:} values"
done
head -1 features/test.csv | grep -q '^label,output\[0\],output\[1\]'
ok "columns carry the layer's name"

pipeline one << 'END'
net epochs=1 batch=50 precision=f32
  dense units=7 act=tanh
END
pipeline one_inside <<< 'embed bundle=one.txt layer=dense'
mp run one.txt -o one --quiet && features one_inside.txt &&
    check hidden one/bundle.mnp features/test.csv test.csv
ok "one dense layer: tanh of pixels times weights, computed elsewhere"

pipeline sides << 'END'
union
  branch
    embed bundle=net/bundle.mnp layer=conv2
    pca components=8
  branch
    hog
  branch
    embed bundle=net/bundle.mnp layer=dense
standardize
logistic
END
mp run sides.txt -o sides --quiet && mp predict sides/bundle.mnp test.csv -o p.csv --quiet &&
    same p.csv sides/predictions.csv
ok "in branches of a union, beside other features"
pipeline mixed << 'END'
union
  branch
    resize height=14 width=14
    pixels
  branch
    embed bundle=one.txt
standardize
net epochs=2 batch=50
  dense units=16
END
pipeline outer << 'END'
embed bundle=mixed.txt
svm C=0.1
END
mp run mixed.txt -o mixed --quiet && mp run outer.txt -o outer --quiet &&
    features scores.txt && mp export scores.txt -o features --format csv --quiet \
        --set embed.bundle=mixed/bundle.mnp &&
    cut -d, -f2- features/test.csv | sed 1d > got &&
    answers mixed/predictions.csv | sed 1d | cut -d, -f2- > expected && same got expected
ok "a net whose pipeline has a union and embeds another net"

# ------------------------------------------------------ where it comes from

mkdir away below
mp run svm.txt -o here --quiet && mv net.txt net away/ &&
    mp predict here/bundle.mnp test.csv -o p.csv --quiet && same p.csv here/predictions.csv &&
    mp predict sides/bundle.mnp test.csv -o p.csv --quiet && same p.csv sides/predictions.csv
ok "predict needs none of the inner files"
mv away/net.txt away/net .
mv one.txt away && mp predict outer/bundle.mnp test.csv -o p.csv --quiet &&
    same p.csv outer/predictions.csv
ok "nor those inside the inner ones"
mv away/one.txt .
cp net.txt svm.txt away/ && (cd below && ln -s ../train.csv ../test.csv . &&
    mp run ../away/svm.txt -o ../beside --quiet) && same beside/bundle.mnp svm.1/bundle.mnp
ok "a file that is not here is found beside the pipeline that names it"
sed -i s/units=24/units=25/ away/net.txt && cp net.txt below/ &&
    (cd below && mp run ../away/svm.txt -o ../beside --quiet) &&
    same beside/bundle.mnp svm.1/bundle.mnp
ok "one that is here comes first"
mp run svm.txt -o shipped --quiet --set embed.bundle=pipelines/mlp.txt
ok "one that ships is found from anywhere"

mp run svm.txt -o part --quiet --set data.test= && learned=$("$python" -c 'import json
print(json.load(open("part/report.json"))["train"]["rows"])') && [ "$learned" -lt 500 ] &&
    check rows part/bundle.mnp "$learned"
ok "with a holdout the net learns from the other rows alone"
mp run svm.txt -o half --set data.test= --set embed.bundle=net/bundle.mnp &&
    equal "$(cat "$err")" "warning: svm.txt:2: embed: the net of net/bundle.mnp learned from 600 \
rows of train.csv, which are not the training rows of this run; if test rows are among them, the \
accuracy is too good to be true" && grep -q 'which are not the training rows' half/report.txt
ok "a net that may have seen the test rows: one warning, in the report as well"

# ---------------------------------------------------------- stopped, resumed

# Long enough to be stopped on the way.
pipeline long << 'END'
embed bundle=slow.txt
net epochs=200 batch=40
  dense units=64
END
sed 's/epochs=3/epochs=10/' net.txt > slow.txt
mp run long.txt -o whole --quiet && [ -z "$(find whole -name 'checkpoint*')" ]
ok "a complete run leaves no checkpoint"
stopped() { # SIGNAL FOLDER CHECKPOINT [PIPELINE]: sends it once the checkpoint is there
    "$program" run "${4:-long.txt}" -o "$2" --quiet > "$out" 2> "$err" &
    local pid=$!
    while [ ! -e "$2/$3" ] && kill -0 $pid 2> /dev/null; do
        sleep 0.01
    done
    kill -"$1" $pid
    wait $pid 2> /dev/null
    [ -e "$2/$3" ] && [ ! -e "$2/bundle.mnp" ]
}
stopped KILL inner checkpoint-1.mnp && [ ! -e inner/checkpoint.mnp ] &&
    mp run long.txt -o inner --resume --quiet && same inner/bundle.mnp whole/bundle.mnp
ok "killed while the inner net trains, and resumed: the same bytes"
stopped KILL outer2 checkpoint.mnp && [ -e outer2/checkpoint-1.mnp ] &&
    mp run long.txt -o outer2 --resume --quiet && same outer2/bundle.mnp whole/bundle.mnp &&
    [ -z "$(find inner outer2 -name 'checkpoint*.mnp')" ]
ok "killed while the outer net trains, and resumed: the same bytes"
printf '%s\nembed bundle=slow.txt\nsvm\ncalibrate\n' "$data" > rehearsed.txt
mp run rehearsed.txt -o rehearsed --quiet && [ -z "$(find rehearsed -name 'checkpoint*')" ]
ok "a net that is embedded before calibrate leaves no checkpoint of its rehearsal"
stopped KILL held1 checkpoint-1.mnp.held rehearsed.txt &&
    mp run rehearsed.txt -o held1 --resume --quiet && same held1/bundle.mnp rehearsed/bundle.mnp &&
    [ -z "$(find held1 -name 'checkpoint*')" ]
ok "killed while it rehearses, and resumed: the same bytes"
stopped INT changed checkpoint-1.mnp && grep -q interrupted "$err"
ok "Ctrl-C while the inner net trains"
sed -i s/units=24/units=23/ slow.txt
mp run long.txt -o changed --resume --quiet
equal $? 1 status && equal "$(cat "$err")" "mnistpipe: long.txt:2: embed: \
changed/checkpoint-1.mnp: is of another pipeline, other data or another seed; without --resume \
the run begins anew"
ok "a checkpoint of another inner net is refused"

pipeline late << 'END'
embed bundle=inside.mnp
net epochs=200 batch=40
  dense units=64
END
cp net/bundle.mnp inside.mnp
stopped KILL late checkpoint.mnp late.txt && cp one/bundle.mnp inside.mnp &&
    ! mp run late.txt -o late --resume --quiet && grep -q 'checkpoint.mnp: is of another' "$err" &&
    cp net/bundle.mnp inside.mnp && mp run late.txt -o late --resume --quiet
ok "a checkpoint behind a bundle that has changed is refused"

# ------------------------------------------------------- rows that are held back

# NAME TEXT LINES: what the one warning says.
held() {
    rm -rf held
    printf '%s\n%b' "$data" "$3" > held.txt
    mp run held.txt -o held
    equal $? 0 status && equal "$(grep '^warning:' "$err")" "${2:+warning: held.txt:$2}" text
    ok "$1"
}
trusted="embed: the net of net/bundle.mnp has learned from the rows that"
much="holds back, too, so it will be trusted too much; bundle=PIPELINE trains it without them"
held "calibrate behind a bundle" "2: $trusted calibrate $much" \
    'embed bundle=net/bundle.mnp\nsvm\ncalibrate share=0.3\n'
held "and without another fit" "2: $trusted calibrate $much" \
    'embed bundle=net/bundle.mnp\nsvm\ncalibrate share=0.3 refit=no\n'
held "a bundle in a stack" "4: $trusted stack $much" 'stack folds=2
  branch\n    embed bundle=net/bundle.mnp\n    svm\n  branch\n    pixels\n    svm\n'
held "calibrate behind a pipeline" "" 'embed bundle=net.txt\nsvm\ncalibrate share=0.3\n'

# -------------------------------------------------------------- what is wrong

# NAME TEXT LINES: fails before anything is learned.
wrong() {
    printf '%s\n%b' "$data" "$3" > bad.txt
    mp run bad.txt -o none --quiet
    equal $? 1 status; local a=$?
    equal "$(cat "$err")" "mnistpipe: $2" text && [ $a = 0 ] && [ ! -e none ]
    ok "$1"
}
at=bad.txt:2:
wrong "no bundle" "$at embed: bundle is required (file)" 'embed\nsvm\n'
wrong "no such file" "$at embed: bundle=nosuch.mnp: there is no such file, neither here nor \
beside the pipeline; expected a bundle or a pipeline" 'embed bundle=nosuch.mnp\nsvm\n'
wrong "no name" "$at embed: bundle=: there is no such file, neither here nor \
beside the pipeline; expected a bundle or a pipeline" 'embed bundle=""\nsvm\n'
wrong "a folder" "$at embed: bundle=net: is no file; expected a bundle or a pipeline" \
    'embed bundle=net\nsvm\n'
head -c 100 /dev/zero > zeros
wrong "neither bundle nor pipeline" "$at embed: zeros: is no pipeline: expected a text of at most \
1 MiB, one stage a line" 'embed bundle=zeros\nsvm\n'
echo blurr > worse.txt
wrong "a pipeline with a mistake" "$at embed: worse.txt:1: blurr: no such stage; did you mean \
\"blur\"?" 'embed bundle=worse.txt\nsvm\n'
wrong "a model that is no net" "$at embed: svm.1/bundle.mnp: its model has no layers: svm; \
expected a pipeline that ends with a net" 'embed bundle=svm.1/bundle.mnp\nsvm\n'
wrong "no model" "$at embed: hidden.txt: has no model; expected a pipeline that ends with a net" \
    'embed bundle=hidden.txt\nsvm\n'
wrong "an unknown layer of a bundle" "$at embed: net/bundle.mnp: layer=fc: the net has no such \
layer; it has conv1 conv2 maxpool1 dense1 dropout1 output" \
    'embed bundle=net/bundle.mnp layer=fc\nsvm\n'
wrong "an unknown layer of a pipeline" "$at embed: net.txt: layer=conv3: the net has no such \
layer; it has conv1 conv2 maxpool1 dense1 dropout1 output" \
    'embed bundle=net.txt layer=conv3\nsvm\n'
wrong "not first" "bad.txt:3: embed: takes the data's own rows, but line 2 (deskew) comes before \
it; put it first, or first in a branch" 'deskew\nembed bundle=net.txt\nsvm\n'
wrong "after a union" "bad.txt:7: embed: takes the data's own rows, but line 2 (union) comes \
before it; put it first, or first in a branch" \
    'union\n  branch\n    hog\n  branch\n    pixels\nembed bundle=net.txt\nsvm\n'
head -c 3000 net/bundle.mnp > cut.mnp
wrong "a bundle cut short" "$at embed: cut.mnp: the bundle has 3000 bytes where its header says \
$(stat -c %s net/bundle.mnp): it is cut short or something was added" 'embed bundle=cut.mnp\nsvm\n'
wrong "itself" "$at embed: bad.txt embeds itself" 'embed bundle=bad.txt\nnet\n  dense units=3\n'
printf 'embed bundle=bad.txt\nnet\n  dense units=3\n' > mutual.txt
wrong "itself, by way of another" "$at embed: mutual.txt:1: embed: bad.txt embeds itself" \
    'embed bundle=mutual.txt\nnet\n  dense units=3\n'
printf 'net\n  dense units=3\n' > deep1.txt
for i in 2 3 4 5; do
    printf 'embed bundle=deep%d.txt\nnet\n  dense units=3\n' $((i - 1)) > deep$i.txt
done
wrong "too deep" "$at embed: deep5.txt:1: embed: deep4.txt:1: embed: deep3.txt:1: embed: \
deep2.txt:1: embed: at most 4 pipelines can lie within each other" \
    'embed bundle=deep5.txt\nsvm\n'
printf 'data train=small.csv test=small.csv\nembed bundle=net/bundle.mnp\nsvm\n' > bad.txt
awk -F, 'NR > 1 { printf "%d", $1; for (i = 2; i <= 197; i++) printf ",%d", $i; print "" }' \
    train.csv > small.csv
mp run bad.txt -o none --quiet
equal $? 1 status && equal "$(cat "$err")" "mnistpipe: bad.txt:2: embed: net/bundle.mnp: its net \
was trained on images of 28 x 28, these rows are 14 x 14 x 1"
ok "images of another size"
finish
