#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenCV 4.6.0 (Debian 12) and 4.10.0 (Debian 13): cv2.ml.KNearest answers by the k nearest rows
# that it learned from; setAlgorithmType() has it compare all of them, or look in a k-d tree.
# Expected: the same classes from either, and the tree sooner.
# What happens: the tree answers with the numbers of rows, not with what they are: predict() takes
# 17 and 8 for classes, of rows of which it learned 0 and 1.  findNearest() gives k numbers for each
# query where it is to give one class, and nothing for the neighbours' classes and distances.
# For regression it is the same.  The tree is listed beside the other as if they could be swapped,
# and no call complains.
. "$(dirname "$0")/unpack.bash"

cat >"$here/tree.py" <<'END'
import cv2
import numpy
print("OpenCV", cv2.__version__)
rows = numpy.array([[7 * i % 20, i] for i in range(20)], dtype=numpy.float32)
labels = (rows[:, 0] >= 10).astype(numpy.float32)
queries = rows[[17, 8, 4]]
for name in ("BRUTE_FORCE", "KDTREE"):
    for classifier in (True, False):
        model = cv2.ml.KNearest_create()
        model.setAlgorithmType(getattr(cv2.ml, "KNearest_" + name))
        model.setIsClassifier(classifier)
        model.setDefaultK(1)
        model.setEmax(1000)
        model.train(rows, cv2.ml.ROW_SAMPLE, labels)
        _, found, neighbours, distances = model.findNearest(queries, 3)
        print(name, "classes" if classifier else "means")
        print("  predict:", *model.predict(queries)[1].ravel())
        print("  findNearest, 3:", found.shape, *found.ravel().round(2))
        print("  neighbours:", "none" if neighbours is None else neighbours.astype(int).tolist())
        print("  distances:", "none" if distances is None else distances.astype(int).tolist())
print("labels of rows 17, 8 and 4:", *labels[[17, 8, 4]])
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" "$here/tree.py"
}

unpack bookworm python3-opencv=4.6.0+dfsg-12 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-opencv=4.10.0+dfsg-5 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'OpenCV 4.6.0' 'OpenCV 4.10.0' <<'END'
BRUTE_FORCE classes
  predict: 1.0 1.0 0.0
  findNearest, 3: (3, 1) 1.0 1.0 0.0
  neighbours: [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
  distances: [[0, 10, 40], [0, 10, 10], [0, 10, 10]]
BRUTE_FORCE means
  predict: 1.0 1.0 0.0
  findNearest, 3: (3, 1) 1.0 1.0 0.0
  neighbours: [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
  distances: [[0, 10, 40], [0, 10, 10], [0, 10, 10]]
KDTREE classes
  predict: 17 8 4
  findNearest, 3: (3, 3) 17 14 11 8 11 5 4 7 1
  neighbours: none
  distances: none
KDTREE means
  predict: 17 8 4
  findNearest, 3: (3, 3) 17 14 11 8 11 5 4 7 1
  neighbours: none
  distances: none
labels of rows 17, 8 and 4: 1.0 1.0 0.0
END
