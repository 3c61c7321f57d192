#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make_sample.py MNIST_FOLDER - draws the sample that ships from the full MNIST.

MNIST_FOLDER holds the four IDX files, gzipped, under their usual names
(`mnistpipe fetch mnist` puts them into the cache).  Writes train.csv.gz (6000
rows of the training part) and test.csv.gz (1000 rows of the test part) beside
this script, in Kaggle's form.  Every class keeps its share of rows (largest
remainder); which rows are drawn, and their order, depend on SEED alone.
Python's standard library is all it needs.  The same input gives the same rows;
the bytes of the .gz depend on the zlib that wrote them.
"""
import gzip
import random
import struct
import sys
from pathlib import Path

SEED = 20260101
SIDE = 28


def idx(path, magic):
    raw = gzip.open(path).read()
    head, count = struct.unpack(">ii", raw[:8])
    if head != magic:
        sys.exit(f"{path}: magic {head}, expected {magic}")
    return raw, count


def draw(labels, wanted, rng):
    """Row numbers, `wanted` in all, every class by its share."""
    rows = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    exact = {k: wanted * len(v) / len(labels) for k, v in rows.items()}
    take = {k: int(x) for k, x in exact.items()}
    for k in sorted(exact, key=lambda k: (take[k] - exact[k], k))[: wanted - sum(take.values())]:
        take[k] += 1
    chosen = [r for k in sorted(rows) for r in rng.sample(rows[k], take[k])]
    rng.shuffle(chosen)
    return chosen


def write(folder, part, wanted, target, rng):
    images, count = idx(folder / f"{part}-images-idx3-ubyte.gz", 2051)
    labels = idx(folder / f"{part}-labels-idx1-ubyte.gz", 2049)[0][8:]
    size = SIDE * SIDE
    lines = ["label," + ",".join(f"pixel{i}" for i in range(size))]
    for row in draw(labels, wanted, rng):
        at = 16 + row * size
        lines.append(f"{labels[row]}," + ",".join(map(str, images[at : at + size])))
    text = "\n".join(lines) + "\n"
    with open(target, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(text.encode())
    print(f"{target}: {wanted} of {count} rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rng = random.Random(SEED)
    here = Path(__file__).resolve().parent
    write(Path(sys.argv[1]), "train", 6000, here / "train.csv.gz", rng)
    write(Path(sys.argv[1]), "t10k", 1000, here / "test.csv.gz", rng)
