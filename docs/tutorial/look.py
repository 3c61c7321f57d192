#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""look.py MNISTPIPE WHAT OUT.png [ROWS] - what three models of the tutorial have learned.

neighbours  test rows (lines of the CSV file, as `mnistpipe show` takes them), beside each those
            training rows that are nearest: framed in blue if they are of its class, else in orange
tree        the first questions of one tree: the mean of the rows that come to each, the pixel asked
            for in orange; rows that have ink there go down to the right
bells       of each class the mean, above and below it two deviations along the direction in which
            the class varies most
"""
import csv
import math
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
import make  # beside this script: write_png()

HERE = Path(__file__).resolve().parent
SIDE, ZOOM, GAP = 28, 2, 8
BLUE, ORANGE, PAPER = (11, 107, 203), (224, 110, 20), 0xd0
NEAR = 5        # neighbours shown
LEVELS = 4      # of the tree
TURNS = 30      # of the power method


def exported(program, step, part):
    """Labels and values of the rows, as the step's model gets them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "export", str(HERE / step), "-o", folder, "--format", "csv",
                        "--quiet"], check=True, stdout=subprocess.DEVNULL)
        with open(f"{folder}/{part}.csv", newline="") as f:
            rows = list(csv.reader(f))[1:]
    return [r[0] for r in rows], [[float(v) for v in r[1:]] for r in rows]


class Sheet:
    """Tiles of SIDE x SIDE values 0..1, ink dark, each in a frame."""
    def __init__(self, across, down):
        self.step = SIDE * ZOOM + GAP
        self.w, self.h = round(across * self.step) + GAP, round(down * self.step) + GAP
        self.rows = [bytearray([PAPER]) * (3 * self.w) for _ in range(self.h)]

    def fill(self, x, y, w, h, colour):
        for line in self.rows[y:y + h]:
            line[3 * x:3 * (x + w)] = bytes(colour) * w

    def tile(self, column, row, values, frame=None, mark=None):
        """column may lie between two; mark: a pixel that is asked for."""
        x, y = GAP + round(column * self.step), GAP + round(row * self.step)
        if frame:
            self.fill(x - 3, y - 3, SIDE * ZOOM + 6, SIDE * ZOOM + 6, frame)
        for i, v in enumerate(values):
            grey = 255 - round(255 * min(max(v, 0), 1))
            self.fill(x + i % SIDE * ZOOM, y + i // SIDE * ZOOM, ZOOM, ZOOM,
                      (grey, grey, grey))
        if mark is not None:
            self.fill(x + mark % SIDE * ZOOM - 2, y + mark // SIDE * ZOOM - 2, ZOOM + 4, ZOOM + 4,
                      ORANGE)

    def line(self, x0, y0, x1, y1):
        n = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(n + 1):
            self.fill(x0 + (x1 - x0) * i // n, y0 + (y1 - y0) * i // n, 2, 2, (0x60,) * 3)

    def png(self):
        return make.write_png(self.w, self.h, self.rows)


def nearest(x, size, q):
    """Numbers of the rows nearest to q: |x|^2 - 2 x.q, of which only q's ink counts."""
    ink = [(i, 2 * v) for i, v in enumerate(q) if v]
    far = [(s - sum(r[i] * v for i, v in ink), n) for n, (r, s) in enumerate(zip(x, size))]
    return [n for _, n in sorted(far)[:NEAR]]


def neighbours(program, rows):
    y, x = exported(program, "14_neighbours.txt", "train")
    truth, test = exported(program, "14_neighbours.txt", "test")
    size = [sum(v * v for v in r) for r in x]
    asked = [int(n) - 2 for n in rows.split(",")]
    sheet = Sheet(NEAR + 1.5, len(asked))
    for at, n in enumerate(asked):
        sheet.tile(0, at, test[n])
        for k, i in enumerate(nearest(x, size, test[n])):
            sheet.tile(1.5 + k, at, x[i], BLUE if y[i] == truth[n] else ORANGE)
    return sheet.png()


def of_bundle(data, key, kind, size):
    """The array of a key, the last there is: docs/bundle.md."""
    at = data.rindex(bytes([len(key)]) + key.encode()) + 1 + len(key)
    n = struct.unpack_from("<Q", data, at)[0]
    return struct.unpack_from("<%d%s" % (n // size, kind), data, at + 8)


def tree(program):
    _, x = exported(program, "15_tree.txt", "train")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "run", str(HERE / "15_tree.txt"), "-o", folder + "/run", "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
        data = Path(folder, "run/bundle.mnp").read_bytes()
    edge, value, below = (of_bundle(data, *q) for q in (("edge", "f", 1), ("value", "I", 4),
                                                        ("below", "I", 4)))
    sheet = Sheet(2 ** (LEVELS - 1), 1.5 * LEVELS - 0.5)
    centre = lambda column, level: (GAP + round((column + 0.5) * sheet.step) - GAP // 2,
                                    GAP + round(1.5 * level * sheet.step))

    def draw(node, rows, level, left, wide):
        column = left + (wide - 1) / 2
        mean = [sum(v) / len(rows) for v in zip(*rows)]
        last = below[node] == node or level == LEVELS - 1
        sheet.tile(column, 1.5 * level, mean, mark=None if last else value[node])
        if last:
            return
        asked = value[node], edge[node]
        for side in 0, 1:
            x0, y0 = centre(column, level)
            x1, y1 = centre(left + side * wide / 2 + (wide / 2 - 1) / 2, level + 1)
            sheet.line(x0, y0 + SIDE * ZOOM + 3, x1, y1 - 4)
            draw(below[node] + side, [r for r in rows if (r[asked[0]] > asked[1]) == bool(side)],
                 level + 1, left + side * wide / 2, wide / 2)

    draw(0, x, 0, 0, 2 ** (LEVELS - 1))
    return sheet.png()


def direction(rows):
    """In which rows that have mean 0 vary most: the power method on their covariance."""
    v = [1.0] * len(rows[0])
    for _ in range(TURNS):
        along = [sum(a * b for a, b in zip(r, v)) for r in rows]
        v = [sum(map(float.__mul__, column, along)) for column in zip(*rows)]
        size = math.sqrt(sum(a * a for a in v))
        v = [a / size for a in v]
    return v if max(v, key=abs) > 0 else [-a for a in v]


def bells(program):
    y, values = exported(program, "16_bells.txt", "train")
    _, x = exported(program, "02_deskew.txt", "train")
    sheet = Sheet(10, 3)
    for at, name in enumerate(sorted(set(y))):
        mine = [i for i, label in enumerate(y) if label == name]
        mean = [sum(c) / len(mine) for c in zip(*(values[i] for i in mine))]
        rows = [[a - b for a, b in zip(values[i], mean)] for i in mine]
        v = direction(rows)
        along = [sum(a * b for a, b in zip(r, v)) for r in rows]
        square = sum(a * a for a in along)
        columns = list(zip(*(x[i] for i in mine)))
        middle = [sum(c) / len(mine) for c in columns]
        slope = [sum(map(float.__mul__, c, along)) / square for c in columns]
        far = 2 * math.sqrt(square / len(mine))
        for row, s in enumerate((-far, 0, far)):
            sheet.tile(at, row, [m + s * b for m, b in zip(middle, slope)])
    return sheet.png()


def main():
    program, what, out = sys.argv[1:4]
    png = {"neighbours": neighbours, "tree": tree, "bells": bells}[what](program, *sys.argv[4:])
    Path(out).write_bytes(png)


if __name__ == "__main__":
    main()
