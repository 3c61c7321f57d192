#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenCV 4.6.0 (Debian 12) and 4.10.0 (Debian 13): cv2.imread() of a PGM whose greatest value is not
# 255, as the 8 x 8 digits of UCI with their levels 0 to 16 are written.
# Expected: the same image from P2 (text) and P5 (bytes), as these are two notations of one format;
# netpbm, ImageMagick and Pillow scale both to 255.
# What happens: P2 is scaled to 255, P5 is not.  The same digit has white at 255 in one file and at
# 16, nearly black, in the other; a model that learned from one kind sees nothing in the other.  No
# warning, and all flags of imread() give the same.
. "$(dirname "$0")/unpack.bash"

printf 'P2 4 1 16\n0 4 8 16\n' >"$here/text.pgm"
printf 'P5 4 1 16\n\0\4\10\20' >"$here/bytes.pgm"
cat >"$here/read.py" <<'END'
import sys
import cv2
print("OpenCV", cv2.__version__)
for file in ("text", "bytes"):
    for flag in ("IMREAD_UNCHANGED", "IMREAD_GRAYSCALE"):
        image = cv2.imread(sys.argv[1] + "/" + file + ".pgm", getattr(cv2, flag))
        print(file, flag, *image.ravel())
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" "$here/read.py" "$here"
}

unpack bookworm python3-opencv=4.6.0+dfsg-12 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-opencv=4.10.0+dfsg-5 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'OpenCV 4.6.0' 'OpenCV 4.10.0' <<'END'
text IMREAD_UNCHANGED 0 63 127 255
text IMREAD_GRAYSCALE 0 63 127 255
bytes IMREAD_UNCHANGED 0 4 8 16
bytes IMREAD_GRAYSCALE 0 4 8 16
END
