# SPDX-License-Identifier: GPL-3.0-or-later
"""common.py - what the generators of frozen numbers share: the sample's digits, and
the groups of an oracle file, whose form tests/stagetest.c tells.

A generator NAME.py needs Python 3 and the libraries that it imports; run anywhere,
it writes NAME.txt beside itself.  The numbers are those of the library, the peer,
in double precision where it has that."""
import gzip
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SIDE = 28

# What `crop margin=8` leaves: ink at the border, so that the border's rule matters.
MIDDLE = slice(None), slice(8, 20), slice(8, 20)
# border= as scipy.ndimage and scikit-image name it.
MODES = {"zero": "constant", "nearest": "nearest", "reflect": "reflect", "mirror": "mirror"}


def sample(first, count):
    """Labels, and images in levels 0..255, of `count` rows of the sample from `first` on."""
    with gzip.open(HERE / "../../data/train.csv.gz", "rt") as f:
        rows = np.loadtxt(f, np.uint8, delimiter=",", skiprows=1 + first, max_rows=count, ndmin=2)
    return rows[:, 0], rows[:, 1:].reshape(-1, SIDE, SIDE)


def levels(first, count):
    return sample(first, count)[1]


def digits(first, count):
    """Images in pixels 0..1, float as mnistpipe has them."""
    return levels(first, count) / np.float32(255)


def vectors(count):
    """The first `count` digits as rows of a matrix, the same pixels in double."""
    return digits(0, count).reshape(count, -1).astype(float)


def frozen(name, *libraries):
    """Opens the oracle file `name`; its first line says what made it."""
    f = open(HERE / name, "w")
    versions = ", ".join(f"{library.__name__} {library.__version__}" for library in libraries)
    print(f"# Made by {Path(sys.argv[0]).name} with {versions}", file=f)
    return f


def group(f, head, outputs):
    """Writes a group: `head`, its lines from `case` to `shape`, and an output a line."""
    print(f"\n{head}", file=f)
    for output in outputs:
        print(" ".join(f"{v:.7g}" for v in output.ravel()), file=f)


def case(f, line, first, near, images):
    """Writes the group of a filter: what `line` makes of the sample's rows from `first` on."""
    h, w = images[0].shape
    group(f, f"case   {line}\nrows   {first} {len(images)}\nnear   {near}\nshape  {h} {w} 1",
          images)
