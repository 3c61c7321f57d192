#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenCV 4.6.0 (Debian 12) and 4.10.0 (Debian 13): cv2.ximgproc.GradientDericheX() and
# GradientDericheY() filter an image by Deriche's recursive derivative in the one direction and his
# smoothing in the other.
# Expected: Y of an image is the transpose of X of its transpose; and an image of one level has no
# gradient, or at most one at its border, alike at both ends.
# What happens: X has a false edge of a quarter of the level at both ends.  Y begins like X, but
# ends otherwise: of a blank page of 200 it is -37, -111 and -52 in the last three rows, as strong
# as an edge of 111 levels.  So the foot of a page has edges that its sides do not have, and a digit
# that is transposed has other ones than before if it lies near the border.  In the middle of an
# image X and Y agree.  Nothing is said.
. "$(dirname "$0")/unpack.bash"

cat >"$here/deriche.py" <<'END'
import cv2
import numpy
print("OpenCV", cv2.__version__)


def look(name, image):
    across = cv2.ximgproc.GradientDericheX(image, 1.0, 1.0)
    down = cv2.ximgproc.GradientDericheY(image.T.copy(), 1.0, 1.0).T
    print(name)
    for axis, gradient in (("X", across), ("Y of the transpose", down)):
        print("  %s, first 6, 7 in the middle and last 6" % axis)
        middle = gradient[12]
        for part in (middle[:6], middle[9:16], middle[-6:]):
            print("   ", *("%4d" % value for value in part.round() + 0.0))


look("24 x 24, all 200", numpy.full((24, 24), 200, numpy.uint8))
edge = numpy.zeros((24, 24), numpy.uint8)
edge[:, 12:] = 200
look("24 x 24, 0 on the left and 200 on the right", edge)
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" "$here/deriche.py"
}

unpack bookworm python3-opencv=4.6.0+dfsg-12 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-opencv=4.10.0+dfsg-5 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'OpenCV 4.6.0' 'OpenCV 4.10.0' <<'END'
24 x 24, all 200
  X, first 6, 7 in the middle and last 6
      52   -6  -10   -3    0    0
       0    0    0    0    0    0    0
       0    0    3   10    6  -52
  Y of the transpose, first 6, 7 in the middle and last 6
      52   -6  -10   -3    0    0
       0    0    0    0    0    0    0
       2    5    0  -37 -111  -52
24 x 24, 0 on the left and 200 on the right
  X, first 6, 7 in the middle and last 6
       0    0    0    0    0    0
      -6   52  200  200   52   -6  -10
       0    0    3   10    6  -52
  Y of the transpose, first 6, 7 in the middle and last 6
       0    0    0    0    0    0
      -6   52  200  200   52   -6  -10
       2    5    0  -37 -111  -52
END
