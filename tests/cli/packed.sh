#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# packed.sh - files packed by others: what is taken, and what is refused with which words.
. "$(dirname "$0")/lib.bash"
[ -n "$python" ] || { echo "1..0 # SKIP no python3"; exit 0; }

rows train 60 > train.csv
rows test 30 > test.csv
printf 'data train=train.csv test=test.csv\npixels\nsvm C=0.01\n' > svm.txt
mp run svm.txt -o base
ok "the rows as they are"

# The members of an archive from FILE=NAME ...; what it is, its ending says.
pack() { # ARCHIVE FILE=NAME...
    "$python" - "$@" << 'END'
import io, sys, tarfile, zipfile
archive, members = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
if ".tar" in archive:
    with tarfile.open(archive, "w:" + archive.split(".tar")[1].lstrip(".")) as t:
        for file, name in members:
            info = tarfile.TarInfo(name)
            if file.startswith("@"):
                info.type = tarfile.SYMTYPE if file[1] == "s" else tarfile.LNKTYPE
                info.linkname = "x"
                t.addfile(info)
            else:
                data = open(file, "rb").read()
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
else:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for file, name in members:
            info = zipfile.ZipInfo(name)
            if file.startswith("@"):
                info.create_system, info.external_attr = 3, 0o120777 << 16
                z.writestr(info, "x")
            else:
                z.writestr(info, open(file, "rb").read(), zipfile.ZIP_DEFLATED)
END
}
# NAME TEXT FILE: FILE is refused with these words.
refused() {
    ! mp inspect "$3" --quiet && equal "$(cat "$err")" "mnistpipe: $2"
    ok "$1"
}

# --------------------------------------------------------------- what is taken

echo 'ImageId,Label' > sub.csv
for ending in zip tar tar.gz; do
    pack k.$ending train.csv=in/train.csv test.csv=in/test.csv sub.csv=sample_submission.csv &&
        mp run svm.txt --train k.$ending:train --test k.$ending:test -o o &&
        same o/predictions.csv base/predictions.csv && ! grep -q 'of its members' "$err"
    ok "train and test in one .$ending"
    mp run svm.txt --train k.$ending -o o && same o/predictions.csv base/predictions.csv &&
        equal "$(grep '^warning: k' "$err")" "warning: k.$ending: holds training and test rows: \
both are taken (folds=10 or k.$ending:train leave the test out)" &&
        tr -s ' \n' ' ' < o/report.txt | grep -q 'holds training and test rows: both are taken'
    ok "one .$ending alone is both, and says so, in the report too"
done
mp run svm.txt --train k.zip --set data.folds=3 -o o && ! grep -q 'both are taken' "$err" &&
    grep -q '^train *60 rows' "$out"
ok "with folds it is training rows alone"
mp predict base/bundle.mnp k.zip -o p.csv && same p.csv base/predictions.csv
ok "predict takes the test rows"
mp predict base/bundle.mnp k.zip:in/train.csv -o p.csv && [ "$(wc -l < p.csv)" = 61 ]
ok "and others by their name"
mp run svm.txt --train k.zip:train -o o && ! grep -q 'both are taken' "$err" &&
    grep -q holdout "$out"
ok "a part that is named brings no other"

# A folder of such files is like an archive of them.
mkdir k four
cp sub.csv k/sample_submission.csv
cp train.csv test.csv k
gzip -k k/train.csv
mp run svm.txt --train k -o o && same o/predictions.csv base/predictions.csv &&
    equal "$(grep '^warning: k' "$err")" "warning: k: holds training and test rows: both are taken \
(folds=10 or k:train leave the test out)"
ok "a folder of train.csv and test.csv, one of them packed as well, is both"
mp run svm.txt --train k/train.csv --test k:test -o o && same o/predictions.csv base/predictions.csv
ok "its part by name"
mp predict base/bundle.mnp k -o p.csv && same p.csv base/predictions.csv &&
    equal "$(cat "$err")" "warning: k: of its files test.csv was read"
ok "predict takes the test rows of a folder, and says so"
printf 'data train=train.csv test=test.csv\nsvm C=0.01\n' > images.txt
mp export images.txt --format idx --bytes -o four
values() { cut -d, -f2- "$1"; } # a row of IDX has a number, one of CSV its line
mp run svm.txt --train four -o o &&
    equal "$(values o/predictions.csv)" "$(values base/predictions.csv)"
ok "MNIST's four files in a folder"
refused "a part that a folder does not have" "k: has no file \"val\" with rows; there are: \
sample_submission.csv, test.csv, train.csv, train.csv.gz" k:val
mkdir two
cp train.csv two/a.csv
cp test.csv two/b.csv
refused "several files of one part in a folder" "two: several files have rows: a.csv, b.csv; which \
one is meant, two/NAME says" two
mkdir notes
echo read me > notes/README.md
refused "a folder of other files" "notes: no file of this folder has rows, expected CSV, LIBSVM, \
NPY, ARFF or IDX, or pictures; there are: README.md" notes

# ------------------------------------------------------------- what is refused

for ending in zip tar; do
    bad=bad.$ending
    for name in ../train.csv a/../../train.csv /etc/train.csv; do
        pack $bad train.csv=$name
        refused "$name in a .$ending" "$bad: has a member \"$name\", whose name leads out of the \
archive; such an archive is not read" $bad
    done
    pack $bad train.csv=train.csv @s=link.csv
    refused "a link in a .$ending" "$bad: member \"link.csv\" is a link; pack the file itself" $bad
    pack $bad train.csv=one.csv test.csv=two.csv
    refused "several in a .$ending" "$bad: several members have rows: one.csv, two.csv; which one \
is meant, $bad:NAME says" $bad
    refused "none of that name in a .$ending" "$bad: has no member \"three\" with rows; there are: \
one.csv, two.csv" $bad:three
    mp inspect $bad:two && grep -q '^rows  *30$' "$out"
    ok "a name without its ending will do in a .$ending"
done
pack bad.zip
refused "an empty archive" "bad.zip: is an archive without files in it" bad.zip
pack bad.tar train.csv=train.csv @h=link.csv
refused "a hard link" 'bad.tar: member "link.csv" is a link; pack the file itself' bad.tar
head -c 600 /dev/urandom > noise
pack bad.zip noise=a.bin noise=b.bin
! mp inspect bad.zip &&
    grep -q '^mnistpipe: bad.zip: no member of this archive has rows, ' "$err" &&
    grep -q '; there are: a.bin, b.bin$' "$err"
ok "nothing that can be read: what there is"
pack bad.zip train.csv=train.csv
"$python" -c 'import sys
b = bytearray(open("bad.zip", "rb").read())
b[6] |= 1
b[b.index(b"PK\1\2") + 8] |= 1
open("bad.zip", "wb").write(b)'
refused "a password" "bad.zip: member \"train.csv\" is encrypted; unpack the archive with its \
password, and give what is in it" bad.zip
refused "a part of what has none" 'train.csv: is no archive, of which "train" could be a part' \
    train.csv:train

# Bombs: a mebibyte of rows, packed once and put behind itself 320 times.
bomb() { "$python" -c "import $1 as m
open('bomb.$1', 'wb').write(320 * m.compress(8192 * (b'0,' * 64 + b'\n')))"; }
limit="unpacks to more than 256 MiB, more than 200 times what is packed; it is not read further"
for way in gzip bz2 lzma; do
    bomb $way
    refused "a bomb by $way" "bomb.$way: $limit" bomb.$way
done
"$python" -c "import zipfile
with zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED) as z, z.open('zeros.csv', 'w') as f:
    for _ in range(320): f.write(8192 * (b'0,' * 64 + b'\n'))"
refused "a bomb in a zip" "bomb.zip: member \"zeros.csv\" $limit" bomb.zip

# A byte that is another, in what is stored and in what is packed.
for how in stored deflated; do
    "$python" - $how << 'END'
import sys, zipfile
way = zipfile.ZIP_STORED if sys.argv[1] == "stored" else zipfile.ZIP_DEFLATED
with zipfile.ZipFile("spoilt.zip", "w", way) as z:
    z.write("train.csv")
b = bytearray(open("spoilt.zip", "rb").read())
at = b.index(b"\n", 8000) - 1 if way == zipfile.ZIP_STORED else len(b) // 2
b[at] ^= 1
open("spoilt.zip", "wb").write(b)
END
    ! mp inspect spoilt.zip && equal "$(wc -l < "$err")" 1 &&
        grep -q 'checksum does not match; the archive is damaged\|cannot be unpacked' "$err"
    ok "a byte that is another, $how"
done

# Archives one behind another: the last is meant, as libarchive and Python have it.
for how in STORED DEFLATED; do
    "$python" -c "import zipfile
for k in 1, 2:
    with zipfile.ZipFile(f'{k}.zip', 'w', zipfile.ZIP_$how) as z:
        z.writestr('a.csv', 9 * (b'%d%s\n' % (k, 64 * (b',%d00' % k))))"
    cat 1.zip 2.zip > both.zip
    mp inspect both.zip && grep -q '^values  *200 .. 200$' "$out"
    ok "two archives, one behind another, $how: the last"
done

# Cut anywhere, or damaged: one line, and never half the rows.
pack k.zip train.csv=train.csv
pack k.tar.xz train.csv=train.csv
for way in bz2 xz; do
    "$python" -c "import ${way/xz/lzma} as m
open('k.csv.$way', 'wb').write(m.compress(open('train.csv', 'rb').read()))"
done
for file in k.zip k.tar.xz k.csv.bz2 k.csv.xz; do
    size=$(wc -c < $file)
    for n in 7 20 50 90 99; do
        head -c $((size * n / 100)) $file > cut
        ! mp inspect cut && [ "$(wc -l < "$err")" = 1 ] && grep -q '^mnistpipe: cut' "$err" || break
    done
    ok "$file cut off"
done

finish
