#!/usr/bin/python3
"""Where a net's training goes: what each layer costs, and what share of the processor's
arithmetic it reaches.

Trains the nets of bench/net.py, or pipelines named by --pipeline, on --rows images once,
and reads the layers' seconds from the run's report.  The peak is that of bench/peak.c: fused
multiply-adds on registers alone, on all cores at once, of the kind (f32 or bf16) that the
net's products read.  What follows -- is handed to `mnistpipe run`.  Prints Markdown.
Needs python3-numpy, and nothing else that computes beside it.
"""
import argparse, os, subprocess, sys, tempfile
sys.dont_write_bytecode = True
import common, net

BATCH = net.BATCH


def peaks():
    """GFLOP/s of one core, by kind."""
    out = subprocess.run([common.program("bench/peak")], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return {kind: float(rate) for kind, rate in (line.split() for line in out.splitlines())}


def report(program, pipeline, folder, threads, extra):
    return net.output([program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte",
                       "--test", f"{folder}/t10k-images-idx3-ubyte", "--threads", str(threads),
                       "--quiet", "--json", "-o", f"{folder}/run", *extra])


def middle(reports, i, key):
    return common.median([r["layers"][i][key] for r in reports])


def share(work, seconds, peak):
    return f"{200 * work / seconds / 1e9 / peak:.0f} %" if work > 0 and seconds > 0 else ""


def table(name, reports, peak):
    first = reports[0]
    kind = "bf16" if any("read bf16" in note for note in first["remarks"]) else "f32"
    trained = common.median([next(s for s in r["stages"] if s["stage"] == "net")["fit"]
                             ["training_seconds"] for r in reports])
    rows, threads = first["train"]["rows"], first["threads"]
    all_seconds = 0
    print(f"\n**{name}**, {rows} images, {kind}, of {peak[kind]:.0f} GFLOP/s a core\n")
    print("| layer | forward, us an image | share of peak | backward, us an image "
          "| share of peak |\n|---|---:|---:|---:|---:|")
    for i, layer in enumerate(first["layers"]):
        cells = []
        for way in ("forward", "backward"):
            seconds = middle(reports, i, way + "_seconds")
            all_seconds += seconds
            cells += [f"{1e6 * seconds / rows:.2f}",
                      share(layer[way + "_multiply_adds"], seconds,
                            peak["f32" if layer["line"] == 0 else kind])]
        label = layer["layer"] + (f", line {layer['line']}" if layer["line"] else ", added")
        print(f"| {label} | {' | '.join(cells)} |")
    print(f"\nLayers take {100 * all_seconds / threads / trained:.0f} % of the {trained:.2f} s of "
          f"training on {threads} threads; the rest are batches, the optimizer, waiting at the "
          "end of a step, and making kernels ready once.")


def arguments(words):
    p = argparse.ArgumentParser(description=__doc__, parents=[common.arguments("")],
                                formatter_class=argparse.RawTextHelpFormatter,
                                conflict_handler="resolve")
    p.add_argument("--rows", type=common.positive, default=200 * BATCH, metavar="ROWS",
                   help="training rows (default: %(default)s)")
    p.add_argument("--net", action="append", choices=list(net.NETS), help="this net (default: all)")
    p.add_argument("--pipeline", action="append", default=[], metavar="FILE",
                   help="a pipeline that ends with a net, for one epoch; may be given again")
    a = p.parse_args(words)
    a.rows = min(a.rows, net.EPOCH)
    return a


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    a, extra = arguments(sys.argv[1:at]), sys.argv[at + 1:]
    program, threads, peak = common.program("mnistpipe"), len(os.sched_getaffinity(0)), peaks()
    print(f"\n{common.machine()}; medians of {a.n} runs")
    with tempfile.TemporaryDirectory() as folder:
        net.write_data(a.data, a.rows, folder)
        for name in a.net or ([] if a.pipeline else list(net.NETS)):
            path = net.write_pipeline(name, folder)
            table(name, [report(program, path, folder, threads, extra) for _ in range(a.n)], peak)
        for path in a.pipeline:
            table(path, [report(program, path, folder, threads,
                                ["--set", "net.epochs=1", *extra]) for _ in range(a.n)], peak)


if __name__ == "__main__":
    main()
