#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as they may lie on your disk, made of the digits that ship: own.md tells what for.

    docs/tutorial/own.py FOLDER

Writes FOLDER/own/DIGIT/NUMBER.png, 1200 of them: dark ink on grey paper, every picture cut out a
little larger or smaller than the one before, and one that was not saved to its end. Needs Python 3,
nothing else.
"""
import gzip
import random
import struct
import sys
import zlib
from pathlib import Path

COUNT, PAPER, INK = 1200, 230, 40


def png(rows):
    def chunk(kind, body):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(
        b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def scan(digit, draw):
    """Twice as large, with more or less paper around it."""
    level = [PAPER - v * (PAPER - INK) // 255 for v in range(256)]
    rows = [bytes(level[v] for v in digit[28 * (y // 2):28 * (y // 2) + 28] for _ in "ab")
            for y in range(56)]
    top, left = draw.randint(0, 8), draw.randint(0, 8)
    rows = rows[top:56 - draw.randint(0, 8)]
    side = bytes([PAPER]) * draw.randint(0, 8)
    return [r[left:] + side for r in rows]


def main():
    source = Path(__file__).resolve().parents[2] / "data/train.csv.gz"
    draw = random.Random(1)
    with gzip.open(source, "rt") as f:
        next(f)
        for i, line in zip(range(COUNT), f):
            label, *digit = map(int, line.split(","))
            folder = Path(sys.argv[1]) / "own" / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            data = png(scan(digit, draw))
            (folder / f"{i:04d}.png").write_bytes(data if i != 700 else data[:100])


main()
