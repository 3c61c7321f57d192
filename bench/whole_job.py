#!/usr/bin/python3
"""From two CSV files to a test accuracy, as whole processes: bench/peers/glue.py, what one
would put together from pandas, OpenCV and scikit-learn, against

    mnistpipe run pipelines/hog_svm.txt --train train.csv --test test.csv

What follows -- is handed to `mnistpipe run`.  Prints Markdown.
Needs python3-numpy, python3-pandas, python3-opencv, python3-sklearn.
"""
import json, os, subprocess, sys, tempfile, time
sys.dont_write_bytecode = True
import common


def run(command, folder, environment=None):
    """Output, and what the process took: seconds by the clock, of CPU, MB of memory."""
    start = time.perf_counter()
    p = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder,
                         env=environment)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.perf_counter() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {p.returncode}")
    return out, {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
                 "memory": usage.ru_maxrss / 1024}


def peer(folder):
    script = os.path.join(common.SOURCE, "bench/peers/glue.py")
    out, taken = run([sys.executable, script, "train.csv", "test.csv"], folder)
    return dict(taken, **json.loads(out))


def ours(folder, program, pipeline, extra):
    out, taken = run([program, "run", pipeline, "--train", "train.csv", "--test", "test.csv",
                      "--quiet", "--json", "-o", "run", *extra], folder)
    report = json.loads(out)
    seconds = {"read": report["seconds"]["read"]}
    for stage in report["stages"]:
        fit, apply = stage["fit"], stage["apply"]["seconds"]
        if stage["group"] == "models":
            seconds[stage["stage"]] = fit["seconds"] + fit["training_seconds"]
            seconds["predict"] = apply
        else:
            learn = fit["seconds"] + fit["training_seconds"] if fit else 0
            seconds[stage["stage"]] = seconds.get(stage["stage"], 0) + learn + apply
    return dict(taken, accuracy=report["test"]["accuracy"], seconds=seconds)


def middle(runs, *path):
    values = runs
    for key in path:
        values = [v.get(key) for v in values]
    return None if values[0] is None else common.median(values)


def table(a, b):
    """a: the peer's runs, b: ours."""
    def row(name, form, *path, factor=1, ratio=True):
        x, y = middle(a, *path), middle(b, *path)
        cells = ["-" if v is None else form % (factor * v) for v in (x, y)]
        both = ratio and x is not None and y is not None and y > 0
        print(f"| {name} | {cells[0]} | {cells[1]} | {'%.1f' % (x / y) if both else ''} |")

    print(f"\n{common.machine()}; medians of alternating runs ({len(a)} of each)\n")
    print("| | pandas, OpenCV, scikit-learn | mnistpipe | ratio |\n|---|---:|---:|---:|")
    row("whole job, seconds", "%.2f", "wall")
    row("CPU seconds", "%.2f", "cpu")
    row("peak memory, MiB", "%.0f", "memory")
    row("test accuracy, %", "%.2f", "accuracy", factor=100, ratio=False)
    for step in dict(a[0]["seconds"], **b[0]["seconds"]):
        row(f"of it {step}, seconds", "%.2f", "seconds", step, ratio=False)
    print("\nSteps of mnistpipe are summed over threads, but for reading and training.")


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    p = common.arguments(__doc__)
    p.add_argument("--pipeline", default=os.path.join(common.SOURCE, "pipelines/hog_svm.txt"),
                   help="what mnistpipe runs (default: pipelines/hog_svm.txt)")
    a = p.parse_args(sys.argv[1:at])
    program, pipeline = common.program("mnistpipe"), os.path.abspath(a.pipeline)
    theirs, own = [], []
    with tempfile.TemporaryDirectory() as folder:
        common.say("writing train.csv and test.csv")
        common.write_csv(f"{folder}/train.csv", *common.mnist(a.data, "train", a.rows))
        common.write_csv(f"{folder}/test.csv", *common.mnist(a.data, "t10k"))
        for i in range(a.n):
            theirs.append(peer(folder))
            own.append(ours(folder, program, pipeline, sys.argv[at + 1:]))
            x, y = theirs[-1], own[-1]
            common.say(f"run {i + 1}: glue.py {x['wall']:.2f} s, {100 * x['accuracy']:.2f} %; "
                       f"mnistpipe {y['wall']:.2f} s, {100 * y['accuracy']:.2f} %; "
                       f"ratio {x['wall'] / y['wall']:.1f}")
    table(theirs, own)


if __name__ == "__main__":
    main()
