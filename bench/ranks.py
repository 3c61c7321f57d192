#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 2 to 64 processes would take for 8 100 000 rows of hog_svm on a network of 10 Gbit/s: a
model, from what `mpirun -n 1 .. 4 mnistpipe run` works, sends and exchanges for fewer rows on this
machine.

Of the seconds of processors (processes have one thread each; those of waiting are not counted) a
line is fitted: seconds = step x exchanges + own x rows + shared x rows / processes. The first two
are what all do alike: in each step of the solver, and for all rows. Bytes and exchanges do not
depend on how busy the machine is, seconds do. The model assumes that each process has a core and
memory for its rows (4.6 KB each) like here, that all are equally fast, that a process sends and
receives 1.25 GB/s while it computes nothing, that an exchange is three calls of MPI, each of 50 us
for each doubling of the processes, beside 0.25 ms until one that sleeps has looked, that the
solver needs as many passes as for the most rows measured, and that pages of the file come as fast
as here, where they are in memory. More processes than the solver has parts, 16, share nothing more
of its work.

Rows beyond MNIST's are its own, shifted and sheared.  Needs python3-numpy and mpirun; build with
./configure --with-mpi.
"""
import os, re, shutil, subprocess, sys, tempfile
sys.dont_write_bytecode = True
if "TMPDIR" not in os.environ:
    tempfile.tempdir = "/var/tmp"   # /tmp may be memory
import numpy as np
import common, rows, scale

MOST, PARTS = 8100000, 16
NETWORK, CALLS, DOUBLING, LOOK = 1.25e9, 3, 50e-6, 0.25e-3   # bytes a second; -; seconds
LINE = re.compile(r"rank \d+ on .*: [\d.]+ s, [\d.]+ of them waiting; ([\d.]+) s of processors; "
                  r"([\d.]+) MB sent in (\d+) exchanges")


def shared(program, arguments, n):
    """Of each of n processes: seconds of processors, bytes sent; and exchanges."""
    env = dict(common.OWN, OMP_NUM_THREADS="1", OMPI_ALLOW_RUN_AS_ROOT="1",
               OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1",
               OMPI_MCA_hwloc_base_binding_policy="none")
    p = subprocess.run(["mpirun", "-n", str(n), program, *arguments], env=env, text=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = LINE.findall(p.stderr)
    if p.returncode != 0 or len(said) != n:
        sys.exit(f"mpirun -n {n}: failed: {p.stderr}")
    return {"work": max(float(s[0]) for s in said), "sent": max(float(s[1]) for s in said) * 1e6,
            "exchanges": int(said[0][2])}


def alone(program, arguments, _):
    env = dict(common.OWN, OMP_NUM_THREADS="1")
    return {"work": common.run([program, *arguments], env=env, to_nothing=True)[1]["cpu"],
            "sent": 0, "exchanges": 0}


def least_squares(equations, values):
    """No term is below 0: one that would be is left out."""
    a, y = np.array(equations, float), np.array(values, float)
    use = list(range(a.shape[1]))
    while True:
        found = np.linalg.lstsq(a[:, use], y, rcond=None)[0]
        if (found >= 0).all():
            break
        use.pop(int(np.argmin(found)))
    all_terms = np.zeros(a.shape[1])
    all_terms[use] = found
    return all_terms


def sent_terms(rows, n):
    """A gather of all to all, and one that carries a sum of 16 parts; the former may grow with the
    rows, as it did when each row had something to say."""
    return [(n - 1) / n * (1 + PARTS / n), (n - 1) / n * rows]


def model(measured):
    """{(rows, processes): what was found} -> seconds of so many processes, and their terms."""
    several = {k: m for k, m in measured.items() if k[1] > 1}
    steps = {rows: m["exchanges"] for (rows, n), m in several.items()}
    work = least_squares([[steps[rows], rows, rows / n] for rows, n in measured],
                         [m["work"] for m in measured.values()])
    bytes_ = least_squares([sent_terms(*k) for k in several],
                           [m["sent"] / m["exchanges"] for m in several.values()])
    exchanges = several[max(several)]["exchanges"]

    def seconds(n):
        own = work @ [exchanges, MOST, 0]
        pieces = work[2] * MOST / min(n, PARTS)
        sent = exchanges * bytes_ @ sent_terms(MOST, n) if n > 1 else 0
        waits = exchanges * CALLS * (DOUBLING * np.log2(n) + LOOK) if n > 1 else 0
        return {"own": own, "shared": pieces, "sent": sent, "network": sent / NETWORK + waits,
                "all": own + pieces + sent / NETWORK + waits}
    return work, bytes_, exchanges, seconds


def main():
    b = common.Bench(__doc__, rows=240000, quick=8000, runs=1)
    program = common.program("mnistpipe")
    if shutil.which("mpirun") is None:
        b.missing("mpirun", "openmpi-bin")
        return b.end()
    if "HAVE_MPI 1" not in open(os.path.dirname(program) + "/config.h").read():
        b.note("mnistpipe was built without --with-mpi: nothing is measured.")
        return b.end()
    images, labels = common.mnist(b.data, "train")
    common.write_idx(b.folder.name, "t10k", *common.mnist(b.data, "t10k", 1000))
    pipeline = f"{b.folder.name}/pipeline.txt"
    with open(pipeline, "w") as f:
        f.write(f"data train=x test=x\n{scale.PIPELINES['hog_svm']}\n")
    measured = {}
    for size in b.rows // 4, b.rows // 2, b.rows:
        folder = f"{b.folder.name}/{size}"
        rows.write(folder, images, labels, size)
        arguments = ["run", pipeline, "--train", f"{folder}/train-images-idx3-ubyte", "--test",
                     f"{b.folder.name}/t10k-images-idx3-ubyte", "-o"]
        for n in 1, 2, 3, 4:
            found = [(alone if n == 1 else shared)(program, [*arguments, f"{folder}/{n}-{i}"], n)
                     for i in range(b.runs)]
            measured[size, n] = min(found, key=lambda m: m["work"])
            b.add(f"{size} rows, {n} process{'es' * (n > 1)}", {"mnistpipe": found},
                  common.Case("work", "s", "processors, of each"))
            common.say(f"ranks: {size} rows, {n} processes: {found[0]}")
    work, bytes_, exchanges, seconds = model(measured)
    b.note(f"Work of a process: {1e3 * work[0]:.2f} ms an exchange + {1e6 * work[1]:.2f} us a "
           f"row + {1e6 * work[2]:.2f} us for each of its own rows. Sent by each of p "
           f"in each of {exchanges} exchanges, on the average: {bytes_[0] / 1e3:.1f} kB x (p - 1)/p "
           f"(1 + {PARTS}/p) + {bytes_[1]:.2f} "
           f"bytes a row x (p - 1)/p.")
    one = seconds(1)["all"]
    b.note("\n".join(
        [f"| {MOST} rows by | what all do alike | its share | sent by each | network | all | "
         "efficiency |", "|---:|---:|---:|---:|---:|---:|---:|"] +
        [f"| {n} | {s['own']:.1f} s | {s['shared']:.1f} s | {s['sent'] / 1e9:.2f} GB | "
         f"{s['network']:.1f} s | {s['all']:.1f} s | {100 * one / s['all'] / n:.0f} % |"
         for n in (1, 2, 4, 8, 16, 32, 64) for s in [seconds(n)]]))
    b.end()


main()
