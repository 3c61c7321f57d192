#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# export.sh - `mnistpipe export`: its files are read by the programs they are for.
# MNISTPIPE: the program (default ./mnistpipe).  PYTHON: one with numpy and scipy
# (default /usr/bin/python3); without them, and without liblinear, tests are
# skipped.  Speaks TAP.

program=$(realpath "${MNISTPIPE:-./mnistpipe}") || exit 1
data=$(realpath "${MNISTPIPE_DATA:-$(dirname "$0")/../../data}") || exit 1
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

n=0 failed=0
ok() { # NAME, after the command whose success is the test
    local status=$?
    n=$((n + 1))
    if [ $status -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# /' log
        failed=$((failed + 1))
    fi
}
skip() { # NAME REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}
export_() { "$program" export "$@" --quiet > out 2> log; }
rows() { gzip -dc "$data/$1.csv.gz" 2> /dev/null | sed -n "1,$(($2 + 1))p"; }
none_left() { [ -z "$(ls -A "$1" 2> /dev/null)" ]; }
python_has() { "$python" -c "import $1" 2> /dev/null; }
: > log

rows train 300 > train.csv
rows test 60 > test.csv
cut -d, -f2- test.csv > blind.csv
echo 'data train=train.csv test=test.csv' > plain.txt
{ cat plain.txt; echo deskew; } > deskew.txt
{ cat plain.txt; echo 'hog cell=7'; echo 'svm C=0.1'; } > hog.txt

# ------------------------------------------------- what mnistpipe reads again

export_ plain.txt --format csv --bytes -o csv && cmp train.csv csv/train.csv > log &&
    cmp test.csv csv/test.csv > log
ok "whole pixels as csv are the rows that were read, byte for byte"

export_ plain.txt --format csv.gz --bytes -o gz &&
    gzip -dc gz/train.csv.gz | cmp - train.csv > log
ok "csv.gz unpacks to the same"

export_ plain.txt --format idx --bytes -o idx &&
    export_ plain.txt --train idx/train-images-idx3-ubyte --test idx/test-images-idx3-ubyte \
        --format csv --bytes -o again && cmp train.csv again/train.csv > log &&
    cmp test.csv again/test.csv > log
ok "idx is read again, labels with it, and gives the same rows"

{ cat plain.txt; echo 'zoning rows=4 columns=4'; } > zones.txt
{ cat zones.txt; echo 'select keep=3'; } > select.txt
names() { head -n 1 "$1" | sed 's/","/\n/g; s/"//g; s/^label,//'; }
export_ zones.txt --format csv -o zones && export_ select.txt --format csv -o select &&
    columns=$(names zones/train.csv | grep -nFxf <(names select/train.csv) | cut -d: -f1) &&
    [ "$(echo "$columns" | wc -l)" = 3 ] &&
    tail -n +2 zones/train.csv | cut -d, -f1,"$(echo "$columns" | awk '{print $1 + 1}' | paste -sd,)" |
    cmp - <(tail -n +2 select/train.csv) > log
ok "what select keeps has the names and the values that it had"

export_ deskew.txt --format csv.gz --bytes -o once &&
    export_ plain.txt --train once/train.csv.gz --test once/test.csv.gz --format csv.gz --bytes \
        -o twice && cmp once/train.csv.gz twice/train.csv.gz > log &&
    ! cmp -s once/train.csv.gz gz/train.csv.gz
ok "deskewed images survive a second export"

export_ plain.txt --test blind.csv --format csv --bytes -o blind &&
    cmp blind.csv blind/test.csv > log
ok "rows without labels stay without"

export_ hog.txt --threads 1 -o one && export_ hog.txt --threads 3 -o three &&
    cmp one/train.csv.gz three/train.csv.gz > log && cmp one/test.csv.gz three/test.csv.gz > log
ok "the same bytes for any number of threads"

echo 'data train=train.csv' > held.txt
export_ held.txt --format csv --bytes -o held &&
    sed 1d held/train.csv | sort - <(sed 1d held/test.csv) |
    cmp - <(sed 1d train.csv | sort) > log &&
    [ "$(wc -l < held/test.csv)" -gt 10 ]
ok "without test rows: the training part and the rows held out"

# ------------------------------------------------------------ other programs

for format in csv npy npz arff libsvm idx; do
    export_ hog.txt --format $format -o hog && [ ! -s out ]
    ok "hog features as $format"
done
"$program" export hog.txt --format idx -o hog > out 2> log
[ "$(head -1 out)" = "hog/train-features-idx2-float: 300 rows of $(($(head -1 hog/train.csv |
    grep -o 'hog\[' | wc -l))) values, labelled" ]
ok "says what it wrote"

cat > read.py << 'PYTHON'
import csv
import struct
import sys
import zipfile
import numpy as np


def table(part):
    """Names, labels and values from the csv."""
    with open(f"hog/{part}.csv", newline="") as f:
        names, *rows = csv.reader(f)
    y = np.array([int(row[0]) for row in rows])
    return names[1:], y, np.array([row[1:] for row in rows], dtype=np.float32)


def npy(part, names, y, x):
    labels = np.load(f"hog/{part}.labels.npy")
    values = np.load(f"hog/{part}.npy", mmap_mode="r")
    assert values.dtype == np.float32 and labels.dtype == np.int64
    assert np.array_equal(values, x) and np.array_equal(labels, y)


def npz(part, names, y, x):
    assert zipfile.ZipFile(f"hog/{part}.npz").testzip() is None
    z = np.load(f"hog/{part}.npz")
    assert z.files == ["x", "y", "columns"]
    assert np.array_equal(z["x"], x) and np.array_equal(z["y"], y)
    assert list(z["columns"]) == names


def idx(part, names, y, x):
    head, *dims = struct.unpack(">iii", open(f"hog/{part}-features-idx2-float", "rb").read(12))
    values = np.fromfile(f"hog/{part}-features-idx2-float", ">f4", offset=12).reshape(dims)
    labels = np.fromfile(f"hog/{part}-labels-idx1-ubyte", np.uint8, offset=8)
    assert head == 0xD02 and np.array_equal(values, x) and np.array_equal(labels, y)


def arff(part, names, y, x):
    from scipy.io.arff import loadarff

    rows, meta = loadarff(f"hog/{part}.arff")
    assert meta.names() == names + ["class"] and meta.types()[-1] == "nominal"
    values = np.array([list(row)[:-1] for row in rows], dtype=np.float32)
    assert np.array_equal(values, x) and np.array_equal(rows["class"].astype(int), y)


def libsvm(part, names, y, x):
    values = np.zeros_like(x)
    for i, line in enumerate(open(f"hog/{part}.libsvm")):
        label, *pairs = line.split()
        assert int(label) == y[i]
        for pair in pairs:
            j, value = pair.split(":")
            values[i, int(j) - 1] = value
    assert i + 1 == len(x) and np.array_equal(values, x)


for part in "train", "test":
    globals()[sys.argv[1]](part, *table(part))
PYTHON
for format in npy npz idx libsvm arff; do
    name="Python reads $format and finds the csv's names, labels and values"
    needs=numpy
    [ $format = arff ] && needs=numpy,scipy
    if python_has $needs; then
        "$python" read.py $format > log 2>&1
        ok "$name"
    else
        skip "$name" "$python has no $needs"
    fi
done

name="liblinear trains on libsvm and predicts the test rows"
if command -v liblinear-train > /dev/null && command -v liblinear-predict > /dev/null; then
    liblinear-train -q -s 2 hog/train.libsvm model > log 2>&1 &&
        liblinear-predict hog/test.libsvm model predicted > log 2>&1 &&
        grep -q 'Accuracy = [6-9].*/60)' log
    ok "$name"
else
    skip "$name" "no liblinear-train"
fi

# ------------------------------------------------------------------ failures

mkdir bad
! export_ hog.txt --format csv --bytes -o bad &&
    grep -q 'hog.txt:2: hog: gives features, and --bytes writes pixels' log && none_left bad
ok "--bytes is refused for features"

! export_ hog.txt && grep -q -e '--output is required' log
ok "a folder is required"

! export_ -o bad && grep -q 'expected one pipeline or bundle, found 0 arguments' log
ok "a pipeline is required"

! export_ hog.txt --format xls -o bad && grep -q 'csv|csv.gz|libsvm' log && none_left bad
ok "an unknown format is refused with the known ones"

for format in csv csv.gz libsvm npy npz arff idx; do
    (trap '' XFSZ; ulimit -f 16; export_ hog.txt --format $format -o bad)
    [ $? -eq 1 ] && grep -q 'cannot write: File too large' log && none_left bad
    ok "a full disk is reported and leaves no file: $format"
done

echo "1..$n"
[ $failed -eq 0 ]
