# SPDX-License-Identifier: GPL-3.0-or-later
"""Digits drawn by strokes, as several hands write them: no picture of a digit is behind them.

A form is a list of strokes, each a list of points in a box one high, downwards; a smooth line goes
through them, with a corner where a point stands twice.  A hand has a form for each digit, a slant, a
pen, a width of its letters and an unsteadiness; each digit moves all its points a little.  These
numbers were fixed before a page was read.
"""
import cv2
import numpy as np

FORMS = {
    0: {"oval": [[(.45, 0), (.13, .24), (.1, .7), (.42, 1), (.78, .74), (.76, .25), (.45, 0)]],
        "open": [[(.56, .03), (.18, .14), (.06, .58), (.3, .98), (.68, .86), (.78, .4), (.5, .01)]],
        "crossing": [[(.5, .04), (.16, .2), (.1, .68), (.42, 1), (.78, .7), (.72, .2), (.44, .02),
                      (.3, .1)]]},
    1: {"bar": [[(.3, 0), (.3, 1)]],
        "flag": [[(.06, .28), (.38, 0), (.38, 0), (.37, 1)]],
        "foot": [[(.1, .25), (.4, 0), (.4, 0), (.4, 1)], [(.12, 1), (.7, 1)]]},
    2: {"corner": [[(.08, .22), (.3, .01), (.64, .06), (.7, .3), (.42, .64), (.06, .98), (.06, .98),
                    (.78, .97)]],
        "loop": [[(.1, .2), (.38, 0), (.68, .16), (.58, .46), (.28, .82), (.08, .95), (.14, .84),
                  (.32, .86), (.56, 1), (.8, .9)]]},
    3: {"round": [[(.1, .12), (.4, 0), (.7, .17), (.58, .4), (.32, .47), (.32, .47), (.68, .58),
                   (.75, .8), (.44, 1), (.07, .88)]],
        "flat": [[(.1, .02), (.72, .02), (.72, .02), (.36, .4), (.36, .4), (.7, .52), (.75, .8),
                  (.42, 1), (.06, .9)]]},
    4: {"open": [[(.22, 0), (.08, .6), (.08, .6), (.82, .6)], [(.62, .14), (.58, 1)]],
        "closed": [[(.6, 1), (.6, 0), (.6, 0), (.05, .68), (.05, .68), (.84, .68)]]},
    5: {"two strokes": [[(.2, 0), (.15, .42), (.15, .42), (.46, .34), (.75, .56), (.7, .85),
                         (.4, 1), (.08, .9)], [(.2, 0), (.76, .01)]],
        "one stroke": [[(.74, .02), (.22, 0), (.22, 0), (.14, .44), (.14, .44), (.5, .36),
                        (.77, .6), (.62, .93), (.3, 1), (.06, .88)]]},
    6: {"curved": [[(.62, 0), (.26, .26), (.08, .65), (.2, .95), (.5, 1), (.72, .78), (.54, .55),
                    (.28, .57), (.1, .76)]],
        "straight": [[(.56, 0), (.1, .7), (.22, .98), (.54, .98), (.7, .75), (.46, .56),
                      (.13, .72)]]},
    7: {"plain": [[(.05, .02), (.76, .02), (.76, .02), (.3, 1)]],
        "bar": [[(.05, .02), (.76, .02), (.76, .02), (.3, 1)], [(.2, .52), (.7, .49)]],
        "serif": [[(.06, .17), (.06, .03), (.06, .03), (.76, .03), (.76, .03), (.46, .45),
                   (.32, 1)]]},
    8: {"one stroke": [[(.62, .1), (.38, 0), (.14, .2), (.4, .46), (.72, .73), (.44, 1), (.1, .8),
                        (.34, .5), (.66, .24), (.62, .1)]],
        "two rings": [[(.4, 0), (.14, .22), (.4, .46), (.66, .22), (.4, 0)],
                      [(.4, .46), (.07, .74), (.4, 1), (.76, .74), (.4, .46)]]},
    9: {"straight": [[(.66, .12), (.36, 0), (.1, .25), (.32, .5), (.6, .36), (.68, .05), (.68, .05),
                      (.64, 1)]],
        "curved": [[(.66, .14), (.36, 0), (.1, .26), (.34, .52), (.64, .32), (.7, .18), (.69, .6),
                    (.5, .94), (.2, 1)]]},
}
FINE = 4  # strokes are drawn so many times as large, and made smaller by means


def smooth(points):
    """A Catmull-Rom spline through the points; twice the same one is a corner."""
    out = []
    for part in split(points):
        p = np.array([part[0], *part, part[-1]])
        t = np.linspace(0, 1, 12, endpoint=False)[:, None]
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
            out.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - 3 * c +
                                                                                    d - a))))
        out.append(p[-1:])
    return np.concatenate(out)


def split(points):
    part = [points[0]]
    for p in points[1:]:
        if np.array_equal(p, part[-1]):
            yield part
            part = [p]
        else:
            part.append(p)
    yield part


class Hand:
    """How somebody writes."""
    def __init__(self, rng):
        self.form = {d: str(rng.choice(list(f))) for d, f in FORMS.items()}
        self.slant = rng.uniform(-0.15, 0.45)
        self.pen = rng.uniform(0.05, 0.13)
        self.wide = rng.uniform(0.85, 1.2)
        self.shaky = rng.uniform(0.01, 0.045)


class Digits:
    """In place of MNIST's images: number k is digit labels[k]."""
    def __init__(self, seed, n):
        self.seed = seed
        self.labels = np.random.default_rng(seed).integers(0, 10, n)

    def begin(self, rng):
        self.hand = Hand(rng)

    def ink(self, k, size):
        """The digit's ink, 0..1, its height about `size` px, and its form."""
        rng, hand, digit = np.random.default_rng([self.seed, k]), self.hand, int(self.labels[k])
        form = hand.form[digit] if rng.random() > 0.15 else str(rng.choice(list(FORMS[digit])))
        turn, width = rng.normal(0, 0.05), hand.pen * size * FINE * rng.uniform(0.85, 1.15)
        edge = int(size * FINE * 0.6)
        page = np.zeros((2 * edge + int(size * FINE), 2 * edge + int(1.2 * size * FINE)), np.uint8)
        moved = {}
        for stroke in FORMS[digit][form]:
            points = []
            for p in stroke:      # a point that stands twice moves once
                if p not in moved:
                    moved[p] = np.array(p) + rng.normal(0, hand.shaky, 2)
                points.append(moved[p])
            xy = smooth(points)
            x, y = xy[:, 0] * hand.wide, xy[:, 1] - 0.5
            x, y = x - hand.slant * y + turn * y, y - turn * (x - 0.4)
            line = np.stack([x, y + 0.5], 1) * size * FINE + edge
            cv2.polylines(page, [np.round(line).astype(np.int32)], False, 255,
                          max(1, int(round(width))), cv2.LINE_AA)
        small = cv2.resize(page, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA)
        ink = small.astype(np.float32) / 255
        ys, xs = np.nonzero(ink > 0.5)
        return ink[ys.min():ys.max() + 1, xs.min():xs.max() + 1], form
