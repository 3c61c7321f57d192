#!/usr/bin/python3
"""What augmentation costs a net that trains: the pipelines named (by default cnn, lenet5, mlp)
with the line `augment` and without it, in turns, on all cores.  Seconds an epoch are those of a
run less those of a run that is EPOCHS shorter, so that preparations do not count.  Prints
Markdown.  Needs python3-numpy.
"""
import json, os, subprocess, sys, tempfile
sys.dont_write_bytecode = True
import common
from net import write_idx

DEFAULT = ["cnn", "lenet5", "mlp"]
FEW = 100  # test images: they are none of what is measured


def variants(file, folder):
    """The pipeline without augment, and with it just before the net, unless it has a place."""
    with open(file) as f:
        lines = f.read().splitlines()
    without = [line for line in lines if line.split()[:1] != ["augment"]]
    if without == lines:
        at = next((i for i, line in enumerate(lines) if line.split()[:1] == ["net"]), None)
        if at is None:
            sys.exit(f"{file}: has no net")
        lines = lines[:at] + ["augment"] + lines[at:]
    paths = []
    for name, text in (("without", without), ("with", lines)):
        paths.append(os.path.join(folder, name + ".txt"))
        with open(paths[-1], "w") as f:
            f.write("\n".join(text) + "\n")
    return paths


def training_seconds(program, pipeline, folder, epochs, extra):
    done = subprocess.run(
        [program, "run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte", "--test",
         f"{folder}/t10k-images-idx3-ubyte", "--quiet", "--json", "-o", f"{folder}/run", "--set",
         f"net.epochs={epochs}", *extra], check=True, stdout=subprocess.PIPE)
    stages = json.loads(done.stdout)["stages"]
    return next(s for s in stages if s["stage"] == "net")["fit"]["training_seconds"]


def epoch(program, pipeline, folder, epochs, extra):
    short = training_seconds(program, pipeline, folder, 1, extra)
    seconds = (training_seconds(program, pipeline, folder, 1 + epochs, extra) - short) / epochs
    if seconds <= 0:
        sys.exit("the shorter run took longer: other work disturbs")
    return seconds


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    p = common.arguments(__doc__ + "What follows -- is handed to `mnistpipe run`.")
    p.add_argument("-p", action="append", metavar="FILE", help="a pipeline; may be given again")
    p.add_argument("-e", type=common.positive, default=1, metavar="EPOCHS",
                   help="epochs timed in a run (default: %(default)s)")
    a, extra = p.parse_args(sys.argv[1:at]), sys.argv[at + 1:]
    program = common.program("mnistpipe")
    print(f"{common.machine()}; {a.rows} rows; {a.n} runs of each, in turns; medians\n")
    print("| pipeline | seconds an epoch without augment | with | ratio | of the pairs |")
    print("|---|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        write_idx(folder, "train", *common.mnist(a.data, "train", a.rows))
        write_idx(folder, "t10k", *common.mnist(a.data, "t10k", FEW))
        for file in a.p or [f"{common.SOURCE}/pipelines/{n}.txt" for n in DEFAULT]:
            pair = variants(file, folder)
            runs = []
            for i in range(a.n):
                runs.append([epoch(program, f, folder, a.e, extra) for f in pair])
                common.say(f"{file}, run {i + 1}: %.3f without, %.3f with" % tuple(runs[-1]))
            plain, drawn = (common.median(side) for side in zip(*runs))
            ratios = sorted(y / x for x, y in runs)
            print(f"| `{os.path.basename(file)}` | {plain:.2f} | {drawn:.2f} | {drawn / plain:.3f} "
                  f"| {ratios[0]:.3f} .. {ratios[-1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
