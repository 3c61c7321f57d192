#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microseconds an image of features and filters on one core, beside the functions of Python that people take:
scikit-image, SciPy, OpenCV, PyWavelets.

A run of each side goes over MNIST's test images, of ours the median of five passes
(bench/kernels.c); peers are called for one image after another, which is how they are made, with
histograms and the like by NumPy.  Beside it: the mean absolute difference of the results on the
first ten images, where both mean the same.  What none of them has is not here.  --stage picks those whose line
contains the words.  Needs python3-numpy, and for the peers python3-skimage, python3-scipy,
python3-opencv, python3-pywt.
"""
import sys, time, warnings
sys.dont_write_bytecode = True
import numpy as np
import common

warnings.simplefilter("ignore")


def with_skimage(s):
    from skimage import feature, measure

    def lbp(x):
        codes = feature.local_binary_pattern(x, 8, 1, "uniform").astype(int)
        cell = np.arange(28) // 7
        at = (cell[:, None] * 4 + cell) * 10 + codes
        return np.bincount(at.ravel(), minlength=160) / 49

    def holes(x):
        ink = np.pad(x > 0.5, 1)
        pieces, number = measure.label(ink, connectivity=2).max(), measure.euler_number(ink, 2)
        return np.array([pieces, pieces - number, number])

    def hu(x):
        v = measure.moments_hu(measure.moments_normalized(measure.moments_central(x)))
        return v * [1, 1, 1, 1, 1, 1, -1]   # its axes are y and x

    def table(x):
        grey = np.minimum((x * 8).astype(np.uint8), 7)
        t = feature.graycomatrix(grey, [1, np.sqrt(2)], np.arange(4) * np.pi / 4, 8, symmetric=True,
                                 normed=True)
        return np.array([[feature.graycoprops(t, n)[i % 2, i] for i in range(4)] for n in
                         ("ASM", "contrast", "correlation", "homogeneity")]).mean(axis=1)

    name = "scikit-image " + s.__version__
    return skimage_filters(name) + [
        ("lbp", name, lbp, None), ("holes", name, holes, None), ("hu log=no", name, hu, None),
        ("haralick", name + " (4 of 13)", table, [0, 1, 2, 4]),
        ("zoning", name, lambda x: measure.block_reduce(x, (4, 4), np.mean).ravel(), None),
        ("hog cell=4 block=2 bins=9 signed=no norm=l2hys cells=box", name, lambda x: feature.hog(
            x, 9, (4, 4), (2, 2), block_norm="L2-Hys"), None),
    ]


def skimage_filters(name):
    from skimage import exposure, feature, filters, morphology, restoration, transform

    def sauvola(x):
        paper = 255 - 255 * x
        return paper < filters.threshold_sauvola(paper, 15, 0.2, 128)

    other = name + " (otherwise defined)"
    return [(stage, who, lambda x, work=work: np.asarray(work(x)).ravel(), None)
            for stage, who, work in (
        ("blur sigma=1", name, lambda x: filters.gaussian(x, 1, mode="constant")),
        ("edge op=sobel border=reflect", name, filters.sobel),
        ("median radius=1 border=nearest", name, lambda x: filters.median(x, np.ones((3, 3)))),
        ("morphology op=close radius=1", name, lambda x: morphology.closing(x, np.ones((3, 3)))),
        ("gabor count=1", name, lambda x: np.hypot(*filters.gabor(
            x, 1 / 6, sigma_x=2.5, sigma_y=2.5, mode="constant"))),
        ("threshold method=otsu", name, lambda x: x > filters.threshold_otsu(x)),
        ("threshold method=li", name, lambda x: x > filters.threshold_li(x)),
        ("threshold method=triangle", name, lambda x: x > filters.threshold_triangle(x)),
        ("threshold method=sauvola k=0.2", name, sauvola),
        ("rotate angle=10", name, lambda x: transform.rotate(x, -10)),
        ("resize width=56 height=56 kernel=linear", name, lambda x: transform.resize(x, (56, 56))),
        ("skeleton", other, lambda x: morphology.skeletonize(x > 0.5)),
        ("canny", other, feature.canny),
        ("clahe", other, lambda x: exposure.equalize_adapthist(x, 14, 4 / 256)),
        ("bilateral", other, lambda x: restoration.denoise_bilateral(x, 7, 0.2, 1.5)),
        ("nlmeans", other, lambda x: restoration.denoise_nl_means(x, 3, 5, 0.2)))]


def with_cv2(cv2):
    name = "OpenCV " + cv2.__version__
    return [
        ("zoning", name, lambda x: cv2.resize(x, (7, 7), interpolation=cv2.INTER_AREA).ravel(), None),
        ("hu log=no", name, lambda x: cv2.HuMoments(cv2.moments(x)).ravel(), None),
    ]


def with_scipy(s):
    from scipy import fft, ndimage
    order = sorted(np.ndindex(28, 28), key=lambda p: (sum(p), p[0] if sum(p) % 2 else -p[0]))[:64]
    y, x = np.array(order).T
    name = "SciPy " + s.__version__
    return [("dct keep=64", name, lambda image: fft.dctn(image, norm="ortho")[y, x], None),
            ("distance", name, lambda image: np.minimum(ndimage.distance_transform_edt(image > 0.5)
                                                        / 8, 1).ravel(), None),
            ("log sigma=1", name, lambda image: -ndimage.gaussian_laplace(
                image, 1, mode="constant").ravel(), None)]


def with_pywt(pywt):
    def haar(x):
        a, *details = pywt.wavedec2(x, "haar", level=2)
        return np.concatenate([a.ravel()] + [b.ravel() for d in details for b in d])
    return [("haar levels=2", "PyWavelets " + pywt.__version__, haar, None)]


PEERS = (("skimage", "python3-skimage", with_skimage), ("cv2", "python3-opencv", with_cv2),
         ("scipy", "python3-scipy", with_scipy), ("pywt", "python3-pywt", with_pywt))


def ours(program, rows, images, stage):
    found = common.run([program, "-r", rows, images, stage], common.OWN)[0].split()
    return {"us": common.median([float(v) for v in found])}


def theirs(work, x, off):
    start = time.perf_counter()
    for image in x:
        work(image)
    return {"us": 1e6 * (time.perf_counter() - start) / len(x), "mean difference": off}


def difference(b, program, images, stage, work, columns, x):
    out = f"{b.folder.name}/out"
    common.run([program, "-n", "1", "-r", str(len(x)), "-o", out, images, stage])
    mine = np.fromfile(out, np.float32).reshape(len(x), -1)
    mine = mine[:, columns] if columns else mine
    return float(np.mean(np.abs(mine - [work(image) for image in x])))


def main():
    b = common.Bench(__doc__, rows=2000, quick=100, options=lambda p: p.add_argument(
        "--stage", default="", metavar="WORDS", help="only stages with these words"))
    program = common.program("bench/kernels")
    images = common.idx_path(b.data, "t10k-images-idx3-ubyte")
    x = common.mnist(b.data, "t10k", b.rows)[0].astype(np.float32) / 255
    stages = {}
    for module, package, make in PEERS:
        found = b.module(module, package)
        for stage, name, work, columns in make(found) if found else []:
            stages.setdefault(stage, []).append((name, work, columns))
    for stage, peers in stages.items():
        if b.stage not in stage:
            continue
        sides = {"mnistpipe": lambda: ours(program, str(b.rows), images, stage)}
        for name, work, columns in peers:
            off = difference(b, program, images, stage, work, columns, x[:10])
            sides[name] = lambda work=work, off=off: theirs(work, x, off)
        b.compare(stage.split(" signed")[0], sides, common.Case("us", "us an image"))
    b.end()


if __name__ == "__main__":
    main()
