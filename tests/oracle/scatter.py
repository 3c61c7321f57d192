#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scatter.py - frozen numbers for scatter, which no library here has: the definition of Bruna and
Mallat written out, with Morlet waves as sums over all copies of a frame of paper, in the image's
own plane, convolved by NumPy's fft2()."""
import numpy as np

from common import digits, frozen, group


def length(n, of):
    m = -(-n // of)
    while any(m * of % p == 0 for p in (7, 11, 13, 17, 19, 23)):
        m += 1
    return m * of


def plane(shape, sigma, slant, xi, angle):
    """A Gaussian under a wave, on the ring that each side of the frame is."""
    out = np.zeros(shape, complex)
    for i in range(-4, 5):
        for j in range(-4, 5):
            y = np.arange(shape[0])[:, None] + i * shape[0]
            x = np.arange(shape[1])[None, :] + j * shape[1]
            a = np.cos(angle) * x + np.sin(angle) * y
            b = np.cos(angle) * y - np.sin(angle) * x
            out += np.exp(-(a ** 2 + slant ** 2 * b ** 2) / (2 * sigma ** 2) + 1j * xi * a)
    return out / (2 * np.pi * sigma ** 2 / slant)


def morlet(shape, scale, direction, directions, res=0):
    """At each 2^res-th pixel, where its sum is 0 as well."""
    args = 0.8 * 2 ** scale, 4 / max(4, directions)
    part = slice(None, None, 2 ** res), slice(None, None, 2 ** res)
    angle = np.pi * direction / directions
    wave = plane(shape, *args, 0.75 * np.pi / 2 ** scale, angle)[part]
    still = plane(shape, *args, 0, angle)[part]
    return (wave - wave.sum() / still.sum() * still) * 4 ** res


def convolve(x, k):
    return np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(k))


def scatter(x, scales, directions, orders):
    step = 2 ** scales
    size = [length(n + step, step) for n in x.shape]
    means = [-(-n // step) for n in x.shape]
    at = [step - (n - 1 - (m - 1) * step) // 2 for n, m in zip(x.shape, means)]
    frame = np.zeros(size)
    frame[at[0]:at[0] + x.shape[0], at[1]:at[1] + x.shape[1]] = x

    def mean(u, res):
        """Of values at each 2^res-th pixel."""
        g = plane(size, 0.8 * 2 ** (scales - 1), 1, 0, 0).real[::2 ** res, ::2 ** res]
        by = 2 ** (scales - res)
        smooth = convolve(u, g / g.sum()).real[by::by, by::by]
        return smooth[:means[0], :means[1]]

    first = [[abs(convolve(frame, morlet(size, j, d, directions)))[::2 ** j, ::2 ** j]
              for d in range(directions)] for j in range(scales)]
    out = [mean(frame, 0)]
    if orders > 0:
        out += [mean(first[j][d], j) for j in range(scales) for d in range(directions)]
    if orders > 1:
        for j in range(scales):
            for k in range(j + 1, scales):
                for d in range(directions):
                    for e in range(directions):
                        w = morlet(size, k, e, directions, j)
                        u = abs(convolve(first[j][d], w))[::2 ** (k - j), ::2 ** (k - j)]
                        out.append(mean(u, k))
    return np.array(out)


def levelled(y, floor):
    total = y.sum(0)
    return np.sqrt(np.maximum(y, 0) / (total + floor * total.mean()))


with frozen("scatter.txt", np) as f:
    for scales, directions, orders, bottom, first, norm in (2, 4, 2, 0, 0, ""), \
            (3, 2, 2, 3, 2, ""), (1, 5, 1, 9, 4, ""), (2, 1, 0, 0, 6, ""), \
            (3, 2, 2, 0, 3, " norm=l1sqrt floor=0.1"):
        values = [scatter(x[:28 - bottom].astype(float), scales, directions, orders)
                  for x in digits(first, 2)]
        near = "5e-4" if norm else "2e-5" # a root of what is almost 0 is less exact
        if norm:
            values = [levelled(y, 0.1) for y in values]
        group(f, f"case crop bottom={bottom} | scatter scales={scales} directions={directions} "
                 f"orders={orders}{norm}\nrows {first} 2\nnear {near}\nshape 1 {values[0].size} 1", values)
