#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training and inference of three nets on all cores: PyTorch in its best of several settings
(bench/peers/torch_net.py), each a process of its own, against `mnistpipe run`.

    cnn      the net of Keras' MNIST example: two convolutions, pooling, dropout, 1.2 M weights
    lenet5   pipelines/lenet5.txt
    lstm     LSTM of 128 units that reads an image row by row

Both learn by Adam in batches of 128, see --rows images once, and predict the test images.
The first steps, which make what later ones use again, do not count; seconds for 60 000 images
are worked out from the rest.  PyTorch runs once in every setting, then in turns with mnistpipe
in those that were fastest: in training, and in inference.  The limit is the peak of the
processor's arithmetic, of the kind that our products read.
What follows -- is handed to `mnistpipe run`.
Needs python3-numpy, and for the peer python3-torch.
"""
import json, os, sys
sys.dont_write_bytecode = True
import common

BATCH, WARM, EPOCH = 128, 5, 60000
FEW = 256   # test images of the short run
LEARNT = "test accuracy, %"

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

def settings(net, cpu):
    """bf16 only where the processor has it, emulated it is slow; an LSTM has no channels."""
    kinds = ["f32", "bf16"] if net == "lstm" else ["f32", "f32-nhwc", "bf16-nhwc"]
    if not cpu & {"amx_bf16", "avx512_bf16"}:
        kinds = [k for k in kinds if not k.startswith("bf16")]
    return [k + bound for k in kinds for bound in ("", "-bound")]


def environment(setting, threads):
    """What PyTorch on Debian needs to be fast: large tensors that stay with the process, and an
    OpenBLAS that knows the processor.  Threads bound to cores help its own loops; OpenBLAS's
    threads then share one core, so both are tried."""
    env = dict(common.tuned(), OMP_NUM_THREADS=str(threads), MALLOC_MMAP_THRESHOLD_=str(1 << 30),
               MALLOC_TRIM_THRESHOLD_=str(1 << 32), MALLOC_TOP_PAD_=str(1 << 28))
    if setting.endswith("-bound"):
        env["OMP_PROC_BIND"] = "true"
    return env


def output(command, env=None):
    return json.loads(common.run(command, env)[0])


def peer(net, setting, threads, folder):
    script = os.path.join(common.SOURCE, "bench/peers/torch_net.py")
    r = output([sys.executable, script, net, setting, str(threads), str(BATCH), str(WARM), folder],
               environment(setting, threads))
    return {"epoch": r["seconds"] / r["steps"] * EPOCH / BATCH,
            "rate": r["images"] / r["inference"], LEARNT: r["accuracy"]}


# ------------------------------------------------------------------------- ours

def report(program, pipeline, threads, folder, extra):
    """Seconds of training and of prediction, by the clock; rows of both; test accuracy."""
    r = output([program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte",
                "--test", f"{folder}/t10k-images-idx3-ubyte", "--threads", str(threads),
                "--quiet", "--json", "-o", f"{folder}/run", *extra])
    net = next(s for s in r["stages"] if s["stage"] == "net")
    return {"train": net["fit"]["training_seconds"], "steps": r["train"]["rows"] // BATCH,
            "predict": r["seconds"]["predict"], "rows": r["test"]["rows"],
            "accuracy": r["test"]["accuracy"]}, r


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
    short, _ = report(program, pipeline, threads, f"{folder}/short", extra)
    whole, _ = report(program, pipeline, threads, folder, extra)
    less = {key: whole[key] - short[key] for key in whole}
    if less["train"] <= 0 or less["predict"] <= 0:
        sys.exit(f"{net}: the short run took longer than the whole: other work disturbs")
    return {"epoch": less["train"] / less["steps"] * EPOCH / BATCH,
            "rate": less["rows"] / less["predict"], LEARNT: whole["accuracy"]}


def kind(report):
    """What the products of a run read."""
    return "bf16" if any("read bf16" in note for note in report["remarks"]) else "f32"


def limits(program, net, threads, folder, extra):
    """Seconds an epoch and images a second, were there nothing but multiply-adds."""
    pipeline = write_pipeline(net, folder)
    _, r = report(program, pipeline, threads, f"{folder}/short", extra)
    rate = 1e9 * common.peaks()[kind(r)] * threads
    name = f"peak {kind(r)} arithmetic"
    forward, backward = (2 * sum(layer[way + "_multiply_adds"] for layer in r["layers"])
                         / (WARM * BATCH) for way in ("forward", "backward"))
    return (name, EPOCH * (forward + backward) / rate), (name, rate / forward)


# ----------------------------------------------------------------------- the rest

def write_data(source, rows, folder):
    train, test = common.mnist(source, "train", rows), common.mnist(source, "t10k")
    if len(train[0]) < 2 * WARM * BATCH:
        sys.exit(f"--rows {len(train[0])}: at least {2 * WARM * BATCH} are needed")
    common.write_idx(folder, "train", *train)
    common.write_idx(folder, "t10k", *test)
    common.write_idx(f"{folder}/short", "train", *(a[:WARM * BATCH] for a in train))
    common.write_idx(f"{folder}/short", "t10k", *(a[:FEW] for a in test))


def options(p):
    p.add_argument("--net", action="append", choices=list(NETS),
                   help="this net; may be given again (default: all)")


def fastest(b, net, threads, torch):
    """The settings of PyTorch that are worth turns: the best in training, and in inference."""
    tried = {}
    for setting in settings(net, common.flags()):
        tried[setting] = peer(net, setting, threads, b.folder.name)
        common.say(f"net: {net}, PyTorch {setting}: {tried[setting]['epoch']:.2f} s an epoch, "
                   f"{tried[setting]['rate']:.0f} images/s")
    b.note(f"{net}, PyTorch {torch.__version__} once in each setting, seconds an epoch and images "
           "a second: " + "; ".join(f"{k} {v['epoch']:.2f}, {v['rate']:.0f}"
                                    for k, v in tried.items()))
    return dict.fromkeys([min(tried, key=lambda k: tried[k]["epoch"]),
                          max(tried, key=lambda k: tried[k]["rate"])])


def main():
    b = common.Bench(__doc__, rows=200 * BATCH, quick=50 * BATCH, options=options)
    program, threads = common.program("mnistpipe"), b.result["machine"]["cores"]
    torch, folder = b.module("torch", "python3-torch"), b.folder.name
    write_data(b.data, b.rows, folder)
    for net in b.net or NETS:
        sides = {"mnistpipe": lambda: ours(program, net, threads, folder, b.extra)}
        for setting in fastest(b, net, threads, torch) if torch else ():
            sides[f"PyTorch {torch.__version__} {setting}"] = (
                lambda setting=setting: peer(net, setting, threads, folder))
        epoch, rate = limits(program, net, threads, folder, b.extra)
        b.compare(net, sides, common.Case("epoch", "s", "an epoch", limit=epoch, leads=True),
                  common.Case("rate", "images/s", "inference", more=True, limit=rate, leads=True))
    b.end()


if __name__ == "__main__":
    main()
