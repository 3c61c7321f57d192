#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a folder of 70 000 PNG of 28 x 28, a folder for each class, in the file cache: loops of
cv2.imread and of Pillow's Image.open, which use one core, against mnistpipe's reader
(bench/read.c) on all cores and on one.  Whole processes, their start among it.

All give the pixels and labels as bytes, in byte order of the names; that they are the same is
checked.  Peers: python3-opencv, python3-pil.
"""
import os, sys, zlib
sys.dont_write_bytecode = True
import numpy as np
import common

PEER = os.path.join(common.SOURCE, "bench", "peers", "pictures.py")


def write(folder, images, labels):
    """PNG as Pillow or OpenCV would write them, nearly: filter 0, zlib's default."""
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data
                + zlib.crc32(kind + data).to_bytes(4, "big"))

    for k in range(10):
        os.makedirs(f"{folder}/{k}")
    h, w = images.shape[1:]
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", w.to_bytes(4, "big") + h.to_bytes(4, "big")
                                        + bytes([8, 0, 0, 0, 0]))
    rows = np.zeros((h, w + 1), np.uint8)
    for i, (image, label) in enumerate(zip(images, labels)):
        rows[:, 1:] = image
        with open(f"{folder}/{label}/{i:05d}.png", "wb") as f:
            f.write(head + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b""))


def side(command, env=None):
    """Its seconds and memory, and the CRC-32 that it prints last."""
    out, taken = common.run(command, env)
    return {"seconds": taken["seconds"], "memory": taken["memory"], "crc": int(out.split()[-1])}


def same(sides):
    """The sides, which stop the program if they do not read what the first reads."""
    seen = []

    def checked(name, work):
        found = work()
        seen.append(found.pop("crc"))
        if seen[-1] != seen[0]:
            sys.exit(f"{name} and mnistpipe do not read the same pixels and labels")
        return found
    return {name: lambda name=name, work=work: checked(name, work) for name, work in sides.items()}


def main():
    b = common.Bench(__doc__, rows=70000, quick=2000)
    program, folder = common.program("bench/read"), f"{b.folder.name}/pictures"
    common.say("writing pictures")
    parts = [common.mnist(b.data, part) for part in ("train", "t10k")]
    images, labels = (np.concatenate(both)[:b.rows] for both in zip(*parts))
    write(folder, images, labels)
    cores = str(len(os.sched_getaffinity(0)))
    sides = {"mnistpipe": lambda: side([program, folder, "1", cores]),
             "mnistpipe, one core": lambda: side([program, folder, "1", "1"])}
    peers = ("cv2", "cv2", "python3-opencv"), ("Pillow", "PIL", "python3-pil")
    for name, module, package in peers:
        peer = b.module(module, package)
        if peer:
            sides[f"{name} {peer.__version__}"] = lambda module=module: side(
                [sys.executable, PEER, module, folder], os.environ)
    b.compare(f"{len(images)} PNG", same(sides), common.Case("seconds", "s", leads=True),
              common.Case("memory", "MiB", "peak memory",
                          limit=("the bytes of the pixels", images.nbytes / 2**20)))
    b.end()


if __name__ == "__main__":
    main()
