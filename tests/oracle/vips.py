#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""vips.py - frozen numbers for vips: what the command `vips` of libvips-tools makes of a PNG, or
of floats 0..255, divided by 255.

The program lets libvips have no vectors of the processor, by which weights are rounded more
coarsely.  Of bytes, `rank` is wrong in larger windows: findings/vips-rank.sh.

VIPS="..." may name another command, to see where another version differs."""
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from common import frozen, group, levels

os.environ["VIPS_NOVECTOR"] = "1"
COMMAND = shlex.split(os.environ.get("VIPS", "vips"))
SAME = 1e-7  # but for the digits that are printed


def run(*words, command=COMMAND):
    return subprocess.run([*command, *map(str, words)], check=True, capture_output=True,
                          text=True).stdout


def shape_of(path):
    """By `vipsheader`, which lies beside `vips`."""
    return [int(run("-f", field, path, command=[*COMMAND[:-1], COMMAND[-1] + "header"]))
            for field in ("height", "width", "bands")]


class Vips:
    """For the first line of the file."""
    __name__ = "libvips"
    __version__ = run("--version").split("-")[1].strip()


def made(image, operation, required, options, floats):
    """Height x width x bands of what the operation gives, in pixels."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        Image.fromarray(image).save(at / "in.png")
        if floats:
            run("cast", at / "in.png", at / "in.v", "float")
        run(operation, at / ("in.v" if floats else "in.png"), at / "out.v",
            *[str(v).replace(",", " ") for v in required],
            *[f"--{k.replace('_', '-')}={str(v).replace(',', ' ')}" for k, v in options.items()])
        run("cast", at / "out.v", at / "double.v", "double")
        run("rawsave", at / "double.v", at / "out.raw")
        return np.fromfile(at / "out.raw").reshape(shape_of(at / "out.v")) / 255


def case(f, operation, first, near, count=2, floats=False, required=(), **options):
    """`required` are pairs of name and value in the order of the command's usage."""
    line = f"vips op={operation}" + (" pixels=floats" if floats else "")
    line += "".join(f" {k}={v}" for k, v in [*required, *options.items()])
    images = [made(i, operation, [v for _, v in required], options, floats)
              for i in levels(first, count)]
    h, w, c = images[0].shape
    group(f, f"case   {line}\nrows   {first} {count}\nnear   {near:.3g}\nshape  {h} {w} {c}",
          images)


if __name__ == "__main__":
    with frozen("vips.txt", Vips, np) as f:
        case(f, "gaussblur", 0, SAME, required=[("sigma", 0.8)])
        case(f, "gaussblur", 2, 1e-5, floats=True, required=[("sigma", 0.8)])
        case(f, "gaussblur", 4, SAME, required=[("sigma", 1.5)], min_ampl=0.05)
        case(f, "rank", 6, SAME, required=[("width", 3), ("height", 3), ("index", 4)])
        case(f, "rank", 8, SAME, floats=True, required=[("width", 5), ("height", 5), ("index", 12)])
        case(f, "canny", 10, 1e-4, floats=True, sigma=1.2)
        case(f, "flip", 12, SAME, required=[("direction", "horizontal")])
        case(f, "rot", 14, SAME, required=[("angle", "d90")])
        case(f, "invert", 16, SAME)
        case(f, "invert", 17, SAME, floats=True)
        case(f, "linear", 18, 1e-6, required=[("a", 0.5), ("b", 30.5)])
        case(f, "math2_const", 20, 1e-5, required=[("math2", "pow"), ("c", 0.5)])
        case(f, "boolean_const", 22, SAME, required=[("boolean", "and"), ("c", 240)])
        case(f, "relational_const", 24, SAME, required=[("relational", "moreeq"), ("c", 128)])
        case(f, "embed", 26, SAME, 1, required=[("x", 3), ("y", 5), ("width", 36), ("height", 34)],
             extend="mirror")
        case(f, "extract_area", 28, SAME, required=[("left", 4), ("top", 6), ("width", 11),
                                                 ("height", 9)])
        case(f, "affine", 30, SAME, 1, required=[("matrix", "0.9,0.2,-0.1,1.1")],
             interpolate="bicubic", oarea="0,0,28,28")
        case(f, "labelregions", 32, SAME, 1)
        case(f, "hist_find", 34, 1e-6)
        case(f, "falsecolour", 36, SAME, 1)
