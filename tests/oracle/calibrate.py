#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""calibrate.py - frozen numbers for `calibrate`: writes calibrate.h, which
tests/unit/calibrate.c includes.

The scores are those of scikit-learn's linear SVM on pixels of the sample, learned from
other rows, rounded to two digits.  The temperature is that at which SciPy's minimiser
finds the least negative log likelihood of the very same rows; Platt's a and b are what
it finds on Platt's targets, and have to agree with scikit-learn's own _SigmoidCalibration
within the tolerance of that.  Probabilities of one class against the rest become shares
of their sum, as in CalibratedClassifierCV."""
import textwrap
from pathlib import Path

import numpy as np
import scipy
import sklearn
from common import sample
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.calibration import _SigmoidCalibration
from sklearn.svm import LinearSVC

ROWS, APPLIED = 60, 4


def scores():
    """Scores of 60 rows that the model has not seen, and their classes."""
    y, x = sample(0, 400 + ROWS)
    x = x.reshape(len(x), -1) / 255
    model = LinearSVC(C=0.01, loss="squared_hinge", tol=1e-8, max_iter=100000).fit(x[:400], y[:400])
    return np.float32(np.round(model.decision_function(x[400:]), 2)), y[400:].astype(int)


def temperature(s, targets):
    """The T whose softmax(s / T) has the least cross entropy to the targets."""
    def loss(log_t):
        return -np.sum(targets * log_softmax(s / np.exp(log_t), axis=1))
    found = minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-12})
    return np.exp(found.x)


def platt(f, own):
    t = np.where(own, (own.sum() + 1) / (own.sum() + 2), 1 / ((~own).sum() + 2))

    def loss(v):
        z = v[0] * f + v[1]
        p = expit(-z)
        gradient = np.array([np.sum(f * (t - p)), np.sum(t - p)])
        return np.sum(t * np.logaddexp(0, z) + (1 - t) * np.logaddexp(0, -z)), gradient

    def hessian(v):
        p = expit(-(v[0] * f + v[1]))
        w = p * (1 - p)
        return np.array([[np.sum(f * f * w), np.sum(f * w)], [np.sum(f * w), np.sum(w)]])
    start = np.array([0, np.log(((~own).sum() + 1) / (own.sum() + 1))])
    a, b = minimize(loss, start, jac=True, hess=hessian, method="trust-exact",
                    options={"gtol": 1e-11}).x
    peer = _SigmoidCalibration().fit(f, own)
    assert np.allclose([a, b], [peer.a_, peer.b_], rtol=2e-3, atol=2e-3), (a, b, peer.a_, peer.b_)
    return a, b


def shares(s, values):
    p = np.stack([expit(-(a * f + b)) for f, (a, b) in zip(s.T, values)], 1)
    return p / p.sum(1, keepdims=True)


def numbers(values, form):
    text = ", ".join(form.format(v) for v in np.ravel(values))
    return textwrap.fill(text, 100, initial_indent=" " * 4, subsequent_indent=" " * 4)


s, y = scores()
exact = s.astype(float)
k = s.shape[1]
one = np.eye(k)[y]
t = temperature(exact, one)
right = exact.argmax(1) == y
n = right.sum()
smooth = np.where(one[right] == 1, (n + 1) / (n + 2), 1 / (n + 2) / (k - 1))
t_right = temperature(exact[right], smooth)
values = np.array([platt(exact[:, j], y == j) for j in range(k)])
with open(Path(__file__).with_suffix(".h"), "w") as f:
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */", file=f)
    print(f"/* Made by calibrate.py with scipy {scipy.__version__}, scikit-learn "
          f"{sklearn.__version__}; do not edit. */", file=f)
    print(f"enum {{ ORACLE_ROWS = {ROWS}, ORACLE_CLASSES = {k}, ORACLE_APPLIED = {APPLIED} }};\n"
          f"static const int oracle_classes[] = {{\n{numbers(y, '{}')}\n}};\n"
          f"static const float oracle_scores[] = {{\n{numbers(s, '{:#.9g}f')}"
          "\n};\n"
          f"/* of all rows; of the {n} rows that are right, on Platt's targets */\n"
          f"static const double oracle_temperature = {t:.12g}, oracle_right = {t_right:.12g};\n"
          f"static const double oracle_softmax[] = {{\n"
          f"{numbers(softmax(exact[:APPLIED] / t, axis=1), '{:.9g}')}\n}};\n"
          f"static const double oracle_platt[] = {{ /* a and b of each class */\n"
          f"{numbers(values, '{:.12g}')}\n}};\n"
          f"static const double oracle_shares[] = {{\n"
          f"{numbers(shares(exact[:APPLIED], values), '{:.9g}')}\n}};", file=f)
