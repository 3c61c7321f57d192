"""What the benchmarks share: their arguments, MNIST as arrays, programs built on demand."""
import argparse, gzip, os, statistics, subprocess, sys
import numpy as np

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def arguments(doc, runs=3):
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("data", nargs="?", default=cache(), metavar="DATA",
                   help="folder of MNIST's four IDX files (default: %(default)s,\n"
                        "where `mnistpipe fetch mnist` puts them)")
    p.add_argument("-n", type=positive, default=runs, metavar="RUNS",
                   help="runs of each side, alternating (default: %(default)s)")
    p.add_argument("--rows", type=positive, default=60000, metavar="ROWS",
                   help="training rows, for a quick look (default: all)")
    return p


def positive(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def cache():
    """The folder of `mnistpipe fetch mnist`."""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = xdg if xdg.startswith("/") else os.path.expanduser("~/.cache")
    own = os.environ.get("MNISTPIPE_CACHE") or os.path.join(base, "mnistpipe")
    return os.path.join(own, "mnist")


def idx(folder, name):
    """The array in an IDX file of bytes, gzip or not."""
    path = os.path.join(folder, name)
    packed = os.path.exists(path + ".gz")
    if not packed and not os.path.exists(path):
        sys.exit(f"{path}.gz: not there; `mnistpipe fetch mnist` downloads it, or name its folder")
    with gzip.open(path + ".gz") if packed else open(path, "rb") as f:
        data = f.read()
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def mnist(folder, part, rows=None):
    """Images and labels of "train" or "t10k"."""
    return (idx(folder, part + "-images-idx3-ubyte")[:rows],
            idx(folder, part + "-labels-idx1-ubyte")[:rows])


def write_csv(path, images, labels):
    """In the form of Kaggle's competition: a header, then label and pixels."""
    text = [str(i) for i in range(256)]
    rows = images.reshape(len(images), -1)
    with open(path, "w") as f:
        f.write("label," + ",".join(f"pixel{i}" for i in range(rows.shape[1])) + "\n")
        for label, row in zip(labels.tolist(), rows):
            f.write(f"{label}," + ",".join([text[v] for v in row.tolist()]) + "\n")


def program(name):
    """Builds "mnistpipe" or "bench/NAME" where the project was configured."""
    build = os.path.abspath(os.environ.get("BUILD", "."))
    if not os.path.exists(os.path.join(build, "Makefile")):
        sys.exit(f"{build}: no Makefile; run this where ./configure was run, or set BUILD=FOLDER")
    subprocess.run(["make", "-s", name], cwd=build, check=True, stdout=sys.stderr)
    return os.path.join(build, name)


median = statistics.median


def machine():
    """The processor that the figures belong to."""
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{names[0] if names else 'processor unknown'}, {len(os.sched_getaffinity(0))} cores"


def say(*words):
    """Progress; results alone go to stdout."""
    print(*words, file=sys.stderr, flush=True)
