# SPDX-License-Identifier: GPL-3.0-or-later
"""What `embed` gives, computed anew from the weights in a bundle.

  embed_check.py hidden BUNDLE FEATURES.csv PIXELS.csv
      FEATURES are tanh(pixels / 255 * W + b) of the bundle's first layer, a dense one
  embed_check.py scores BUNDLE FEATURES.csv PREDICTIONS.csv
      the bundle's last layer makes its run's scores of FEATURES
  embed_check.py rows BUNDLE ROWS
      the net inside BUNDLE learned from so many rows

Plain Python: a bundle's field is a length byte, the key, then the value; an array has
its number of elements in front, and each tensor of a net is padded to PAD floats (src/net/net.c).
"""
import csv
import math
import struct
import sys

PAD = 32


def array(data, key, size, at=0):
    mark = bytes([len(key)]) + key.encode()
    at = data.index(mark, at) + len(mark)
    n, = struct.unpack_from("<Q", data, at)
    return n, at + 8


def weights(bundle):
    data = open(bundle, "rb").read()
    n, at = array(data, "values", 4)
    return struct.unpack_from("<%df" % n, data, at)


def table(path):
    with open(path) as f:
        return [row for row in csv.reader(f)][1:]


def padded(n):
    return (n + PAD - 1) // PAD * PAD


def dense(x, w, n_out):
    b = w[padded(len(x) * n_out):]
    return [b[j] + math.fsum(v * w[i * n_out + j] for i, v in enumerate(x) if v)
            for j in range(n_out)]


def agree(found, expected, what):
    for i, (f, e) in enumerate(zip(found, expected)):
        for j, (a, b) in enumerate(zip(f, e)):
            if abs(a - b) > 2e-5 * max(1, abs(b)):
                sys.exit("%s: row %d, value %d: found %.9g, expected %.9g" % (what, i, j, a, b))
    if len(found) != len(expected) or not found or len(found[0]) != len(expected[0]):
        sys.exit("%s: %d rows against %d" % (what, len(found), len(expected)))


def features(path):
    return [[float(v) for v in row[1:]] for row in table(path)]


def main(what, bundle, *files):
    if what == "rows":
        data = open(bundle, "rb").read()
        at = data.index(b"\x06bundle")
        _, at = array(data, "rows", 8, at)
        rows, = struct.unpack_from("<Q", data, at - 8)
        if rows != int(files[0]):
            sys.exit("the net learned from %d rows, expected %s" % (rows, files[0]))
        return
    w, x = weights(bundle), features(files[0])
    if what == "hidden":
        pixels = [[int(v) / 255 for v in row[1:]] for row in table(files[1])]
        expected = [[math.tanh(v) for v in dense(p, w, len(x[0]))] for p in pixels]
        agree(x, expected, "hidden")
    else:
        scores = [[float(v) for v in row[3:]] for row in table(files[1])]
        k = len(scores[0])
        last = w[len(w) - padded(len(x[0]) * k) - padded(k):]
        agree([dense(row, last, k) for row in x], scores, "scores")


main(*sys.argv[1:])
