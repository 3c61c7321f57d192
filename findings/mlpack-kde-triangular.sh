#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mlpack 4.6.0 (Debian 13): `mlpack_kde` estimates the probability density of each query point from
# reference points, with one of five kernels of a given bandwidth b.  The triangular one is
# documented as max(0, 1 - distance / b).
# Expected: densities, so that the area under each curve is 1; and a larger bandwidth smooths more.
# What happens: the triangular kernel is max(0, (1 - distance) / b).  It always ends at a distance
# of 1: with b = 8 for features of 0 to 255 only points that are nearly the same count, and choosing
# b by trials changes nothing but a factor.  And just gaussian and epanechnikov give densities: the
# areas of the others depend on b, so that likelihoods cannot be compared between two bandwidths.
# No warning; all trees and both algorithms give the same.
. "$(dirname "$0")/unpack.bash"
unpack trixie mlpack-bin=4.6.0-1

kde() {
    inside "$root/usr/bin/mlpack_kde" -r "$here/point.csv" -q "$here/at.csv" -k "$1" -b "$2" \
        --rel_error 0 -p "$here/out.csv" "${@:3}" >"$here/log" 2>&1
    tr , '\n' <"$here/out.csv"
}
echo 0 >"$here/point.csv"
{
    echo "from a point at 0, triangular, at 0, 0.25, 0.5 ... 1.5"
    seq 0 0.25 1.5 >"$here/at.csv"
    for b in 0.5 1 2; do
        echo b $b: $(kde triangular $b | xargs printf '%.3f ')
    done
    echo b 2, single-tree, octree: \
        $(kde triangular 2 -a single-tree -t octree | xargs printf '%.3f ')
    seq -39.95 0.1 40 >"$here/at.csv"
    for kernel in gaussian epanechnikov laplacian spherical triangular; do
        printf "area, b 0.5, 1, 2: "
        for b in 0.5 1 2; do
            kde $kernel $b | awk '{ sum += $1 * 0.1 } END { printf "%.2f ", sum }'
        done
        echo "$kernel"
    done
} >"$here/seen"
as_before <<'END'
from a point at 0, triangular, at 0, 0.25, 0.5 ... 1.5
b 0.5: 2.000 1.500 1.000 0.500 0.000 0.000 0.000
b 1: 1.000 0.750 0.500 0.250 0.000 0.000 0.000
b 2: 0.500 0.375 0.250 0.125 0.000 0.000 0.000
b 2, single-tree, octree: 0.500 0.375 0.250 0.125 0.000 0.000 0.000
area, b 0.5, 1, 2: 1.00 1.00 1.00 gaussian
area, b 0.5, 1, 2: 1.01 1.00 1.00 epanechnikov
area, b 0.5, 1, 2: 1.00 2.00 4.00 laplacian
area, b 0.5, 1, 2: 1.00 2.00 4.00 spherical
area, b 0.5, 1, 2: 2.00 1.00 0.50 triangular
END
