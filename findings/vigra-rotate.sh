#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# VIGRA 1.11.1 (Debian 12): vigra.sampling.rotateImageDegree() is said to rotate an image around its
# center.
# Expected: the centre pixel of 9 x 9 stays where it is, whatever the angle, as in
# scipy.ndimage.rotate; turned by 180 degrees, an image is itself read backwards.
# What happens: the image turns about (4.5, 4.5), where 9 x 9 *areas* have their centre, while
# pixels are counted from their middles, which is (4, 4).  So 180 degrees put the centre pixel at
# (5, 5), 90 and 270 put it one pixel aside, and a row and a column are lost.  It is no rounding:
# 45 degrees move it by half a pixel; digits made upright by angles of their own end up in places
# of their own.
. "$(dirname "$0")/unpack.bash"
unpack bookworm python3-vigra=1.11.1+dfsg-11 python3-minimal

cat >"$here/rotate.py" <<'END'
import warnings
warnings.simplefilter("ignore")
import numpy, vigra
image = numpy.zeros((9, 9), numpy.float32)
image[4, 4] = 1
for degrees in (0, 45, 90, 180, 270):
    turned = numpy.asarray(vigra.sampling.rotateImageDegree(
        vigra.taggedView(image, "yx"), float(degrees), splineOrder=1))
    y, x = numpy.mgrid[:9, :9]
    print("%3d degrees: (4, 4) goes to (%.2f, %.2f)" % (
        degrees, (y * turned).sum() / turned.sum(), (x * turned).sum() / turned.sum()))
END
PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
    inside "$root/usr/bin/python3.11" -W ignore "$here/rotate.py" >"$here/seen"
as_before <<'END'
  0 degrees: (4, 4) goes to (4.00, 4.00)
 45 degrees: (4, 4) goes to (3.85, 4.50)
 90 degrees: (4, 4) goes to (4.00, 5.00)
180 degrees: (4, 4) goes to (5.00, 5.00)
270 degrees: (4, 4) goes to (5.00, 4.00)
END
