#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# pypillowfight 0.3.0 (Debian 12) and 0.3.1 (Debian 13), which prepares scans for OCR: gaussian()
# blurs an image, canny() blurs it, too, and then finds edges.
# Expected: a page of one level stays so, or is blurred into black all around alike; and a blank
# page has no edges.
# What happens: 5 x 5 weights look right in the middle, but the last two rows and columns are always
# 0, while the first two are darkened by blurring black in.  So canny() finds a line along the foot
# and another along the right side of a blank white page, at full strength; where black is the
# paper, it does not.  sobel() leaves three rows out above and one below.  Nothing is said.
. "$(dirname "$0")/unpack.bash"

cat >"$here/blur.py" <<'END'
import numpy
import pillowfight
from PIL import Image


def look(name, image):
    levels = numpy.asarray(image)[:, :, 0]
    print(name)
    for row in levels:
        print(" " + " ".join("%3d" % level for level in row))


def page(level, width, height):
    return Image.new("RGB", (width, height), (level, level, level))


look("gaussian() of 10 x 8, all 200", pillowfight.gaussian(page(200, 10, 8)))
for level in (255, 128, 0):
    edges = numpy.asarray(pillowfight.canny(page(level, 28, 28)))[:, :, 0]
    print("canny() of 28 x 28, all %d: edges in row 26: %d, in column 26: %d, in all: %d" % (
        level, *((line != 0).sum() for line in (edges[26], edges[:, 26], edges))))
step = page(0, 10, 10)
step.paste((30, 30, 30), (5, 0, 10, 10))
look("sobel() of an upright edge of 30", pillowfight.sobel(step))
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" -W ignore "$here/blur.py"
}

unpack bookworm python3-pypillowfight=0.3.0-5+b2 python3-numpy python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-pypillowfight=0.3.1-2+b2 python3-numpy python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'gaussian() of 10 x 8, all 200' 'gaussian() of 10 x 8, all 200' <<'END'
  78 106 125 125 125 125 125 125   0   0
 106 143 169 169 169 169 169 169   0   0
 125 169 200 200 200 200 200 200   0   0
 125 169 200 200 200 200 200 200   0   0
 125 169 200 200 200 200 200 200   0   0
 125 169 200 200 200 200 200 200   0   0
   0   0   0   0   0   0   0   0   0   0
   0   0   0   0   0   0   0   0   0   0
canny() of 28 x 28, all 255: edges in row 26: 24, in column 26: 24, in all: 47
canny() of 28 x 28, all 128: edges in row 26: 24, in column 26: 24, in all: 47
canny() of 28 x 28, all 0: edges in row 26: 0, in column 26: 0, in all: 0
sobel() of an upright edge of 30
   0   0   0   0   0   0   0   0   0   0
   0   0   0   0   0   0   0   0   0   0
   0   0   0   0   0   0   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0 120 120   0   0   0   0
   0   0   0   0   0   0   0   0   0   0
END
