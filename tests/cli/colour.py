#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""colour.py NAME ROWS SEED - NAME-images-idx4-ubyte and its labels: shapes of 32 x 32 x 3; or,
with NAME/, a folder for each class of PPM of several sizes.

A disc, a square or a cross, red on green (classes 0, 1, 2) or green on red (3, 4, 5), of the
same luma but for noise: only colour tells them.  A light disc or square on dark grey (6, 7)."""
import random
import struct
import sys
from pathlib import Path

SIDE = 32
RED, GREEN, DARK, LIGHT = (170, 40, 40), (40, 106, 40), (60, 60, 60), (150, 150, 150)
CLASSES = [(shape, ink, paper) for ink, paper in ((RED, GREEN), (GREEN, RED))
           for shape in ("disc", "square", "cross")] + [("disc", LIGHT, DARK),
                                                        ("square", LIGHT, DARK)]


def inside(shape, dy, dx, r):
    if shape == "disc":
        return dy * dy + dx * dx <= r * r
    if shape == "square":
        return max(abs(dy), abs(dx)) <= 0.85 * r
    return min(abs(dy), abs(dx)) <= r / 3 and max(abs(dy), abs(dx)) <= r


def image(draw, side, shape, ink, paper):
    cy, cx, r = (side / 32 * draw.uniform(*span) for span in ((12, 20), (12, 20), (7, 11)))
    noise = iter(draw.randbytes(3 * side * side))
    return bytes(value + next(noise) % 40 for y in range(side) for x in range(side)
                 for value in (ink if inside(shape, y - cy, x - cx, r) else paper))


def write_idx(name, labels, draw):
    with open(name + "-images-idx4-ubyte", "wb") as f:
        f.write(struct.pack(">HBB4I", 0, 8, 4, len(labels), SIDE, SIDE, 3))
        f.write(b"".join(image(draw, SIDE, *CLASSES[k]) for k in labels))
    with open(name + "-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">HBBI", 0, 8, 1, len(labels)) + labels)


def write_pictures(folder, labels, draw):
    for i, k in enumerate(labels):
        side, to = draw.randint(28, 44), Path(folder, f"{CLASSES[k][0]} {k}", f"{i}.ppm")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(b"P6 %d %d 255\n" % (side, side) + image(draw, side, *CLASSES[k]))


name, rows, draw = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
labels = bytes(i % len(CLASSES) for i in range(rows))
(write_pictures if name.endswith("/") else write_idx)(name, labels, draw)
