#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""legendre.py - frozen numbers for legendre: SciPy's eval_legendre(), summed by NumPy."""
import numpy as np
import scipy
from scipy.special import eval_legendre

from common import digits, frozen, group

with frozen("legendre.txt", np, scipy) as f:
    for order, bottom, first in (8, 0, 0), (3, 0, 3), (15, 9, 6):
        values = []
        for x in digits(first, 3).astype(float):
            x = x[:28 - bottom]
            p, q = ([eval_legendre(k, (2 * np.arange(n) + 1) / n - 1) for k in range(order + 1)]
                    for n in x.shape)
            values.append(np.array([(2 * i + 1) * (2 * j + 1) / x.size * (p[i] @ x @ q[j])
                                    for i in range(order + 1) for j in range(order + 1 - i)]))
        group(f, f"case crop bottom={bottom} | legendre order={order}\nrows {first} 3\nnear 1e-5\n"
                 f"shape 1 {len(values[0])} 1", values)
