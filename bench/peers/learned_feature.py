#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of the features of bench/learned_features.py, by scikit-learn.

usage: learned_feature.py FOLDER NAME

FOLDER holds MNIST's four IDX files, not packed.  Prints one line of JSON: the seconds that learning
from the training rows and transforming all rows take, principal components before it included, and
how good what was learned is.
Needs python3-numpy, python3-sklearn.
"""
import json, sys, time
import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.decomposition import NMF, PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem
from sklearn.preprocessing import PolynomialFeatures
from sklearn.random_projection import GaussianRandomProjection

FEW = 10000   # rows that ours learns centres and parts from


def gamma(x):
    """As ours chooses it, from as many rows as there are landmarks."""
    return 0.1 / x[:500].var(0).sum()


# Of each: what learns, from how many rows, and how many principal components it gets.
FEATURES = {
    "nystroem": (lambda x: Nystroem(gamma=gamma(x), n_components=500), None, None),
    "kernelmap": (lambda x: AdditiveChi2Sampler(), None, None),
    "polynomial": (lambda x: PolynomialFeatures(2, include_bias=False), None, 40),
    "random_projection": (lambda x: GaussianRandomProjection(100), None, None),
    "kmeans": (lambda x: KMeans(50, n_init=1, max_iter=20), FEW, None),
    "kmeans, by small batches": (lambda x: MiniBatchKMeans(50, n_init=1), None, None),
    "nmf": (lambda x: NMF(30, init="random", max_iter=50), FEW, None),
    "discriminant": (lambda x: LinearDiscriminantAnalysis(), None, 100),
}


def read(folder, part):
    images = np.fromfile(f"{folder}/{part}-images-idx3-ubyte", np.uint8, offset=16)
    labels = np.fromfile(f"{folder}/{part}-labels-idx1-ubyte", np.uint8, offset=8)
    return images.reshape(len(labels), -1) / np.float32(255), labels


def error(model, x, z):
    """Of clusters and parts: the mean squared distance of rows to what stands for them."""
    if isinstance(model, NMF):
        return float(np.square(x - z @ model.components_).sum(1).mean())
    if isinstance(model, (KMeans, MiniBatchKMeans)):
        return float(np.square(z.min(1)).mean())
    return None


def main():
    folder, name = sys.argv[1:]
    (x, y), (test, _) = read(folder, "train"), read(folder, "t10k")
    make, few, components = FEATURES[name]
    start = time.perf_counter()
    if components:
        pca = PCA(components, svd_solver="randomized", random_state=1).fit(x)
        x, test = pca.transform(x), pca.transform(test)
    model = make(x)
    model.fit(x[:few], y[:few])
    done = model.transform(test)
    model.transform(x)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "error": error(model, test, done)}))


if __name__ == "__main__":
    main()
