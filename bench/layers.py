#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a net's training goes: what each layer costs, and what share of the processor's
arithmetic it reaches.

Trains the nets of bench/net.py, or pipelines named by --pipeline, on --rows images once,
and reads the layers' seconds, summed over threads, from the run's report.  The peak is that of
bench/peak.c, of the kind (f32 or bf16) that the net's products read.  A max pool or dropout
multiplies nothing: its time is memory's.  What follows -- is handed to `mnistpipe run`.
Needs python3-numpy.
"""
import os, sys
sys.dont_write_bytecode = True
import common, net

WAYS = ("forward", "backward")


def report(b, program, pipeline, extra):
    folder, threads = b.folder.name, b.result["machine"]["cores"]
    return net.output([program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte",
                       "--test", f"{folder}/t10k-images-idx3-ubyte", "--threads", str(threads),
                       "--quiet", "--json", "-o", f"{folder}/run", *extra])


def add_layer(b, name, reports, i, peak):
    first = reports[0]
    layer, rows = first["layers"][i], first["train"]["rows"]
    kind = "f32" if layer["line"] == 0 else net.kind(first)
    label = layer["layer"] + (f", line {layer['line']}" if layer["line"] else ", added")
    for way in WAYS:
        least = 2e-3 * layer[way + "_multiply_adds"] / rows / peak[kind]
        b.add(f"{name}: {label}", {"mnistpipe": [
            {"us": 1e6 * r["layers"][i][way + "_seconds"] / rows} for r in reports]},
            common.Case("us", "us an image", way, limit=("peak arithmetic", least)))


def add_net(b, name, pipeline, program, peak, extra):
    reports = [report(b, program, pipeline, extra) for _ in range(b.runs)]
    first = reports[0]
    trained = common.median([next(s for s in r["stages"] if s["stage"] == "net")["fit"]
                             ["training_seconds"] for r in reports])
    inside = common.median([sum(layer[way + "_seconds"] for layer in r["layers"] for way in WAYS)
                            for r in reports])
    for i in range(len(first["layers"])):
        add_layer(b, name, reports, i, peak)
    b.note(f"{name}: layers take {100 * inside / first['threads'] / trained:.0f} % of the "
           f"{trained:.2f} s of training on {first['threads']} threads; the rest are batches, the "
           "optimizer, waiting at the end of a step, and making kernels ready once.")


def options(p):
    p.add_argument("--net", action="append", choices=list(net.NETS), help="this net (default: all)")
    p.add_argument("--pipeline", action="append", default=[], metavar="FILE",
                   help="a pipeline that ends with a net, for one epoch; may be given again")


def main():
    b = common.Bench(__doc__, rows=200 * net.BATCH, quick=50 * net.BATCH, options=options)
    program, peak = common.program("mnistpipe"), common.peaks()
    net.write_data(b.data, b.rows, b.folder.name)
    for name in b.net or ([] if b.pipeline else list(net.NETS)):
        add_net(b, name, net.write_pipeline(name, b.folder.name), program, peak, b.extra)
    for path in b.pipeline:
        add_net(b, os.path.basename(path), path, program, peak,
                ["--set", "net.epochs=1", *b.extra])
    b.end()


if __name__ == "__main__":
    main()
