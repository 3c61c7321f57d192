#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fetch.sh - `mnistpipe fetch` against mirrors of every temper, on loopback.
# MNISTPIPE: the program (default ./mnistpipe).  Speaks TAP.

program=$(realpath "${MNISTPIPE:-./mnistpipe}") || exit 1
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }

dir=$(mktemp -d) server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset MNISTPIPE_MIRROR XDG_CACHE_HOME http_proxy HTTP_PROXY all_proxy ALL_PROXY
export MNISTPIPE_CACHE=$dir/cache no_proxy=127.0.0.1

# ---------------------------------------------------------------- the data

train=train-images-idx3-ubyte.gz test=t10k-images-idx3-ubyte.gz
mkdir files
head -c 300000 /dev/urandom > files/$train
head -c 20000 /dev/urandom > files/$test
bytes=$(wc -c < files/$train)
manifest() { # FILE ROLE:NAME...
    local to=$1 part name
    shift
    echo "set lab" > "$to"
    echo "mirror $base/good" >> "$to"
    for part; do
        name=${part#*:}
        echo "file ${part%%:*} $name $(wc -c < files/$name)" \
            "$(sha256sum < files/$name | cut -d' ' -f1)" >> "$to"
    done
}

python3 "$here/fetch_server.py" "$dir" &
server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
[ -s port ] || { echo "1..0 # SKIP the loopback server does not start"; exit 0; }
base=http://127.0.0.1:$(cat port)
dead=http://127.0.0.1:1
manifest lab.txt train:$train
manifest both.txt train:$train test:$test

# --------------------------------------------------------------- the tools

count=0 failed=0
verdict() { # STATUS NAME: ok if the status is 0
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
        sed 's/^/# /' out err log 2> /dev/null
    fi
}
fetch() { "$program" fetch "$@" > out 2> err; }
fresh() { rm -rf cache; : > log; }
whole() { cmp -s cache/lab/$train files/$train && [ ! -e cache/lab/$train.part ]; }
nothing() { [ -z "$(ls -A cache/lab 2> /dev/null | grep -v '^manifest.txt$')" ]; }
part() { mkdir -p cache/lab; head -c "$1" "$2" > cache/lab/$train.part; }
asked() { grep -q "^$1 $train $2 $3\$" log; } # TEMPER RANGE STATUS

fetch --manifest lab.txt
if grep -q 'without libcurl' err; then
    echo "1..0 # SKIP built without libcurl"
    exit 0
fi

# --------------------------------------------------------------- the cases

fresh
fetch --manifest both.txt && whole && cmp -s cache/lab/$test files/$test && grep -q fetched out
verdict $? "a set described by a manifest is fetched"

: > log
fetch lab && [ ! -s log ] && [ "$(grep -c 'was there' out)" = 2 ]
verdict $? "a second run finds it by name and asks nobody"

fetch && grep -q '^mnist .*CC BY-SA' out && grep -q '^fashion ' out && grep -q '^lab .*yes' out
verdict $? "without a name the sets are listed, known ones and one's own"

printf x | dd of=cache/lab/$train bs=1 seek=7 conv=notrunc 2> /dev/null
fetch lab && whole && grep -q 'wrong checksum' err
verdict $? "a spoilt file in the cache is found and replaced"

fresh
fetch --manifest lab.txt --mirror $dead,$base/good && whole
verdict $? "a dead mirror is passed over"

fresh
MNISTPIPE_MIRROR=$base/missing,$base/good/ fetch --manifest lab.txt && whole &&
    asked missing - 404 && asked good - 200
verdict $? "404: the next mirror; MNISTPIPE_MIRROR; a slash at its end"

for temper in wrong long short tofile toftp; do
    fresh
    fetch --manifest lab.txt --mirror $base/$temper,$base/good && whole && asked good - 200
    verdict $? "$temper: the next mirror, from zero"
    fresh
    ! fetch --manifest lab.txt --mirror $base/$temper && nothing
    verdict $? "$temper alone: fails and leaves nothing"
done

fresh
fetch --manifest lab.txt --mirror $base/redirect && whole
verdict $? "a redirect is followed"

fresh
! fetch --manifest lab.txt --mirror $dead,$base/missing,$base/wrong,$base/short && nothing &&
    [ "$(grep -c . err)" = 1 ] && grep -q "$dead: .*onnect" err &&
    grep -q "/missing: HTTP 404" err && grep -q "/wrong: wrong checksum" err &&
    grep -q "/short: sends 26 bytes, not the $bytes expected" err
verdict $? "all mirrors fail: one line names each with its reason"

fresh
fetch --manifest lab.txt --mirror $base/cut && whole && grep -q '^cut .* bytes=[1-9][0-9]*- 206' log
verdict $? "a cut connection is resumed at the same mirror"

fresh
fetch --manifest lab.txt --mirror $base/cutonce,$base/good && whole &&
    grep -q '^good .* bytes=[1-9][0-9]*- 206' log
verdict $? "a cut connection is resumed at the next mirror"

fresh
! fetch --manifest lab.txt --mirror $base/cutonce && [ ! -e cache/lab/$train ] &&
    half=$(wc -c < cache/lab/$train.part) && [ "$half" -gt 0 ] && : > log &&
    fetch --manifest lab.txt && whole && asked good "bytes=$half-" 206
verdict $? "what a run got before it failed is resumed by the next"

fresh
part 1000 files/$train
fetch --manifest lab.txt --mirror $base/norange && whole && asked norange bytes=1000- 200
verdict $? "a server that ignores ranges: from zero"

fresh
fetch --manifest lab.txt --mirror $base/flaky,$base/good && whole &&
    [ "$(grep -c ^flaky log)" = 3 ] && grep -q '^good .* bytes=[1-9][0-9]*- 206' log
verdict $? "one that breaks off and ignores ranges is left with the bytes it gave"

fresh
part 1000 /dev/zero
fetch --manifest lab.txt && whole && asked good bytes=1000- 206 && asked good - 200
verdict $? "a part of other bytes: found by the checksum, once more from zero"

fresh
part 400000 /dev/zero
fetch --manifest lab.txt && whole && asked good - 200
verdict $? "a part that is longer than the file: from zero"

fresh
part "$bytes" files/$train
fetch --manifest lab.txt && whole && [ ! -s log ]
verdict $? "a whole part only has to be checked"

fresh
part "$bytes" /dev/zero
fetch --manifest lab.txt && whole && asked good - 200
verdict $? "a whole part of other bytes: from zero"

for signal in INT KILL; do
    fresh
    # python starts it with default signals: bash's background jobs ignore SIGINT
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' \
        "$program" fetch --manifest lab.txt --mirror $base/slow > out 2> err &
    pid=$!
    for _ in $(seq 100); do [ -s cache/lab/$train.part ] && break; sleep 0.1; done
    [ $signal = KILL ] || { ! fetch lab && grep -q 'another mnistpipe' err; }
    second=$?
    kill -$signal $pid
    wait $pid 2> /dev/null
    [ $? != 0 ] && [ $second = 0 ] && [ ! -e cache/lab/$train ] && [ -s cache/lab/$train.part ] &&
        : > log && fetch --manifest lab.txt && whole && grep -q '^good .* bytes=[1-9]' log
    verdict $? "SIG$signal in the middle: nothing half-written, the next run resumes"
done

fresh
mkdir -p full && ! (ulimit -f 100; trap '' XFSZ; fetch --manifest lab.txt) &&
    [ ! -e cache/lab/$train ] && grep -q 'cannot write' err && fetch --manifest lab.txt && whole
verdict $? "no room for the file: says so and resumes later"

fresh
MNISTPIPE_MIRROR=$base/wrong fetch mnist
[ $? != 0 ] && [ -z "$(ls -A cache/mnist)" ] && grep -q "$train: no mirror gave it" err
verdict $? "bytes that are not MNIST are not taken for it"

! fetch mnits && grep -q 'did you mean "mnist"' err
verdict $? "an unknown name brings the nearest one"

! fetch --mirror ftp://127.0.0.1 mnist && grep -q 'expected http' err &&
    ! fetch --mirror "$base/good,,$base/good" mnist && grep -q 'expected http' err
verdict $? "a mirror is http or https"

sum=$(printf %064d 0)
while IFS='|' read -r line text; do
    printf 'set lab\nmirror %s\nfile train a.gz 5 %s\n%b\n' "$base" "$sum" "$line" > bad.txt
    ! fetch --manifest bad.txt && grep -qF -- "bad.txt:4: $text" err && [ ! -e a.gz ]
    verdict $? "manifest line \"${line/$sum/SUM}\""
done << END
file test ../a.gz 5 $sum|file name "../a.gz"
file test .a.gz 5 $sum|file name ".a.gz"
file test b.part 5 $sum|file name "b.part"
file test manifest.txt 5 $sum|file name "manifest.txt"
file test a.gz 5 $sum|file test a.gz: this role or name was given before
file train b.gz 5 $sum|file train b.gz: this role or name was given before
file extra b.gz 5 $sum|file role "extra": must be one of
file test b.gz 0 $sum|size "0"
file test b.gz -5 $sum|size "-5"
file test b.gz 99999999999 $sum|size "99999999999"
file test b.gz 5 abc|checksum "abc"
file test b.gz 5|expected: file ROLE NAME BYTES SHA256
set mnist|set name "mnist": is built in
set ../up|set name "../up"
set sample|set name "sample": is built in
mirror file:///etc|mirror "file:///etc"
images many|images "many"
licence|expected a text
brief a\\tb\\033[1m|a control character
hello world|no word "hello"
END

! fetch --manifest none.txt && grep -q 'none.txt: cannot read' err &&
    { echo "set lab" > bad.txt; ! fetch --manifest bad.txt; } && grep -q 'no line "file' err &&
    { head -c 5000 /dev/zero | tr '\0' a > bad.txt; ! fetch --manifest bad.txt; } &&
    grep -q 'a line of more than' err
verdict $? "a missing, a partial and a nonsensical manifest"

# ------------------------------------------------------- MD5, and archives

fresh
sed "s/^file.*/file train $train $bytes $(md5sum < files/$train | cut -d' ' -f1)/" lab.txt > md5.txt
fetch --manifest md5.txt && whole && : > log && fetch lab && [ ! -s log ] && grep -q 'was there' out
verdict $? "an MD5 will do where no more is published"
printf x | dd of=cache/lab/$train bs=1 seek=7 conv=notrunc 2> /dev/null
fetch lab && whole && grep -q 'wrong checksum' err
verdict $? "and finds what is spoilt"

arrays=${SOURCE:-$here/../..}/tests/arrays
rows() { "$program" inspect "$1" 2> err | sed -n 's/^rows  *\([0-9]*\)$/\1/p'; } # SET:PART
mkdir -p cache/bloodmnist cache/emnist
! "$program" inspect bloodmnist:val > out 2> err && grep -q "^mnistpipe: bloodmnist is not in the \
cache (.*/bloodmnist.npz); .mnistpipe fetch bloodmnist. downloads it$" err
verdict $? "a set in one archive that is not there"
cp "$arrays/med.npz" cache/bloodmnist/bloodmnist.npz
[ "$(rows bloodmnist:train) $(rows bloodmnist:test) $(rows bloodmnist:val)" = "9 4 3" ]
verdict $? "parts of an archive: train, test and val"
! "$program" inspect bloodmnist:dev > out 2> err &&
    grep -qx 'mnistpipe: bloodmnist has no part "dev"; it has: train test val' err
verdict $? "and no others"
python3 - "$arrays" << 'END'
import sys, zipfile
source = zipfile.ZipFile(sys.argv[1] + "/idx.zip")
with zipfile.ZipFile("cache/emnist/gzip.zip", "w") as z:
    for split in "letters", "digits":
        for name in source.namelist():
            z.writestr(name.replace("g/emnist-", f"gzip/emnist-{split}-"), source.read(name))
END
[ "$(rows emnist_letters:train) $(rows emnist_digits:test)" = "9 4" ] &&
    "$program" inspect emnist_digits:test 2> err | grep -q '^rows by label'
verdict $? "sets that share an archive, with their labels"

echo "1..$count"
[ $failed = 0 ]
