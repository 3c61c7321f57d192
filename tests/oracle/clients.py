#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""clients.py CLIENTS.tar.gz - one small data set as the programs write it that people use

Needs numpy, pandas, scikit-learn, Pillow, OpenCV, ImageMagick (convert), R (Rscript), Weka
(weka.jar and java) and LibreOffice (soffice). What is not there is left out, and said. In the
archive, `list` has a line for each data set: who wrote it, the file, the settings of the `data`
line, and the table that mnistpipe has to make of it, in Kaggle's form. tests/cli/clients.sh reads
them.
"""
import bz2
import csv
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROWS, SIDE = 20, 8
PIXELS = SIDE * SIDE
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LIST = []
VERSIONS = []


def value(i, j):
    """Ink in one pixel of three, both ends of the range among it."""
    r = (i * 2654435761 + j * 40503 + i * j * 97) % 1000003
    return 255 * (j % 2) if (i + j) % 23 == 0 else r % 256 if r % 3 == 0 else 0


LABELS = [i % 10 for i in range(ROWS)]
IMAGES = [[value(i, j) for j in range(PIXELS)] for i in range(ROWS)]
NAMES = [f"pixel{j}" for j in range(PIXELS)]


def table(name, rows, labels=LABELS):
    with open(name, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["label", *NAMES])
        out.writerows([y, *x] for y, x in zip(labels, rows))
    return name


def add(who, file, settings="", right="right.csv"):
    LIST.append(f"{who}|{file}|{settings}|{right}")


def numpy():
    import numpy as np
    VERSIONS.append(f"numpy {np.__version__}")
    x = np.array(IMAGES, np.uint8).reshape(ROWS, SIDE, SIDE)
    y = np.array(LABELS)
    np.save("labels.npy", y)
    for name, a in {
        "bytes": x, "shares": (x / 255).astype("f4"), "doubles": x.astype("f8"),
        "int64": x.astype("i8"), "big": x.astype(">i4"), "fortran": np.asfortranarray(x),
        "flat": x.reshape(ROWS, PIXELS), "channel": x[..., None], "short": x.astype("u2") * 257,
        "half": x.astype("f2"), "centred": x / 127.5 - 1,
    }.items():
        np.save(f"np-{name}.npy", a)
        add(f"numpy save, {name}", f"np-{name}.npy", "train_labels=labels.npy")
    np.savez("np-keras.npz", x_train=x, y_train=y, x_test=x[:4], y_test=y[:4])
    np.savez_compressed("np-medmnist.npz", train_images=x, train_labels=y[:, None].astype("u1"),
                        val_images=x[:4], val_labels=y[:4, None].astype("u1"),
                        test_images=x[:5], test_labels=y[:5, None].astype("u1"))
    np.savez_compressed("np-packed.npz", x=x, y=y.astype("i4"))
    for name in ("keras", "medmnist"):
        add(f"numpy savez, {name}", f"np-{name}.npz:train")
    add("numpy savez_compressed, x and y", "np-packed.npz")
    np.savez_compressed("np-k49-imgs.npz", x)
    np.savez_compressed("np-k49-labels.npz", y)
    add("numpy savez, arr_0", "np-k49-imgs.npz", "train_labels=np-k49-labels.npz")
    both = np.column_stack([y, x.reshape(ROWS, PIXELS)])
    np.savetxt("np-savetxt.txt", both)
    np.savetxt("np-savetxt.csv", both, fmt="%d", delimiter=",")
    np.savetxt("np-savetxt-header.csv", both, fmt="%d", delimiter=",",
               header=",".join(["label", *NAMES]))
    add("numpy savetxt", "np-savetxt.txt", "label=first")
    add("numpy savetxt, %d and commas", "np-savetxt.csv", "label=first")
    add("numpy savetxt, header", "np-savetxt-header.csv")


def pandas():
    import pandas as pd
    VERSIONS.append(f"pandas {pd.__version__}")
    d = pd.DataFrame([[y, *x] for y, x in zip(LABELS, IMAGES)], columns=["label", *NAMES])
    for name, how in {
        "index": {}, "plain": {"index": False}, "semicolon": {"index": False, "sep": ";"},
        "tab": {"index": False, "sep": "\t"}, "quoted": {"index": False, "quoting": 1},
        "utf16": {"index": False, "encoding": "utf-16"},
        "utf8-sig": {"index": False, "encoding": "utf-8-sig"},
        "crlf": {"index": False, "lineterminator": "\r\n"},
    }.items():
        d.to_csv(f"pd-{name}.csv", **how)
        add(f"pandas to_csv, {name}", f"pd-{name}.csv")
    for kind in ("gz", "bz2", "xz", "zip", "tar"):
        d.to_csv(f"pd-packed.csv.{kind}", index=False)
        add(f"pandas to_csv, {kind}", f"pd-packed.csv.{kind}")
    d.astype(float).to_csv("pd-float.csv", index=False)
    add("pandas to_csv, float", "pd-float.csv")
    (d[NAMES] / 255).assign(target=d.label).to_csv("pd-shares-last.csv", index=False)
    add("pandas to_csv, shares, target last", "pd-shares-last.csv")
    d.assign(label=[WORDS[y] for y in LABELS]).to_csv("pd-words.csv", index=False)
    add("pandas to_csv, words", "pd-words.csv", right="words.csv")
    d[["label", *sorted(NAMES)]].to_csv("pd-sorted.csv", index=False)
    add("pandas to_csv, columns sorted as text", "pd-sorted.csv")
    d.insert(0, "id", range(100, 100 + ROWS))
    d.to_csv("pd-id.csv", index=False)
    add("pandas to_csv, id", "pd-id.csv")


def sklearn():
    import sklearn
    from sklearn.datasets import dump_svmlight_file, load_digits
    VERSIONS.append(f"scikit-learn {sklearn.__version__}")
    import numpy as np
    x = np.array(IMAGES, float)
    dump_svmlight_file(x, LABELS, "sk-one.libsvm", zero_based=False)
    dump_svmlight_file(x, LABELS, "sk-zero.libsvm")
    dump_svmlight_file(x / 255, LABELS, "sk-shares.libsvm", zero_based=False, comment="digits")
    for name in ("one", "zero", "shares"):
        add(f"scikit-learn dump_svmlight_file, {name}", f"sk-{name}.libsvm", f"size={SIDE}x{SIDE}")
    digits = os.path.join(os.path.dirname(sklearn.__file__), "datasets", "data", "digits.csv.gz")
    shutil.copy(digits, "sk-digits.csv.gz")
    d = load_digits()
    table("digits.csv", [[int(v * 255 / 16 + 0.5) for v in x] for x in d.data.astype(int)],
          d.target.tolist())
    add("scikit-learn's digits as they are published", "sk-digits.csv.gz", "range=16", "digits.csv")


def folders(who, name, ending, save, decoded=None, settings=""):
    """A folder for each class; `decoded`: what the client itself reads of a file."""
    os.makedirs(name)
    rows = []
    for i, (y, x) in enumerate(zip(LABELS, IMAGES)):
        os.makedirs(f"{name}/{y}", exist_ok=True)
        path = f"{name}/{y}/{i:03}.{ending}"
        save(path, bytes(x))
        rows.append((y, path, decoded(path) if decoded else x))
    right = "pictures.csv"
    rows.sort(key=lambda row: row[:2])
    if decoded:
        right = f"{name}.csv"
    table(right, [x for _, _, x in rows], [y for y, _, _ in rows])
    add(who, name, settings, right)


def pillow():
    import PIL
    from PIL import Image
    VERSIONS.append(f"Pillow {PIL.__version__}")

    def image(x):
        return Image.frombytes("L", (SIDE, SIDE), x)

    def alpha(x):
        a = Image.new("LA", (SIDE, SIDE))
        a.putdata([(0, v) for v in x])  # black ink, as opaque as it is dark
        return a
    for name, ending, make, more in (
        ("png", "png", image, {}), ("bmp", "bmp", image, {}), ("tiff", "tif", image, {}),
        ("gif", "gif", image, {}), ("pgm", "pgm", image, {}),
        ("rgb", "png", lambda x: image(x).convert("RGB"), {}),
        ("palette", "png", lambda x: image(x).convert("P"), {}),
        ("webp", "webp", lambda x: image(x).convert("RGB"), {"lossless": True}),
        ("tiff-lzw", "tif", image, {"compression": "tiff_lzw"}),
    ):
        folders(f"Pillow, {name}", f"pil-{name}", ending,
                lambda path, x: make(x).save(path, **more))
    folders("Pillow, 16 bits", "pil-16", "png", lambda path, x: Image.frombytes(
        "I;16", (SIDE, SIDE), struct.pack(f"<{PIXELS}H", *(257 * v for v in x))).save(path))
    folders("Pillow, jpeg", "pil-jpeg", "jpg", lambda path, x: image(x).save(path, quality=95),
            lambda path: list(Image.open(path).convert("L").getdata()))
    folders("Pillow, alpha on white", "pil-alpha", "png", lambda path, x: alpha(x).save(path),
            lambda path: [255 - a for _, a in Image.open(path).getdata()], "paper=white")


def opencv():
    import cv2
    import numpy as np
    VERSIONS.append(f"OpenCV {cv2.__version__}")

    def image(x):
        return np.frombuffer(x, np.uint8).reshape(SIDE, SIDE)
    for ending in ("png", "bmp", "tiff", "pgm", "webp"):
        more = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == "webp" else []
        folders(f"OpenCV, {ending}", f"cv-{ending}", ending,
                lambda path, x: cv2.imwrite(path, image(x), more))
    folders("OpenCV, jpg", "cv-jpg", "jpg", lambda path, x: cv2.imwrite(path, image(x)),
            lambda path: cv2.imread(path, cv2.IMREAD_GRAYSCALE).ravel().tolist())


def imagemagick():
    done = subprocess.run(["convert", "-version"], stdout=subprocess.PIPE, check=True, text=True)
    VERSIONS.append(" ".join(done.stdout.split()[1:3]))
    def seen(path):  # its GIF has other levels than the image: what Pillow finds in it
        from PIL import Image
        return list(Image.open(path).convert("L").getdata())

    def negative(path):
        return [255 - v for v in IMAGES[int(path[-7:-4])]]
    for name, ending, how, decoded in (("png", "png", [], None), ("tiff", "tiff", [], None),
                                       ("gif", "gif", [], seen),
                                       ("inverted", "png", ["-negate"], negative)):
        folders(f"ImageMagick, {name}", f"im-{name}", ending, lambda path, x: subprocess.run(
            ["convert", "-size", f"{SIDE}x{SIDE}", "-depth", "8", "gray:-", *how, path], input=x,
            check=True), decoded)


def r():
    done = subprocess.run(["Rscript", "--version"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=True, text=True)
    VERSIONS.append(" ".join(done.stdout.split()[:5]))
    subprocess.run(["Rscript", "-"], check=True, text=True, input="""
        d <- read.csv("right.csv")
        write.csv(d, "r-write.csv")
        write.csv(d, "r-no-names.csv", row.names = FALSE)
        write.csv2(d, "r-csv2.csv", row.names = FALSE)
        write.table(d, "r-table.txt")
        names(d) <- paste0("V", seq_along(d))
        write.csv(d, "r-v.csv", row.names = FALSE)
        s <- d; s[-1] <- s[-1] / 255
        write.csv2(s, "r-csv2-shares.csv", row.names = FALSE)
        """)
    for name in ("write.csv", "no-names.csv", "csv2.csv", "table.txt", "v.csv", "csv2-shares.csv"):
        add(f"R, {name}", f"r-{name}")


def weka():
    jar = "/usr/share/java/weka.jar"
    run = ["java", "-cp", jar]
    done = subprocess.run([*run, "weka.core.Version"], stdout=subprocess.PIPE, check=True,
                          text=True)
    VERSIONS.append("Weka " + done.stdout.split()[0])
    for name, right in (("right", "right.csv"), ("words", "words.csv")):
        with open(f"weka-{name}.arff", "w") as f:
            subprocess.run([*run, "weka.core.converters.CSVLoader", "-N", "first", f"{name}.csv"],
                           stdout=f, check=True)
        add(f"Weka, {name}", f"weka-{name}.arff", "label=label", right)
    with open("weka-sparse.arff", "w") as f:
        subprocess.run([*run, "weka.filters.unsupervised.instance.NonSparseToSparse", "-i",
                        "weka-right.arff"], stdout=f, check=True)
    add("Weka, sparse", "weka-sparse.arff", "label=label")


def libreoffice():
    done = subprocess.run(["soffice", "--version"], stdout=subprocess.PIPE, check=True, text=True)
    VERSIONS.append(" ".join(done.stdout.split()[:2]))
    for name, code in (("comma", "44,34,76"), ("semicolon", "59,34,76"),
                       ("quoted", "44,34,76,1,,0,true")):
        subprocess.run(["soffice", "--headless", "--convert-to",
                        f"csv:Text - txt - csv (StarCalc):{code}", "--outdir", "lo", "right.csv"],
                       check=True, stdout=subprocess.DEVNULL)
        os.rename("lo/right.csv", f"lo-{name}.csv")
        add(f"LibreOffice, {name}", f"lo-{name}.csv")


def stdlib():
    VERSIONS.append("Python " + sys.version.split()[0])
    text = open("right.csv", "rb").read()
    header = struct.pack(">4B3I", 0, 0, 8, 3, ROWS, SIDE, SIDE)
    images = header + bytes(v for x in IMAGES for v in x)
    labels = struct.pack(">4BI", 0, 0, 8, 1, ROWS) + bytes(LABELS)
    for name, content in (("py-images-idx3-ubyte", images), ("py-labels-idx1-ubyte", labels)):
        with open(name, "wb") as f:
            f.write(content)
        with gzip.open(f"packed-{name}.gz", "wb") as f:
            f.write(content)
    add("Python, IDX", "py-images-idx3-ubyte")
    add("Python, IDX in gzip", "packed-py-images-idx3-ubyte.gz")
    for ending, pack in (("bz2", bz2.compress), ("xz", lzma.compress), ("gz", gzip.compress)):
        with open(f"py.csv.{ending}", "wb") as f:
            f.write(pack(text))
        add(f"Python, {ending}", f"py.csv.{ending}")
    with zipfile.ZipFile("py-kaggle.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("train.csv", text)
        z.writestr("test.csv", text[:text.index(b"\n3,")])
        z.writestr("sample_submission.csv", "ImageId,Label\n1,0\n")
    add("Python, Kaggle's zip", "py-kaggle.zip:train")
    with tarfile.open("py.tar.gz", "w:gz") as t:
        member = tarfile.TarInfo("data/train.csv")
        member.size = len(text)
        t.addfile(member, io.BytesIO(text))
    add("Python, tar", "py.tar.gz")


def plain(member):
    """The same bytes whenever and by whomever it is written."""
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main():
    to = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        table("right.csv", IMAGES)
        table("words.csv", IMAGES, [WORDS[y] for y in LABELS])
        for client in (stdlib, numpy, pandas, sklearn, pillow, opencv, imagemagick, r, weka,
                       libreoffice):
            try:
                client()
            except (ImportError, OSError, subprocess.SubprocessError) as e:
                print(f"{client.__name__}: left out: {e}", file=sys.stderr)
        with open("list", "w") as f:
            f.write("".join(line + "\n" for line in LIST))
        with open("versions", "w") as f:
            f.write("".join(line + "\n" for line in VERSIONS))
        with open(to, "wb") as f, gzip.GzipFile("", "wb", 9, f, 0) as packed, \
                tarfile.open(fileobj=packed, mode="w") as t:
            for name in sorted(os.listdir(".")):
                if name != "lo":
                    t.add(name, filter=plain)
    print(f"{len(LIST)} data sets: " + ", ".join(VERSIONS))


main()
