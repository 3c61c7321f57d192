#!/usr/bin/python3
"""Training and inference of three nets on all cores: PyTorch in several settings
(bench/peers/torch_net.py), each a process of its own, against `mnistpipe run`.

    cnn      the net of Keras' MNIST example: two convolutions, pooling, dropout, 1.2 M weights
    lenet5   pipelines/lenet5.txt
    lstm     LSTM of 128 units that reads an image row by row

Both learn by Adam in batches of 128, see --rows images once, and predict the test images.
The first steps, which make what later ones use again, do not count; seconds for 60 000 images
are worked out from the rest.  What follows -- is handed to `mnistpipe run`.  Prints Markdown.
Needs python3-numpy, python3-torch.
"""
import argparse, json, os, subprocess, sys, tempfile
sys.dont_write_bytecode = True
import numpy as np
import common

BATCH, WARM, EPOCH = 128, 5, 60000
FEW = 256   # test images of the short run

NETS = {
    "cnn": """
  conv    filters=32 kernel=3 pad=valid act=relu
  conv    filters=64 kernel=3 pad=valid act=relu
  maxpool size=2
  dropout rate=0.25
  dense   units=128 act=relu
  dropout rate=0.5""",
    "lenet5": """
  conv    filters=6 kernel=5 act=relu
  maxpool size=2
  conv    filters=16 kernel=5 pad=valid act=relu
  maxpool size=2
  dense   units=120 act=relu
  dense   units=84 act=relu""",
    "lstm": """
  sequence by=rows
  lstm    units=128""",
}


# ---------------------------------------------------------------------- the peer

def flags():
    """What the processor can do, in the words of /proc/cpuinfo."""
    with open("/proc/cpuinfo") as f:
        return set(next((line.split() for line in f if line.startswith("flags")), []))


def settings(net, cpu):
    """bf16 only where the processor has it, emulated it is slow; an LSTM has no channels."""
    kinds = ["f32", "bf16"] if net == "lstm" else ["f32", "f32-nhwc", "bf16-nhwc"]
    if not cpu & {"amx_bf16", "avx512_bf16"}:
        kinds = [k for k in kinds if not k.startswith("bf16")]
    return [k + bound for k in kinds for bound in ("", "-bound")]


def environment(setting, threads, cpu):
    """What PyTorch on Debian needs to be fast: large tensors that stay with the process, and an
    OpenBLAS that knows the processor.  Threads bound to cores help its own loops; OpenBLAS's
    threads then share one core, so both are tried."""
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), MALLOC_MMAP_THRESHOLD_=str(1 << 30),
               MALLOC_TRIM_THRESHOLD_=str(1 << 32), MALLOC_TOP_PAD_=str(1 << 28))
    if "avx512vl" in cpu:
        env["OPENBLAS_CORETYPE"] = "Cooperlake" if "avx512_bf16" in cpu else "SkylakeX"
    if setting.endswith("-bound"):
        env["OMP_PROC_BIND"] = "true"
    return env


def output(command, **more):
    p = subprocess.run(command, stdout=subprocess.PIPE, text=True, **more)
    if p.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {p.returncode}")
    return json.loads(p.stdout)


def peer(net, setting, threads, folder):
    script = os.path.join(common.SOURCE, "bench/peers/torch_net.py")
    r = output([sys.executable, script, net, setting, str(threads), str(BATCH), str(WARM), folder],
               env=environment(setting, threads, flags()))
    return {"name": f"PyTorch {r['version']} {setting}",
            "epoch": r["seconds"] / r["steps"] * EPOCH / BATCH,
            "rate": r["images"] / r["inference"], "accuracy": r["accuracy"]}


# ------------------------------------------------------------------------- ours

def report(program, pipeline, threads, folder, extra):
    """Seconds of training and of prediction, by the clock; rows of both; test accuracy."""
    r = output([program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte",
                "--test", f"{folder}/t10k-images-idx3-ubyte", "--threads", str(threads),
                "--quiet", "--json", "-o", f"{folder}/run", *extra])
    net = next(s for s in r["stages"] if s["stage"] == "net")
    return {"train": net["fit"]["training_seconds"], "steps": r["train"]["rows"] // BATCH,
            "predict": r["seconds"]["predict"], "rows": r["test"]["rows"],
            "accuracy": r["test"]["accuracy"]}


def write_pipeline(net, folder):
    pipeline = f"{folder}/{net}.txt"
    with open(pipeline, "w") as f:
        f.write("data train=sample:train test=sample:test\n"
                f"net epochs=1 batch={BATCH} optimizer=adam lr=0.001 schedule=constant"
                f"{NETS[net]}\n")
    return pipeline


def ours(program, net, threads, folder, extra):
    """A run less a short one: both make the same preparations and first steps."""
    pipeline = write_pipeline(net, folder)
    short = report(program, pipeline, threads, f"{folder}/short", extra)
    whole = report(program, pipeline, threads, folder, extra)
    less = {key: whole[key] - short[key] for key in whole}
    if less["train"] <= 0 or less["predict"] <= 0:
        sys.exit(f"{net}: the short run took longer than the whole: other work disturbs")
    return {"name": "mnistpipe", "epoch": less["train"] / less["steps"] * EPOCH / BATCH,
            "rate": less["rows"] / less["predict"], "accuracy": whole["accuracy"]}


# ----------------------------------------------------------------------- the rest

def write_idx(folder, part, images, labels):
    os.makedirs(folder, exist_ok=True)
    for name, data in (("images-idx3", images), ("labels-idx1", labels)):
        with open(f"{folder}/{part}-{name}-ubyte", "wb") as f:
            f.write(bytes([0, 0, 8, data.ndim]) + np.array(data.shape, ">u4").tobytes())
            f.write(data.tobytes())


def write_data(source, rows, folder):
    train, test = common.mnist(source, "train", rows), common.mnist(source, "t10k")
    if len(train[0]) < 2 * WARM * BATCH:
        sys.exit(f"--rows {len(train[0])}: at least {2 * WARM * BATCH} are needed")
    write_idx(folder, "train", *train)
    write_idx(folder, "t10k", *test)
    write_idx(f"{folder}/short", "train", *(a[:WARM * BATCH] for a in train))
    write_idx(f"{folder}/short", "t10k", *(a[:FEW] for a in test))


def middle(runs):
    """Of one contestant's runs: its name, and the median of each figure."""
    return {key: runs[0][key] if key == "name" else common.median([r[key] for r in runs])
            for key in runs[0]}


def tables(found, threads, a):
    """found: for each net the runs of each contestant; ours is first."""
    print(f"\n{common.machine()}; {threads} threads; {a.rows // BATCH - WARM} steps timed; "
          f"medians of alternating runs ({a.n} of each)")
    print("\n| net | seconds an epoch: mnistpipe | PyTorch, best setting | ratio "
          "| images a second: mnistpipe | PyTorch, best setting | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    all_rows = {net: [middle(runs) for runs in sides] for net, sides in found.items()}
    for net, (own, *theirs) in all_rows.items():
        quick = min(theirs, key=lambda r: r["epoch"])
        wide = max(theirs, key=lambda r: r["rate"])
        print(f"| {net} | {own['epoch']:.2f} | {quick['epoch']:.2f} ({quick['name'].split()[-1]}) "
              f"| {quick['epoch'] / own['epoch']:.1f} | {own['rate']:.0f} "
              f"| {wide['rate']:.0f} ({wide['name'].split()[-1]}) "
              f"| {own['rate'] / wide['rate']:.1f} |")
    print("\n| net | | seconds an epoch | images a second "
          f"| test accuracy after {a.rows} images, % |\n|---|---|---:|---:|---:|")
    for net, rows in all_rows.items():
        for r in rows:
            print(f"| {net} | {r['name']} | {r['epoch']:.2f} | {r['rate']:.0f} "
                  f"| {100 * r['accuracy']:.1f} |")


def arguments(words):
    p = argparse.ArgumentParser(description=__doc__, parents=[common.arguments("")],
                                formatter_class=argparse.RawTextHelpFormatter,
                                conflict_handler="resolve")
    p.add_argument("--rows", type=common.positive, default=200 * BATCH, metavar="ROWS",
                   help="training rows (default: %(default)s)")
    p.add_argument("--net", action="append", choices=list(NETS),
                   help="this net; may be given again (default: all)")
    a = p.parse_args(words)
    a.rows = min(a.rows, EPOCH)
    return a


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    a, extra = arguments(sys.argv[1:at]), sys.argv[at + 1:]
    program, threads = common.program("mnistpipe"), len(os.sched_getaffinity(0))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        write_data(a.data, a.rows, folder)
        for net in a.net or NETS:
            kinds = settings(net, flags())
            found[net] = [[] for _ in range(1 + len(kinds))]
            for i in range(a.n):
                found[net][0].append(ours(program, net, threads, folder, extra))
                for runs, kind in zip(found[net][1:], kinds):
                    runs.append(peer(net, kind, threads, folder))
                common.say(f"{net}, run {i + 1}, seconds an epoch:", ", ".join(
                    f"{runs[-1]['name']} {runs[-1]['epoch']:.2f}" for runs in found[net]))
    tables(found, threads, a)


if __name__ == "__main__":
    main()
