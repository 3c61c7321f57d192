#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# foreign.sh - files of kinds that are not read are named, with the way out.
. "$(dirname "$0")/lib.bash"
[ -n "$python" ] || { echo "1..0 # SKIP no python3"; exit 0; }

# NAME TEXT FILE
says() {
    ! mp inspect "$3" --quiet && equal "$(cat "$err")" "mnistpipe: $3: is $2"
    ok "$1"
}
pickled='a pickle of Python, which is not read; in Python: import pickle, numpy as np; x, y = '
pickled+='pickle.load(open("f.pkl", "rb")); np.savez("new.npz", x=x, y=y)'
for protocol in 2 3 4 5; do
    for what in '([1, 2, 3], [0])' '{"x": "more letters than numbers", "y": 1}' 'b"ab" * 99'; do
        "$python" -c "import pickle; pickle.dump($what, open('f.pkl', 'wb'), $protocol)"
        says "a pickle, protocol $protocol, of $what" "$pickled" f.pkl
    done
done
gzip -c f.pkl > f.pkl.gz
says "a pickle in gzip" "${pickled/f.pkl/f.pkl.gz}" f.pkl.gz
"$python" -c 'import sqlite3; sqlite3.connect("f.db").execute("create table t (a)")'
says "a database" 'an SQLite database, which is not read; in Python: import pandas as pd, '\
'sqlite3; pd.read_sql("select * from NAME", sqlite3.connect("f.db")).to_csv("new.csv", '\
'index=False)' f.db

# Beginnings of others.
begins() { printf "$1" > f; head -c 600 /dev/zero >> f; }
begins 'PAR1\025'
says "Parquet" 'a Parquet file, which is not read; in Python: import pandas as pd; '\
'pd.read_parquet("f").to_csv("new.csv", index=False)' f
hdf='in Python: import h5py, numpy as np; f = h5py.File("f"); print(list(f)); '
begins '\211HDF\r\n\032\n'
says "HDF5" "an HDF5 file, which is not read; ${hdf}np.savez(\"new.npz\", x=f[\"x\"][:], y=f[\"y\"][:])" f
begins 'MATLAB 7.3 MAT-file'
save='np.savez("new.npz", x=x if len(x) == len(y) else np.moveaxis(x, -1, 0), y=y)'
says "MATLAB 7.3" "a MATLAB file of version 7.3, which is not read; ${hdf}x, y = f[\"X\"][:].T, \
f[\"y\"][:].ravel(); $save" f
begins 'MATLAB 5.0 MAT-file, Platform: posix'
loadmat='import scipy.io, numpy as np; m = scipy.io.loadmat("f"); print(m.keys()); '
loadmat+="x, y = m[\"X\"], m[\"y\"].ravel(); $save"
says "MATLAB" "a MATLAB file, which is not read; in Python: $loadmat" f
scipy=${PYTHON:-/usr/bin/python3}
# That line does it, where the rows are the last index (h x w x 3 x n, d x n) and the first.
for form in 'x.transpose(1, 2, 3, 0), "y": y[:, None]' 'x[..., 0].reshape(n, -1).T, "y": y[None]' \
    'x[..., 0].reshape(n, -1), "y": y'; do
    if "$scipy" -c 'import scipy' 2>> "$log"; then
        rm -f new.npz
        "$scipy" -c 'import sys, numpy as np, scipy.io
n = 40
x = np.random.default_rng(1).integers(0, 256, (n, 8, 8, 3)).astype(np.uint8)
y = 1 + np.arange(n) % 10
scipy.io.savemat("f", eval("{\"X\": " + sys.argv[1] + "}"), do_compression=True, appendmat=False)
np.savez("expected.npz", x=x if ":, None" in sys.argv[1] else x[..., 0], y=y)' "$form" &&
            "$scipy" -c "$loadmat" > out.txt && for file in new expected; do
                printf 'data train=%s.npz size=8x8%s\ncrop margin=0\n' $file \
                    "$([ "$form" = "${form/:, None/}" ] || echo x3)" > $file.txt
                mp export $file.txt --format csv --bytes -o $file || false
            done && same new/train.csv expected/train.csv
        ok "MATLAB, by that line: $form"
    else
        skip "MATLAB, by that line: $form" "$scipy has no scipy"
    fi
done
begins 'RDX3\nX\n'
says "R" "a file of R's save(), which is not read; in R: write.csv(x, \"new.csv\", \
row.names = FALSE)" f
begins '7z\274\257\047\034'
says "7-Zip" "a 7-Zip archive, which is not read; unpack it and give what is in it" f
begins '%%PDF-1.4'
says "PDF" "a PDF, which is not read" f
printf 'PAR1,MATLAB 5.0\n1,2\n' > f.csv
mp inspect f.csv --quiet
! grep -q 'not read' "$err"
ok "words that look like it are none"

# Arrays of NumPy that are none of numbers, alone and in an archive.
"$python" - << 'END'
import struct, zipfile
def array(descr, shape, data):
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data
objects = array("'|O'", "(2,)", b"\x80\x03]")
images = array("'|u1'", "(2, 2, 2)", bytes(range(8)))
open("o.npy", "wb").write(objects)
open("r.npy", "wb").write(array("[('a', '<f4'), ('b', '<i2')]", "(2,)", bytes(12)))
for name, y in ("o", objects), ("m", array("'|u1'", "(2, 3)", bytes([1, 1, 0, 0, 0, 1]))):
    with zipfile.ZipFile(name + ".npz", "w") as z:
        z.writestr("x.npy", images)
        z.writestr("y.npy", y)
END
save='is an array of Python objects (pickle), which is not read; in Python: np.save("new.npy", '
save+='np.stack(list(np.load('
says "objects in npy" "${save#is }\"o.npy\", allow_pickle=True))))" o.npy
! mp inspect o.npz --quiet && equal "$(cat "$err")" \
    "mnistpipe: o.npz:y.npy: $save\"o.npz\", allow_pickle=True)[\"y\"])))"
ok "objects in npz"
says "records" "an array of records; save its columns as arrays of numbers" r.npy
! mp inspect m.npz --quiet && equal "$(cat "$err")" "mnistpipe: m.npz:y.npy: 3 columns of 0 and 1 \
with several 1 in a row, or none: rows have one label here"
ok "several labels a row"

rows train 20 > train.csv
! mp inspect train.csv --labels f.pkl --quiet && grep -q 'f.pkl' "$err"
ok "in place of labels, too"

finish
