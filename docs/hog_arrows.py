#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hog_arrows.py MNISTPIPE ROW OUT.svg - what the hog step of the tutorial makes of one training
row: the digit in its cells, the counts of one cell as arrows, and those of all cells."""
import csv
import math
import subprocess
import sys
import tempfile
from pathlib import Path

CELLS, PX, BINS, BLOCK = 7, 4, 8, 2  # hog's defaults on 28 x 28
PLACES = CELLS - BLOCK + 1
TOP, SIDE, GAP = 58, 280, 40
INK, SOFT, MARK = "#1c1c1e", "#5a5a60", "#0b6bcb"
HERE = Path(__file__).resolve().parent


def exported(program, row, *options):
    """The values of a row behind the step, as the model would see them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "export", str(HERE / "tutorial/04_hog.txt"), "-o", folder,
                        "--format", "csv", "--quiet", *options], check=True,
                       stdout=subprocess.DEVNULL)
        with open(folder + "/train.csv", newline="") as f:
            line = list(csv.reader(f))[row]
    return [float(v) for v in line[1:]]


def cells_of(values):
    """[y][x][direction]: what a cell has, on average over the blocks that note it."""
    found = [[[[] for _ in range(BINS)] for _ in range(CELLS)] for _ in range(CELLS)]
    at = iter(values)
    for by in range(PLACES):
        for bx in range(PLACES):
            for y in range(BLOCK):
                for x in range(BLOCK):
                    for b in range(BINS):
                        found[by + y][bx + x][b].append(next(at))
    assert next(at, None) is None
    return [[[sum(v) / len(v) for v in cell] for cell in line] for line in found]


def arrow(x, y, angle, length, width, colour):
    """From a point; nothing where it is too short to be seen."""
    if length < 2 * width:
        return ""
    dx, dy, head = math.cos(angle), math.sin(angle), min(3.2 * width, length)
    ex, ey = x + length * dx, y + length * dy
    bx, by = ex - head * dx, ey - head * dy
    wing = head * 0.55
    return (f'<path d="M{x:.1f} {y:.1f}L{bx:.1f} {by:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/><path d="M{ex:.1f} {ey:.1f}L{bx - wing * dy:.1f} '
            f'{by + wing * dx:.1f}L{bx + wing * dy:.1f} {by - wing * dx:.1f}Z" fill="{colour}"/>')


def star(x, y, cell, reach, width, colour=INK):
    return "".join(arrow(x, y, (b + 0.5) * 2 * math.pi / BINS, reach * v, width, colour)
                   for b, v in enumerate(cell))


def pixels(image, left, side, ys, xs):
    step = side / len(xs)
    size = f'width="{step + 0.3:.2f}" height="{step + 0.3:.2f}"' # without a gap
    return "".join(f'<rect x="{left + i * step:.2f}" y="{TOP + j * step:.2f}" {size} '
                   f'fill="rgb({s},{s},{s})"/>'
                   for j, y in enumerate(ys) for i, x in enumerate(xs)
                   for s in [round(255 * (1 - image[y * CELLS * PX + x]))] if s < 255)


def lattice(left, n, colour="#c4c4ca"):
    d = "".join(f"M{left + i * SIDE / n:.1f} {TOP}v{SIDE}M{left} {TOP + i * SIDE / n:.1f}h{SIDE}"
                for i in range(n + 1))
    return f'<path d="{d}" stroke="{colour}" fill="none"/>'


def frame(left, y, x, n, colour):
    step = SIDE / CELLS
    return (f'<rect x="{left + x * step:.1f}" y="{TOP + y * step:.1f}" width="{n * step:.1f}" '
            f'height="{n * step:.1f}" fill="none" stroke="{colour}" stroke-width="3"/>')


def title(left, head, below):
    return (f'<text x="{left}" y="24" font-size="17" font-weight="bold" fill="{INK}">{head}</text>'
            f'<text x="{left}" y="45" font-size="14" fill="{SOFT}">{below}</text>')


def clearest(cells, image):
    """The cell that has half of its ink, and one direction above all others."""
    def worth(y, x):
        ink = sum(image[j * CELLS * PX + i] for j in range(y * PX, y * PX + PX)
                  for i in range(x * PX, x * PX + PX)) / PX ** 2
        few = sorted(cells[y][x])
        return ink * (1 - ink) * (few[-1] - few[-3])
    return max(((y, x) for y in range(CELLS) for x in range(CELLS)), key=lambda at: worth(*at))


def main():
    program, row, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    cells = cells_of(exported(program, row))
    image = exported(program, row, "--drop", "hog")
    most = max(v for line in cells for cell in line for v in cell)
    cy, cx = clearest(cells, image)
    a, b, c = 0, SIDE + GAP, 2 * (SIDE + GAP)
    ys, xs = range(cy * PX, (cy + 1) * PX), range(cx * PX, (cx + 1) * PX)
    middle = SIDE / 2
    parts = [title(a, "7 x 7 cells", "28 x 28 pixels; 4 x 4 are a cell"),
             pixels(image, a, SIDE, range(28), range(28)), lattice(a, CELLS),
             frame(a, cy, cx, 1, MARK),
             title(b, "8 counts a cell", "how much darker it becomes, which way"),
             f'<g opacity="0.28">{pixels(image, b, SIDE, ys, xs)}</g>', lattice(b, 1, MARK),
             star(b + middle, TOP + middle, [v / most for v in cells[cy][cx]], 0.86 * middle, 5),
             title(c, "6 x 6 places of a block", "each notes 2 x 2 cells x 8: 1152 values"),
             lattice(c, CELLS)]
    for k, v in enumerate(cells[cy][cx]):
        angle = (k + 0.5) * 2 * math.pi / BINS
        if v < 0.1:
            continue
        r = 0.86 * middle * v / most + 17
        parts.append(f'<text x="{b + middle + r * math.cos(angle):.1f}" '
                     f'y="{TOP + middle + r * math.sin(angle) + 4:.1f}" font-size="13" '
                     f'text-anchor="middle" fill="{MARK}">{v:.2f}</text>')
    step = SIDE / CELLS
    parts += [star(c + (x + 0.5) * step, TOP + (y + 0.5) * step, [v / most for v in cells[y][x]],
                   0.62 * step, 1.1) for y in range(CELLS) for x in range(CELLS)]
    parts.append(frame(c, min(cy, PLACES - 1), min(cx, PLACES - 1), BLOCK, "#c2410c"))
    width, height = c + SIDE + 4, TOP + SIDE + 4
    with open(out, "w", encoding="utf-8") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 0 {width} {height}" '
                f'width="{width}" height="{height}" font-family="sans-serif">\n'
                f'<title>A digit in 7 x 7 cells; the eight counts of one cell as arrows; those of '
                f'all cells, and a block of 2 x 2 of them</title>\n'
                f'<rect x="-2" width="{width}" height="{height}" fill="#fff"/>\n'
                + "\n".join(parts) + "\n</svg>\n")


main()
