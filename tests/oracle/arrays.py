#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""arrays.py - small arrays and archives of every kind, and what NumPy has in them.

Writes tests/arrays/: files by NumPy, SciPy, Python's zipfile, tarfile, gzip, bz2 and lzma, by
libarchive's bsdtar, and IDX by hand; and expected.txt, a line for each: the name to read (with a
part behind a colon), rows, height, width, channels, the CRC-32 of the images as bytes, by rows, and
the labels, "-" where there are none. tests/unit/arrays.c reads them.
Debian's python3-numpy, libarchive-tools, lz4, zstd.
"""
import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import zipfile
import zlib

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "arrays")
N, H, W = 9, 5, 7
rng = np.random.default_rng(13)
GREY = rng.integers(0, 256, (N, H, W)).astype(np.uint8)
GREY[0, 0, :2] = 0, 255
COLOUR = rng.integers(0, 256, (N, H, W, 3)).astype(np.uint8)
SQUARE = rng.integers(0, 256, (N, 36)).astype(np.uint8)
LABELS = (np.arange(N) * 7 + 3) % 10
TEST, TEST_LABELS = GREY[:4][::-1], LABELS[:4][::-1]
VAL, VAL_LABELS = GREY[2:5], LABELS[2:5]
lines = []


def path(name):
    return os.path.join(FOLDER, name)


def expect(name, x, labels=None):
    x = np.ascontiguousarray(x, dtype=np.uint8)
    n, h, w = x.shape[:3]
    c = x.shape[3] if x.ndim == 4 else 1
    y = "-" if labels is None else ",".join(str(v) for v in labels)
    lines.append(f"{name} {n} {h} {w} {c} {zlib.crc32(x.tobytes()):08x} {y}")


def put(name, data):
    with open(path(name), "wb") as f:
        f.write(data)


# ---------------------------------------------------------------------- npy

def npy(name, x, images=GREY, version=None):
    with open(path(name + ".npy"), "wb") as f:
        np.lib.format.write_array(f, x, version=version)
    expect(name + ".npy", images)


TYPES = ["|u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8"]
for t in TYPES:
    npy("whole_" + t.strip("|<>") + ("_high" if t[0] == ">" else ""), GREY.astype(t))
for t in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    share = GREY.astype("f8") / 255
    npy("share_" + t[1:] + ("_high" if t[0] == ">" else ""), share.astype(t))
npy("bool", GREY > 127, np.where(GREY > 127, 255, 0))
npy("columns_u1", np.asfortranarray(GREY))
npy("columns_f8_high", np.asfortranarray(GREY.astype(">f8") / 255))
npy("columns_rows", np.asfortranarray(SQUARE), SQUARE.reshape(N, 6, 6))
npy("rows", SQUARE, SQUARE.reshape(N, 6, 6))
npy("version2", GREY, version=(2, 0))
npy("version3", GREY, version=(3, 0))
npy("colour", COLOUR, COLOUR)
npy("colour_columns", np.asfortranarray(COLOUR), COLOUR)
npy("planes", COLOUR.transpose(0, 3, 1, 2).copy(), COLOUR)
npy("planes_columns", np.asfortranarray(COLOUR.transpose(0, 3, 1, 2)), COLOUR)
npy("planes_i2", COLOUR.transpose(0, 3, 1, 2).astype("<i2"), COLOUR)
npy("one_channel", GREY[..., None], GREY)
npy("one_plane", GREY[:, None], GREY)
npy("signed", (GREY.astype("f4") / 127.5 - 1).astype("<f4"), GREY)

# Labels in a file of their own, beside the images by name.
for name, y in {"int64": LABELS, "int32_high": LABELS.astype(">i4"), "float": LABELS.astype("f4"),
                "column": LABELS[:, None].astype("u1"), "one_hot": np.eye(10)[LABELS],
                "one_hot_bool": np.eye(10, dtype=bool)[LABELS],
                "columns": np.asfortranarray(np.stack([LABELS, LABELS * 3], 1))}.items():
    np.save(path(f"x_{name}.npy"), GREY)
    np.save(path(f"y_{name}.npy"), y)
    expect(f"x_{name}.npy", GREY, LABELS)

# ---------------------------------------------------------------------- npz

np.savez(path("keras.npz"), x_train=GREY, y_train=LABELS, x_test=TEST, y_test=TEST_LABELS)
np.savez_compressed(path("med.npz"), train_images=GREY, train_labels=LABELS[:, None].astype("u1"),
                    val_images=VAL, val_labels=VAL_LABELS[:, None].astype("u1"),
                    test_images=TEST, test_labels=TEST_LABELS[:, None].astype("u1"))
np.savez(path("upper.npz"), trainX=GREY, trainY=LABELS, testX=TEST, testY=TEST_LABELS)
for name in "keras", "med", "upper":
    expect(f"{name}.npz:train", GREY, LABELS)
    expect(f"{name}.npz:test", TEST, TEST_LABELS)
expect("med.npz:val", VAL, VAL_LABELS)
expect("keras.npz:x_test", TEST, TEST_LABELS)
np.savez(path("k49-train-imgs.npz"), GREY)
np.savez(path("k49-train-labels.npz"), LABELS)
expect("k49-train-imgs.npz", GREY, LABELS)
np.savez_compressed(path("alone.npz"), np.asfortranarray(GREY.astype(">f4") / 255))
expect("alone.npz", GREY)
with zipfile.ZipFile(path("zip64.npz"), "w") as z:
    for name, x in ("images", GREY), ("labels", LABELS):
        with z.open(name + ".npy", "w", force_zip64=True) as f:
            np.lib.format.write_array(f, x)
expect("zip64.npz", GREY, LABELS)

# ---------------------------------------------------------------------- IDX

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(x, t):
    head = struct.pack(">HBB", 0, CODES[t], x.ndim) + struct.pack(f">{x.ndim}I", *x.shape)
    return head + x.astype(">" + t).tobytes()


small = (GREY // 2).astype(np.uint8)
for t in CODES:
    x = small if t == "i1" else GREY / 255 if t[0] == "f" else GREY
    put(f"idx_{t}", idx(x, t))
    expect(f"idx_{t}", small if t == "i1" else GREY)
put("idx_colour", idx(COLOUR, "u1"))
expect("idx_colour", COLOUR)
put("idx_planes", idx(COLOUR.transpose(0, 3, 1, 2), "u1"))
expect("idx_planes", COLOUR)
put("idx_rows", idx(SQUARE, "u1"))
expect("idx_rows", SQUARE.reshape(N, 6, 6))

images, labels = idx(GREY, "u1"), idx(LABELS, "u1")
eight = idx(np.stack([LABELS] + [LABELS * k + 1 for k in range(1, 8)], 1), "i4")
BESIDE = [("dots.images.idx3-ubyte", images, "dots.labels.idx1-ubyte", labels),
          ("mixed-images.idx3-ubyte", images, "mixed-labels-idx1-ubyte", labels),
          ("mixed2-images-idx3-ubyte", images, "mixed2-labels.idx1-ubyte", labels),
          ("packed-images-idx3-ubyte", images, "packed-labels-idx1-ubyte.gz",
           gzip.compress(labels, mtime=0)),
          ("packed2-images-idx3-ubyte.gz", gzip.compress(images, mtime=0),
           "packed2-labels-idx1-ubyte", labels),
          ("eight-images-idx3-ubyte", images, "eight-labels-idx2-int", eight),
          ("short-images-idx3-ubyte", images, "short-labels-idx1-short", idx(LABELS, "i2")),
          ("real-images-idx3-float", idx(GREY / 255, "f4"), "real-labels-idx1-ubyte", labels),
          ("in/a-images-idx3-ubyte", images, "in/a-labels-idx1-ubyte/a-labels-idx1-ubyte", labels),
          ("b-images-idx3-ubyte/b-images-idx3-ubyte", images,
           "b-labels-idx1-ubyte/b-labels-idx1-ubyte", labels)]

# ------------------------------------------------------------------ archives


def csv(x, y):
    head = "label," + ",".join(f"pixel{i}" for i in range(x[0].size))
    rows = [",".join(map(str, [label, *image.ravel()])) for image, label in zip(x, y)]
    return "\n".join([head, *rows, ""]).encode()


def csv_rows(x):
    return x.reshape(len(x), 6, 6)


CSV = csv(SQUARE, LABELS)
MEMBERS = {"a/train.csv": CSV, "a/test.csv": csv(SQUARE[:3], LABELS[:3]),
           "a/sample_submission.csv": b"ImageId,Label\n1,0\n2,0\n", "README.md": b"# Digits\n"}


def write_zip(name, members, how):
    with zipfile.ZipFile(path(name), "w", how) as z:
        for member, data in members.items():
            z.writestr(zipfile.ZipInfo(member), data, compress_type=how)


def write_tar(name, members, mode, form):
    with tarfile.open(path(name), mode, format=form) as t:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))


def write_files(folder):
    shutil.rmtree(folder, ignore_errors=True)
    for image, x, label, y in BESIDE:
        for name, data in (image, x), (label, y):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        expect("beside/" + image, GREY, LABELS)


write_files(path("beside"))
write_zip("stored.zip", MEMBERS, zipfile.ZIP_STORED)
write_zip("deflated.zip", MEMBERS, zipfile.ZIP_DEFLATED)
write_zip("bzip2.zip", MEMBERS, zipfile.ZIP_BZIP2)
write_zip("lzma.zip", MEMBERS, zipfile.ZIP_LZMA)
write_tar("gnu.tar", MEMBERS, "w", tarfile.GNU_FORMAT)
write_tar("pax.tar.gz", MEMBERS, "w:gz", tarfile.PAX_FORMAT)
write_tar("ustar.tar.xz", MEMBERS, "w:xz", tarfile.USTAR_FORMAT)
write_tar("gnu.tar.bz2", MEMBERS, "w:bz2", tarfile.GNU_FORMAT)
for name in ("stored.zip", "deflated.zip", "bzip2.zip", "lzma.zip", "gnu.tar", "pax.tar.gz",
             "ustar.tar.xz", "gnu.tar.bz2"):
    expect(f"{name}:train", csv_rows(SQUARE), LABELS)
    expect(f"{name}:a/test.csv", csv_rows(SQUARE[:3]), LABELS[:3])
IDX4 = {f"g/{part}-{what}.gz": gzip.compress(data, mtime=0) for part, what, data in (
    ("emnist-train", "images-idx3-ubyte", images), ("emnist-train", "labels-idx1-ubyte", labels),
    ("emnist-test", "images-idx3-ubyte", idx(TEST, "u1")),
    ("emnist-test", "labels-idx1-ubyte", idx(TEST_LABELS, "u1")))}
write_zip("idx.zip", IDX4, zipfile.ZIP_DEFLATED)
expect("idx.zip:train", GREY, LABELS)
expect("idx.zip:emnist-test-images-idx3-ubyte", TEST, TEST_LABELS)
write_zip("mac.zip", {"d/": b"", "d/one.csv": CSV, "__MACOSX/d/._one.csv": b"\0\5\26\7 x",
                      "d/.DS_Store": b"\0\0\0\1Bud1"}, zipfile.ZIP_DEFLATED)
expect("mac.zip", csv_rows(SQUARE), LABELS)
with open(path("one.csv"), "wb") as f:
    f.write(CSV)
subprocess.run(["bsdtar", "-C", FOLDER, "-cf", path("bsd.zip"), "--format=zip", "one.csv"],
               check=True)
expect("bsd.zip", csv_rows(SQUARE), LABELS)

# ------------------------------------------------------------- single files

put("one.csv.bz2", bz2.compress(CSV))
put("one.csv.xz", lzma.compress(CSV))
put("twice.csv.gz", gzip.compress(gzip.compress(CSV, mtime=0), mtime=0))
put("zeros.csv.gz", gzip.compress(CSV, mtime=0) + bytes(512))
put("members.csv.gz", gzip.compress(CSV[:400], mtime=0) + gzip.compress(CSV[400:], mtime=0))
put("idx.xz", lzma.compress(images))
put("rows.npy.gz", gzip.compress(open(path("rows.npy"), "rb").read(), mtime=0))
subprocess.run(["zstd", "-qf", path("one.csv")], check=True)
subprocess.run(["lz4", "-qf", path("one.csv"), path("one.csv.lz4")], check=True)
for name in ("one.csv.bz2", "one.csv.xz", "one.csv.zst", "one.csv.lz4", "twice.csv.gz",
             "zeros.csv.gz", "members.csv.gz"):
    expect(name, csv_rows(SQUARE), LABELS)
expect("idx.xz", GREY)
expect("rows.npy.gz", SQUARE.reshape(N, 6, 6))
os.remove(path("one.csv"))

with open(path("expected.txt"), "w") as f:
    f.write("\n".join(lines) + "\n")
