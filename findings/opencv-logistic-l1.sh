#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# OpenCV 4.6.0 (Debian 12) and 4.10.0 (Debian 13): cv2.ml.LogisticRegression has setRegularization()
# for a penalty on its weights, REG_L1 or REG_L2, or none, REG_DISABLE, the default being REG_L2.
# Expected: another model from L1 than from L2, with weights of features that say nothing nearer to
# 0.
# What happens: both give the same model, to the last bit.  With either, weights of pixels that say
# nothing are never 0, so features cannot be chosen by them.  No call complains.
. "$(dirname "$0")/unpack.bash"

cat >"$here/penalty.py" <<'END'
import cv2
import numpy
print("OpenCV", cv2.__version__)
rows = numpy.array([[i % 8 / 8, i * 3 % 5 / 5, i * 7 % 11 / 11] for i in range(40)],
                   dtype=numpy.float32)
labels = numpy.array([i % 8 >= 4 for i in range(40)], dtype=numpy.float32)
learned = {}
for name in ("DISABLE", "L1", "L2"):
    model = cv2.ml.LogisticRegression_create()
    model.setLearningRate(0.5)
    model.setIterations(1000)
    model.setTrainMethod(cv2.ml.LogisticRegression_MINI_BATCH)
    model.setMiniBatchSize(1)
    model.setRegularization(getattr(cv2.ml, "LogisticRegression_REG_" + name))
    model.train(rows, cv2.ml.ROW_SAMPLE, labels)
    learned[name] = model.get_learnt_thetas()[0]
    print("%-8s" % name, *("%7.3f" % weight for weight in learned[name]))
print("L1 and L2 are equal:", bool((learned["L1"] == learned["L2"]).all()))
END
look() {
    PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
        inside "$root/usr/bin/$1" "$here/penalty.py"
}

unpack bookworm python3-opencv=4.6.0+dfsg-12 python3-minimal
look python3.11 >"$here/seen"
unpack trixie python3-opencv=4.10.0+dfsg-5 python3-minimal
look python3.13 >>"$here/seen"
as_before_on 'OpenCV 4.6.0' 'OpenCV 4.10.0' <<'END'
DISABLE   -5.908  12.311  -0.661   2.085
L1         0.393   0.279   0.183   0.221
L2         0.393   0.279   0.183   0.221
L1 and L2 are equal: True
END
