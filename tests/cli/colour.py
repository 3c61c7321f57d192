#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""colour.py NAME ROWS SEED - NAME-images-idx4-ubyte and its labels: shapes of 32 x 32 x 3.

A disc, a square or a cross, red on green (classes 0, 1, 2) or green on red (3, 4, 5), of the
same luma but for noise: only colour tells them.  A light disc or square on dark grey (6, 7)."""
import random
import struct
import sys

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


def image(draw, shape, ink, paper):
    cy, cx, r = draw.uniform(12, 20), draw.uniform(12, 20), draw.uniform(7, 11)
    noise = iter(draw.randbytes(3 * SIDE * SIDE))
    return bytes(value + next(noise) % 40 for y in range(SIDE) for x in range(SIDE)
                 for value in (ink if inside(shape, y - cy, x - cx, r) else paper))


name, rows, draw = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
labels = bytes(i % len(CLASSES) for i in range(rows))
with open(name + "-images-idx4-ubyte", "wb") as f:
    f.write(struct.pack(">HBB4I", 0, 8, 4, rows, SIDE, SIDE, 3))
    f.write(b"".join(image(draw, *CLASSES[k]) for k in labels))
with open(name + "-labels-idx1-ubyte", "wb") as f:
    f.write(struct.pack(">HBBI", 0, 8, 1, rows) + labels)
