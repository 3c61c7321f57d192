#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kernelmap.py - frozen numbers for kernelmap: scikit-learn's AdditiveChi2Sampler; that many samples
come near to the other kernels, which it does not have, kernelmap.test says."""
import numpy as np
import sklearn
from sklearn.kernel_approximation import AdditiveChi2Sampler

from common import frozen, group, vectors

with frozen("kernelmap.txt", np, sklearn) as f:
    for line, samples, interval in ("kernelmap", 2, None), ("kernelmap samples=1", 1, None), \
            ("kernelmap samples=3", 3, None), ("kernelmap samples=2 interval=0.3", 2, 0.3):
        x = vectors(13)[10:].reshape(-1, 28, 28)[:, 8:20, 8:20].reshape(3, -1)
        y = AdditiveChi2Sampler(sample_steps=samples, sample_interval=interval)
        y = y.fit(x).transform(x)
        group(f, f"case crop margin=8 | {line}\nrows 10 3\nnear 1e-5\nshape 1 {y.shape[1]} 1", y)
