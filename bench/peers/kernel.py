#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind the features in pipelines/hog_fourier.txt, by scikit-learn.

usage: kernel.py FOLDER SCALE RIDGE COMPONENTS COSINES SEED

FOLDER holds train.npy, train.labels.npy, test.npy and test.labels.npy, as `mnistpipe export`
writes them.  Prints one line of JSON: the test accuracy and the seconds of each step.
Needs python3-numpy, python3-sklearn.
"""
import json, sys, time
import numpy as np
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import RidgeClassifier

seconds = {}


def timed(step, work, *args):
    start = time.perf_counter()
    result = work(*args)
    seconds[step] = seconds.get(step, 0) + time.perf_counter() - start
    return result


def main():
    folder, (scale, ridge), sizes = sys.argv[1], map(float, sys.argv[2:4]), map(int, sys.argv[4:7])
    components, cosines, seed = sizes
    x, y, test, truth = (np.load(f"{folder}/{name}.npy")
                         for name in ("train", "train.labels", "test", "test.labels"))
    pca = PCA(components, svd_solver="randomized", random_state=seed)
    x = timed("pca", pca.fit_transform, x)
    sampler = RBFSampler(gamma=scale / x.var(axis=0).sum(), n_components=cosines,
                         random_state=seed)
    x = timed("fourier", sampler.fit_transform, x)
    mean = x.mean(axis=0)
    alpha = ridge * np.mean([np.square(x[:, j] - mean[j]).sum() for j in range(0, cosines, 16)])
    model = RidgeClassifier(alpha=alpha, solver="cholesky", copy_X=False)
    timed("ridge", model.fit, x, y)
    answers = timed("predict", lambda: model.predict(sampler.transform(pca.transform(test))))
    print(json.dumps({"accuracy": float(np.mean(answers == truth)), "seconds": seconds}))


if __name__ == "__main__":
    main()
