#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fourier.py - frozen numbers for fourier: the Gaussian kernel of some digits, how far
scikit-learn's RBFSampler is from it, and its gamma="scale" for rows without a mean."""
import sys
from pathlib import Path

import numpy as np
import sklearn
from common import HERE, vectors
from sklearn.kernel_approximation import RBFSampler
from sklearn.metrics.pairwise import rbf_kernel

ROWS, GAMMA, COMPONENTS, DRAWS = 20, 0.02, 2000, 100

x = vectors(ROWS)
exact = rbf_kernel(x, gamma=GAMMA)
pairs = np.triu_indices(ROWS, 1)
errors = []
for seed in range(DRAWS):
    z = RBFSampler(gamma=GAMMA, n_components=COMPONENTS, random_state=seed).fit_transform(x)
    errors.append((z @ z.T - exact)[pairs])
centred = x - x.mean(0)
gamma = 1 / (centred.shape[1] * centred.var())

with open(HERE / "fourier.h", "w") as f:
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */", file=f)
    print(f"/* Made by {Path(sys.argv[0]).name} with numpy {np.__version__}, scikit-learn "
          f"{sklearn.__version__}; do not edit. */\n"
          f"enum {{ ORACLE_ROWS = {ROWS}, ORACLE_COMPONENTS = {COMPONENTS} }};\n"
          f"static const double oracle_gamma = {GAMMA}, oracle_scale = {gamma:.9g};\n"
          f"static const double oracle_error = {np.sqrt(np.mean(np.square(errors))):.9g};\n"
          "static const double oracle_kernel[] = { /* rows i < j */", file=f)
    values = [f"{v:.9g}," for v in exact[pairs]]
    for i in range(0, len(values), 7):
        print("    " + " ".join(values[i:i + 7]), file=f)
    print("};", file=f)
