#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bandpass.py - frozen numbers for bandpass: scipy.fft.dctn with Butterworth's gains;
skimage.filters.butterworth of the image and its mirror images must agree before anything is
written."""
import numpy as np
import scipy
import skimage
from scipy import fft
from skimage.filters import butterworth

from common import case, digits, frozen


def kept(image, longest=16, shortest=4, order=2):
    image = image.astype(float)
    h, w = image.shape
    f = np.hypot(np.arange(h)[:, None] / (2 * h), np.arange(w) / (2 * w))
    gain = np.ones((h, w))
    mirrored = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]])
    if longest > 0:
        gain *= 1 - 1 / (1 + (f * longest) ** (2 * order))
        mirrored = butterworth(mirrored, 1 / longest, True, order)
    if shortest > 0:
        gain /= 1 + (f * shortest) ** (2 * order)
        mirrored = butterworth(mirrored, 1 / shortest, False, order)
    out = fft.idctn(fft.dctn(image, norm="ortho") * gain, norm="ortho")
    assert abs(out - mirrored[:h, :w]).max() < 1e-9
    return out


with frozen("bandpass.txt", np, scipy, skimage) as f:
    case(f, "bandpass", 0, 2e-6, [kept(i) for i in digits(0, 2)])
    case(f, "bandpass longest=0 shortest=5 order=1", 2, 2e-6, [kept(i, 0, 5, 1) for i in digits(2, 1)])
    case(f, "bandpass longest=7 shortest=0 order=4 negative=flip", 3, 2e-6,
         [abs(kept(i, 7, 0, 4)) for i in digits(3, 1)])
    case(f, "crop top=8 left=5 bottom=8 right=8 | bandpass longest=9 negative=drop", 4, 2e-6,
         [np.maximum(kept(i, 9), 0) for i in digits(4, 2)[:, 8:20, 5:20]])
