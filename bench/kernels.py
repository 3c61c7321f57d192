#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microseconds an image of single stages on one core, beside OpenCV called from C++.

A run of each side (bench/kernels.c, bench/opencv_kernels.cpp) is the median of five passes over
MNIST's test images.  Beside it: the mean absolute difference of the results.  The limit is memory:
the bytes of an image read, its floats or bytes written, at the speed of one core.
--stage picks those whose line contains the words.  Needs python3-numpy, and for the peer g++,
libopencv-dev and pkg-config.
"""
import shlex, shutil, subprocess, sys
sys.dont_write_bytecode = True
import common

HOG = "hog cell=4 block=2 bins=9 signed=no norm=l2hys cells="
PAIRS = (   # our stage; the kernel of OpenCV; values of an image after it, bytes of one; leads
    ("deskew", "deskew", 784, 4, True),
    (HOG + "box", "hog", 1296, 4, False),
    (HOG + "soft window=4", "hog", 1296, 4, False),
    (HOG + "soft", "hog", 1296, 4, True),
    ("blur sigma=1 border=zero", "blur", 784, 4, True),
    ("blur sigma=1 border=zero", "blur-bytes", 784, 4, False),
    ("edge op=sobel border=mirror", "edge", 784, 4, False),
    ("median radius=1 border=nearest", "median-3", 784, 1, True),
    ("median radius=2 border=nearest", "median-5", 784, 1, False),
    ("morphology op=close radius=1", "close-square-1", 784, 1, True),
    ("morphology op=dilate shape=disc radius=3", "dilate-disc-3", 784, 1, False),
    ("threshold method=otsu", "otsu", 784, 1, False),
    ("resize width=56 height=56 kernel=linear", "enlarge", 3136, 4, False),
    ("distance", "distance", 784, 4, False),
    ("skeleton", "skeleton", 784, 4, False),
    ("canny", "canny", 784, 1, False),
    ("clahe", "clahe", 784, 1, False),
    ("bilateral", "bilateral", 784, 4, False),
    ("nlmeans", "nlmeans", 784, 4, False),
)


def build_peer(b):
    """The program of OpenCV's side, or None."""
    words = ["pkg-config", "--cflags", "--libs-only-L", "opencv4"]
    found = (subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
             if shutil.which("pkg-config") and shutil.which("g++") else None)
    if found is None or found.returncode != 0:
        b.missing("OpenCV for C++", "g++ pkg-config libopencv-dev")
        return None
    out = f"{b.folder.name}/opencv_kernels"
    subprocess.run(["g++", "-std=c++14", "-O3", "-o", out,
                    f"{common.SOURCE}/bench/opencv_kernels.cpp", *shlex.split(found.stdout),
                    "-lopencv_objdetect", "-lopencv_photo", "-lopencv_ximgproc", "-lopencv_imgproc",
                    "-lopencv_core", "-lz"], check=True)
    return out


def passes(command, env):
    return {"us": common.median([float(v) for v in common.run(command, env)[0].split()])}


def difference(b, program, peer, images, stage, kernel):
    rows, out = str(min(1000, b.rows)), f"{b.folder.name}/out"
    common.run([program, "-n", "1", "-r", rows, "-o", out, images, stage])
    return float(common.run([peer, "-r", rows, "-c", out, images, kernel])[0])


def compare(b, program, peer, images, speed, pair):
    stage, kernel, values, size, leads = pair
    rows = str(b.rows)
    sides = {"mnistpipe": lambda: passes([program, "-r", rows, images, stage], common.OWN)}
    if peer:
        off = difference(b, program, peer, images, stage, kernel)
        sides[f"OpenCV {kernel}"] = lambda: dict(
            passes([peer, "-r", rows, images, kernel], None), **{"mean difference": off})
    limit = ("memory's speed, one core", (784 + values * size) / (1e3 * speed))
    name = stage.replace(HOG, "hog cells=") + ", bytes" * kernel.endswith("bytes")
    b.compare(name, sides,
              common.Case("us", "us an image", limit=limit, leads=leads))


def main():
    b = common.Bench(__doc__, rows=10000, quick=500, options=lambda p: p.add_argument(
        "--stage", default="", metavar="WORDS", help="only stages with these words"))
    program, speed = common.program("bench/kernels"), common.peaks()["memory-one"]
    peer = build_peer(b)
    images = common.idx_path(b.data, "t10k-images-idx3-ubyte")
    if peer:
        b.note(common.run([peer])[0].strip())
    b.note(f"hog is always {HOG}... .")
    for pair in PAIRS:
        if b.stage in pair[0]:
            compare(b, program, peer, images, speed, pair)
    b.end()


if __name__ == "__main__":
    main()
