#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# scikit-learn 1.2.1 (Debian 12) and 1.4.2 (Debian 13): feature_extraction.image.img_to_graph()
# makes a graph of an image for spectral clustering; an edge between two neighbours weighs what
# their difference is, without its sign.
# Expected: the same weights whatever type the levels have; 3 and 5 differ by 2, 3 and 250 by 247,
# and both fit in a byte.
# What happens: for bytes, which is how images come, the difference is taken modulo 256 and its sign
# is lost before it is dropped.  3 beside 5 weighs 254, like black beside white, and 3 above 250
# weighs 9, like much the same.  Nothing is said.  Other parts of scikit-learn that take images or
# rows of bytes turn them into floats first.
. "$(dirname "$0")/unpack.bash"

cat >"$here/graph.py" <<'END'
import numpy
import sklearn
from sklearn.feature_extraction.image import img_to_graph
print("scikit-learn", sklearn.__version__)
image = numpy.array([[3, 5], [250, 252]])
for kind in (numpy.uint8, numpy.int32, numpy.float32):
    graph = img_to_graph(image.astype(kind)).toarray()
    print("%-7s  3 and 5: %3d   3 and 250: %3d   5 and 252: %3d   250 and 252: %3d" % (
        kind.__name__, graph[0, 1], graph[0, 2], graph[1, 3], graph[2, 3]))
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" -W ignore "$here/graph.py"
}

unpack bookworm python3-sklearn=1.2.1+dfsg-1 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-sklearn=1.4.2+dfsg-8 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'scikit-learn 1.2.1' 'scikit-learn 1.4.2' <<'END'
uint8    3 and 5: 254   3 and 250:   9   5 and 252:   9   250 and 252: 254
int32    3 and 5:   2   3 and 250: 247   5 and 252: 247   250 and 252:   2
float32  3 and 5:   2   3 and 250: 247   5 and 252: 247   250 and 252:   2
END
