#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of pipelines/hog_svm.txt, put together from Python's libraries.

usage: glue.py TRAIN.csv TEST.csv

pandas reads, OpenCV deskews and describes image by image, scikit-learn learns.
All settings of the libraries are as they come, threads included.  Prints one line of JSON:
the test accuracy and the seconds of each step.
Needs python3-pandas, python3-opencv, python3-sklearn.
"""
import json, sys, time
import cv2
import numpy as np
import pandas as pd
from sklearn.svm import LinearSVC

SIDE = 28
HOG = cv2.HOGDescriptor((SIDE, SIDE), (8, 8), (4, 4), (4, 4), 9)
seconds = {}


def timed(step, work, *args):
    start = time.perf_counter()
    result = work(*args)
    seconds[step] = seconds.get(step, 0) + time.perf_counter() - start
    return result


def read(path):
    table = pd.read_csv(path, dtype=np.uint8).to_numpy()
    return np.ascontiguousarray(table[:, 1:]).reshape(-1, SIDE, SIDE), table[:, 0]


def deskew(image):
    """As in OpenCV's samples/python/digits.py."""
    m = cv2.moments(image)
    if abs(m["mu02"]) < 1e-2:
        return image.copy()
    slant = m["mu11"] / m["mu02"]
    shear = np.array([[1, slant, -0.5 * SIDE * slant], [0, 1, 0]], np.float32)
    return cv2.warpAffine(image, shear, (SIDE, SIDE),
                          flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR)


def deskew_all(images):
    return np.stack([deskew(image) for image in images])


def describe_all(images):
    rows = np.empty((len(images), HOG.getDescriptorSize()), np.float32)
    for row, image in zip(rows, images):
        row[:] = HOG.compute(image).ravel()
    return rows


def features(path):
    images, labels = timed("read", read, path)
    return timed("hog", describe_all, timed("deskew", deskew_all, images)), labels


def main():
    x, y = features(sys.argv[1])
    test_x, test_y = features(sys.argv[2])
    model = LinearSVC(C=0.5, dual=False)
    timed("svm", model.fit, x, y)
    right = timed("predict", model.predict, test_x) == test_y
    print(json.dumps({"accuracy": float(right.mean()), "seconds": seconds}))


if __name__ == "__main__":
    main()
