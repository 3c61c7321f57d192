#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mlpy 3.5.0 (Debian 12): auc_wmw() gives the area under the ROC curve of scores by the statistic of
# Wilcoxon, Mann and Whitney.
# Expected: the share of pairs of one positive and one negative that are in the right order, a tie
# being half a pair, as in that statistic and in the area.  Scores that say nothing have 0.5, and
# scores of the opposite sign have what is missing from 1.
# What happens: ties are lost.  The same score for all has 0, as if it were always wrong, and so has
# its negative.  Of votes of three neighbours or of hard decisions, which consist of ties, the area
# is far too small: 20 rows of which 16 are decided right have 0.64, not 0.8.  Nothing is said.
. "$(dirname "$0")/unpack.bash"

cat >"$here/auc.py" <<'END'
import mlpy
import numpy

print("mlpy", mlpy.__version__)
truth = numpy.array([1] * 10 + [-1] * 10)


def area(scores):
    """Of the ROC curve, by trapezoids between the points of its thresholds."""
    points = [(0.0, 0.0)] + [
        (numpy.mean(scores[truth < 0] >= t), numpy.mean(scores[truth > 0] >= t))
        for t in sorted(set(scores), reverse=True)]
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))


def look(name, scores):
    scores = numpy.array(scores, dtype=float)
    print("%-22s area %.3f, auc_wmw %.3f; negated: area %.3f, auc_wmw %.3f" % (
        name, area(scores), mlpy.auc_wmw(truth, scores),
        area(-scores), mlpy.auc_wmw(truth, -scores)))


look("no ties", [19, 18, 17, 16, 15, 14, 13, 12, 3, 2, 11, 10, 9, 8, 7, 6, 5, 4, 1, 0])
look("votes of 3 neighbours", [3, 3, 3, 3, 3, 2, 2, 2, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
look("decisions, 16 right", [1] * 8 + [-1] * 2 + [-1] * 8 + [1] * 2)
look("the same for all", [1] * 20)
END

unpack bookworm python3-mlpy=3.5.0+ds-2 python3-minimal
PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages \
    inside "$root/usr/bin/python3.11" -W ignore "$here/auc.py" >"$here/seen"
as_before <<'END'
mlpy 3.5.0
no ties                area 0.840, auc_wmw 0.840; negated: area 0.160, auc_wmw 0.160
votes of 3 neighbours  area 0.900, auc_wmw 0.840; negated: area 0.100, auc_wmw 0.040
decisions, 16 right    area 0.800, auc_wmw 0.640; negated: area 0.200, auc_wmw 0.040
the same for all       area 0.500, auc_wmw 0.000; negated: area 0.500, auc_wmw 0.000
END
