#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of the models of bench/models.py, by scikit-learn or, the nearest neighbours, by faiss.

usage: model.py FOLDER NAME sklearn|faiss

FOLDER holds MNIST's four IDX files, not packed.  Prints one line of JSON: the test accuracy and the
seconds that learning and predicting take.
Needs python3-numpy, and python3-sklearn or python3-faiss.
"""
import json, sys, time
import numpy as np


class Faiss:
    """All cores compare rows with all others by products of matrices, in floats."""

    def __init__(self):
        import faiss
        self.open = faiss.IndexFlatL2

    def fit(self, x, y):
        self.index = self.open(x.shape[1])
        self.index.add(x)
        self.classes = y
        return self

    def predict(self, x):
        votes = self.classes[self.index.search(x, 3)[1]]
        return np.array([np.bincount(row).argmax() for row in votes])


def by_sklearn(name):
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import (LinearDiscriminantAnalysis,
                                               QuadraticDiscriminantAnalysis)
    from sklearn.ensemble import (ExtraTreesClassifier, HistGradientBoostingClassifier,
                                  RandomForestClassifier)
    from sklearn.linear_model import SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC
    # Rows are floats, of which neighbours are found sooner than of doubles.
    return {
        "knn": lambda: KNeighborsClassifier(3, algorithm="brute", n_jobs=-1),
        "knn, cosine": lambda: KNeighborsClassifier(3, algorithm="brute", metric="cosine",
                                                    n_jobs=-1),
        "knn, l1": lambda: KNeighborsClassifier(3, algorithm="brute", metric="manhattan",
                                                n_jobs=-1),
        "lda": lambda: make_pipeline(PCA(40, svd_solver="randomized"),
                                     LinearDiscriminantAnalysis()),
        "quadratic": lambda: make_pipeline(PCA(40, svd_solver="randomized"),
                                           QuadraticDiscriminantAnalysis()),
        "bayes": lambda: GaussianNB(var_smoothing=0.01),
        "centroid": NearestCentroid,
        "random forest": lambda: RandomForestClassifier(100, n_jobs=-1, random_state=1),
        "extra trees": lambda: ExtraTreesClassifier(100, n_jobs=-1, random_state=1),
        "boost": lambda: HistGradientBoostingClassifier(max_iter=20, early_stopping=False),
        "boost, 64 bins": lambda: HistGradientBoostingClassifier(max_iter=20, max_bins=64,
                                                                 early_stopping=False),
        "stumps": lambda: HistGradientBoostingClassifier(max_iter=50, max_depth=1,
                                                         early_stopping=False),
        "boost, all rows count": lambda: HistGradientBoostingClassifier(max_iter=20,
                                                                        early_stopping=False),
        "sgd": lambda: SGDClassifier(max_iter=5, tol=None, average=True, n_jobs=-1, random_state=1),
        "sgd, log": lambda: SGDClassifier(loss="log_loss", max_iter=5, tol=None, average=True,
                                          n_jobs=-1, random_state=1),
        "rbf_svm": lambda: SVC(C=10, gamma=0.02, cache_size=400),
        "rbf_svm, all rows": lambda: SVC(C=10, gamma=0.02, cache_size=2000),
        "poly_svm": lambda: SVC(kernel="poly", degree=4, gamma=0.02, coef0=1, C=1, cache_size=400),
    }[name]()


def read(folder, part):
    images = np.fromfile(f"{folder}/{part}-images-idx3-ubyte", np.uint8, offset=16)
    labels = np.fromfile(f"{folder}/{part}-labels-idx1-ubyte", np.uint8, offset=8)
    return images.reshape(len(labels), -1) / np.float32(255), labels


def main():
    folder, name, library = sys.argv[1:]
    (x, y), (test, truth) = read(folder, "train"), read(folder, "t10k")
    model = Faiss() if library == "faiss" else by_sklearn(name)
    start = time.perf_counter()
    model.fit(x, y)
    learned = time.perf_counter()
    answers = model.predict(test)
    print(json.dumps({"accuracy": float(np.mean(answers == truth)), "learn": learned - start,
                      "predict": time.perf_counter() - learned}))


if __name__ == "__main__":
    main()
