#!/usr/bin/python3
"""Reading train.csv (60 000 rows, 110 MB, in the file cache) on one core: pandas.read_csv
and numpy.loadtxt against mnistpipe's reader (bench/read.c).  All give the pixels and labels as
bytes; that they are the same is checked.  Prints Markdown.  Needs python3-numpy, python3-pandas.
"""
import subprocess, sys, tempfile, time, zlib
sys.dont_write_bytecode = True
import numpy as np
import common


def ours(program, path):
    out = subprocess.run([program, path], check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, size, crc = out.split()
    return float(seconds), int(size), int(crc)


def timed(read, path):
    """Seconds, and the same CRC-32 as ours: of the pixels, then of the labels."""
    start = time.perf_counter()
    table = read(path)
    seconds = time.perf_counter() - start
    crc = zlib.crc32(np.ascontiguousarray(table[:, 1:]))
    return seconds, zlib.crc32(np.ascontiguousarray(table[:, 0]), crc)


def peers():
    import pandas as pd
    return {
        f"pandas {pd.__version__} read_csv":
            lambda f: pd.read_csv(f, dtype=np.uint8).to_numpy(),
        f"numpy {np.__version__} loadtxt":
            lambda f: np.loadtxt(f, dtype=np.uint8, delimiter=",", skiprows=1),
    }


def table(own, theirs, size):
    x = common.median(own)
    print(f"\n{common.machine()}; {size / 1e6:.0f} MB, medians of alternating runs "
          f"({len(own)} of each), one thread\n")
    print("| reader | seconds | MB/s | ratio |\n|---|---:|---:|---:|")
    print(f"| mnistpipe | {x:.3f} | {size / x / 1e6:.0f} | |")
    for name, runs in theirs.items():
        y = common.median(runs)
        print(f"| {name} | {y:.3f} | {size / y / 1e6:.0f} | {y / x:.1f} |")


def main():
    a = common.arguments(__doc__, runs=5).parse_args()
    program, readers = common.program("bench/read"), peers()
    own, theirs = [], {name: [] for name in readers}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/train.csv"
        common.say("writing train.csv")
        common.write_csv(path, *common.mnist(a.data, "train", a.rows))
        ours(program, path)  # the file is in the cache from here on
        for i in range(a.n):
            seconds, size, crc = ours(program, path)
            own.append(seconds)
            for name, read in readers.items():
                seconds, other = timed(read, path)
                theirs[name].append(seconds)
                if other != crc:
                    sys.exit(f"{name} and mnistpipe do not read the same pixels and labels")
            common.say(f"run {i + 1}: mnistpipe {own[-1]:.3f} s,", ", ".join(
                f"{name} {runs[-1]:.3f} s" for name, runs in theirs.items()))
    table(own, theirs, size)


if __name__ == "__main__":
    main()
