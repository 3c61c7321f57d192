#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microseconds an image of filters that libvips has, too, here and there, on one core: of MNIST's
28 x 28 pixels, and of 256 and 1024 pixels a side.

A filter has a kernel of its own only where this wins by three times on small images.  A run
(bench/vips.c) is the median of five passes in turns.  libvips gets small images many at a time,
in the way that costs it least (tests/sheet.h), and large ones one by one.  Beside it: the mean
absolute difference of the results.  The limit is memory: an image read and written, at the speed
of one core.  Needs python3-numpy.
"""
import sys
sys.dont_write_bytecode = True
import common

SIDES = (28, 256, 1024)
BYTES = ("median", "morphology", "orient")   # the others take and give floats
BORDER = " border=nearest"      # in all of them that ask
LEADS = ("blur sigma=1", "edge")


def values_after(line, side):
    words = dict(w.split("=") for w in line.split()[1:])
    return int(words["width"]) ** 2 if "width" in words else side * side


def main():
    b = common.Bench(__doc__, rows=10000, quick=500)
    program, speed = common.program("bench/vips"), common.peaks()["memory-one"]
    images = common.idx_path(b.data, "t10k-images-idx3-ubyte")
    for side in SIDES:
        found = {}
        for i in range(-1, b.runs):
            out, _ = common.run([program, str(side), images, str(b.rows)])
            for line, own, other, off in (row.split("\t") for row in out.splitlines()):
                sides = found.setdefault(line, {"mnistpipe": [], "libvips": []})
                if i >= 0:
                    sides["mnistpipe"].append({"us": float(own)})
                    sides["libvips"].append({"us": float(other), "mean difference": float(off)})
            common.say(f"vips: {side} x {side}, {'run %d' % (i + 1) if i >= 0 else 'warm-up'}")
        for line, sides in found.items():
            size = 1 if line.startswith(BYTES) else 4
            least = size * (side * side + values_after(line, side)) / (1e3 * speed)
            b.add(f"{line.replace(BORDER, '')}, {side} px", sides, common.Case(
                "us", "us an image", limit=("memory's speed, one core", least),
                leads=side == 28 and line.startswith(LEADS)))
    b.end()


if __name__ == "__main__":
    main()
