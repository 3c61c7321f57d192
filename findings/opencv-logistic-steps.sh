#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenCV 4.6.0 (Debian 12) and 4.10.0 (Debian 13): cv2.ml.LogisticRegression learns by gradient
# descent with a learning rate and a number of iterations.
# Expected: a step goes by the learning rate times the mean of the rows' gradients, so that 100
# steps on all rows end where those of the formula do, and the same rows ten times over change
# nothing.
# What happens: the sum of gradients is divided by the number of rows twice.  The more rows, the
# shorter the steps: 40 rows move the weights by 1/40 of what was asked, and the same rows ten times
# over by 1/400.  On the 60000 rows of MNIST nothing is learned.  Nor do mini-batches do as they do
# elsewhere: the larger they are, the less is learned.  No call complains.
. "$(dirname "$0")/unpack.bash"

cat >"$here/steps.py" <<'END'
import cv2
import numpy
print("OpenCV", cv2.__version__)
one_way = numpy.array([[i % 8 / 8, i / 40] for i in range(40)], dtype=numpy.float32)
labels = numpy.array([i % 8 >= 4 for i in range(40)], dtype=numpy.float32)


def opencv(rows, classes, steps, batch):
    model = cv2.ml.LogisticRegression_create()
    model.setLearningRate(0.5)
    model.setIterations(steps)
    model.setRegularization(cv2.ml.LogisticRegression_REG_DISABLE)
    model.setTrainMethod(cv2.ml.LogisticRegression_MINI_BATCH if batch
                         else cv2.ml.LogisticRegression_BATCH)
    if batch:
        model.setMiniBatchSize(batch)
    model.train(rows, cv2.ml.ROW_SAMPLE, classes)
    return model.get_learnt_thetas()[0]


def formula(rows, classes, steps, factor=1):
    with_one = numpy.hstack([numpy.ones((len(rows), 1)), rows])
    weights = numpy.zeros(3)
    for _ in range(steps):
        chances = 1 / (1 + numpy.exp(-with_one @ weights))
        weights -= 0.5 * factor * (with_one.T @ (chances - classes)) / len(rows)
    return weights


def show(name, weights):
    print("%-34s %8.4f %8.4f %8.4f" % ((name,) + tuple(weights)))


for times in (1, 10):
    rows, classes = numpy.tile(one_way, (times, 1)), numpy.tile(labels, times)
    name = "%d rows, " % len(rows)
    show(name + "formula", formula(rows, classes, 100))
    show(name + "OpenCV", opencv(rows, classes, 100, 0))
    show(name + "formula, 1/%d of it" % len(rows), formula(rows, classes, 100, 1 / len(rows)))
for batch in (1, 5, 20):
    show("40 rows, OpenCV, batches of %d" % batch, opencv(one_way, labels, 100, batch))
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" "$here/steps.py"
}

unpack bookworm python3-opencv=4.6.0+dfsg-12 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-opencv=4.10.0+dfsg-5 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'OpenCV 4.6.0' 'OpenCV 4.10.0' <<'END'
40 rows, formula                    -1.5128   3.6447   0.0664
40 rows, OpenCV                     -0.0111   0.1494   0.0251
40 rows, formula, 1/40 of it        -0.0111   0.1494   0.0251
400 rows, formula                   -1.5128   3.6447   0.0664
400 rows, OpenCV                    -0.0001   0.0155   0.0031
400 rows, formula, 1/400 of it      -0.0001   0.0155   0.0031
40 rows, OpenCV, batches of 1       -5.2917  12.3681   0.1753
40 rows, OpenCV, batches of 5       -2.4064   5.6451   0.0728
40 rows, OpenCV, batches of 20      -0.8425   2.1680   0.0692
END
