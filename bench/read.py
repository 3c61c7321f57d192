#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading train.csv (60 000 rows, 110 MB, in the file cache): pandas.read_csv and
numpy.loadtxt, which use one core, against mnistpipe's reader (bench/read.c) on all cores and on
one; the same file packed; shares 0..1 as text; and NumPy's own npz, stored and packed.

All give the pixels and labels as bytes; that they are the same is checked.  Peers of the packed
file are pandas, and gzip, which only unpacks.  Making bytes of the peers' shares is not in their
seconds, but in ours.
Needs python3-numpy, and for the peers python3-pandas, gzip.
"""
import gzip, os, shutil, sys, time, zlib
sys.dont_write_bytecode = True
import numpy as np
import common


def ours(program, path, threads):
    seconds, _, crc = common.run([program, path, "1", str(threads)])[0].split()
    return {"seconds": float(seconds), "crc": int(crc)}


def timed(read, path):
    """Seconds, and the same CRC-32 as ours: of the pixels, then of the labels."""
    start = time.perf_counter()
    table = read(path)
    seconds = time.perf_counter() - start
    crc = zlib.crc32(np.ascontiguousarray(table[:, 1:]))
    return {"seconds": seconds, "crc": zlib.crc32(np.ascontiguousarray(table[:, 0]), crc)}


def same(sides):
    """The sides, which stop the program if they do not read what the first reads."""
    seen = []

    def checked(name, work):
        found = work()
        if "crc" in found:
            seen.append(found.pop("crc"))
            if seen[-1] != seen[0]:
                sys.exit(f"{name} and mnistpipe do not read the same pixels and labels")
        return found
    return {name: lambda name=name, work=work: checked(name, work) for name, work in sides.items()}


def unpack(path):
    return {"seconds": common.run(["gzip", "-dc", path], to_nothing=True)[1]["seconds"]}


def compare(b, program, path, size, limit):
    """The readers on one file, packed or not."""
    pandas, packed = b.module("pandas", "python3-pandas"), path.endswith(".gz")
    sides = {"mnistpipe": lambda: ours(program, path, len(os.sched_getaffinity(0))),
             "mnistpipe, one core": lambda: ours(program, path, 1)}
    if pandas:
        sides[f"pandas {pandas.__version__} read_csv"] = lambda: timed(
            lambda f: pandas.read_csv(f, dtype=np.uint8).to_numpy(), path)
    if not packed:
        sides[f"numpy {np.__version__} loadtxt"] = lambda: timed(
            lambda f: np.loadtxt(f, dtype=np.uint8, delimiter=",", skiprows=1), path)
    elif shutil.which("gzip"):
        sides["gzip -dc, no parsing"] = lambda: unpack(path)
    else:
        b.missing("gzip", "gzip")
    b.compare(f"{path.split('/')[-1]}, {size / 1e6:.0f} MB", same(sides),
              common.Case("seconds", "s", limit=limit, leads=True))


def seen(seconds, images, labels):
    crc = zlib.crc32(np.ascontiguousarray(images))
    return {"seconds": seconds, "crc": zlib.crc32(np.ascontiguousarray(labels), crc)}


def shares(b, program, images, labels):
    """Text as pandas writes float32: the shortest that reads back."""
    path, pandas = f"{b.folder.name}/shares.csv", b.module("pandas", "python3-pandas")
    if not pandas:
        return
    common.say("writing shares.csv")
    table = pandas.DataFrame((images.reshape(len(images), -1) / 255).astype(np.float32))
    table.columns = [f"pixel{i}" for i in table.columns]
    table.insert(0, "label", labels)
    table.to_csv(path, index=False)

    def peer():
        start = time.perf_counter()
        a = pandas.read_csv(path).to_numpy()
        seconds = time.perf_counter() - start
        return seen(seconds, np.rint(255 * a[:, 1:]).astype(np.uint8), a[:, 0].astype(np.uint8))
    b.compare(f"shares.csv, {os.path.getsize(path) / 1e6:.0f} MB", same({
        "mnistpipe": lambda: ours(program, path, len(os.sched_getaffinity(0))),
        "mnistpipe, one core": lambda: ours(program, path, 1),
        f"pandas {pandas.__version__} read_csv": peer}), common.Case("seconds", "s", leads=True))


def arrays(b, program, images, labels, save):
    path = f"{b.folder.name}/{save.__name__}.npz"
    save(path, x_train=images, y_train=labels)

    def peer():
        start = time.perf_counter()
        with np.load(path) as z:
            x, y = z["x_train"], z["y_train"]
        return seen(time.perf_counter() - start, x, y)
    b.compare(f"{save.__name__}, {images.nbytes / 1e6:.0f} MB", same({
        "mnistpipe": lambda: ours(program, path, len(os.sched_getaffinity(0))),
        "mnistpipe, one core": lambda: ours(program, path, 1),
        f"numpy {np.__version__} load": peer}), common.Case("seconds", "s", leads=True))


def inflate_seconds(path):
    with open(path, "rb") as f:
        packed = f.read()
    start = time.perf_counter()
    common.inflate(packed)
    return time.perf_counter() - start


def main():
    b = common.Bench(__doc__, quick=2000)
    program, memory = common.program("bench/read"), 1e9 * common.peaks()["memory-one"]
    path = f"{b.folder.name}/train.csv"
    common.say("writing train.csv")
    images, labels = common.mnist(b.data, "train", b.rows)
    common.write_csv(path, images, labels)
    with open(path, "rb") as f:
        text = f.read()
    with gzip.open(path + ".gz", "wb", 6) as f:
        f.write(text)
    compare(b, program, path, len(text), ("memory's speed, one core", len(text) / memory))
    inflating = min(inflate_seconds(path + ".gz") for _ in range(b.runs))
    compare(b, program, path + ".gz", len(text), ("zlib's inflate", inflating))
    few = max(1, len(images) // 3)
    shares(b, program, images[:few], labels[:few])
    for save in (np.savez, np.savez_compressed):
        arrays(b, program, images, labels, save)
    b.end()


if __name__ == "__main__":
    main()
