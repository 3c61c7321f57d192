#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# netpbm 11.1 (Debian 12) and 11.10 (Debian 13): pgmtexture prints the texture features of Haralick,
# Shanmugam and Dinstein (1973).
# Expected: the variance of an image of one level is 0, and contrast is that of the grey levels: a
# pattern in 0 and 255 has 255^2 times that of the same pattern in 0 and 1.
# What happens: the variance is 1 for a blank image and 1 too large for any, as grey levels are
# counted from 1 but their mean from 0.  And each level is first replaced by its rank among the
# levels of the image, without a word in the manual, so that both patterns have the same features,
# down to the last digit, while a single pixel of another grey triples the contrast.
. "$(dirname "$0")/unpack.bash"

texture() {
    echo "$1"
    printf 'P2 4 4 255\n%s\n' "$2" >"$here/it.pgm"
    inside "$root/usr/bin/pgmtexture" -quiet "$here/it.pgm" |
        sed -nE '/^(Contrast|Variance)/s/  +/  /gp'
}
look() {
    inside "$root/usr/bin/pgmtexture" -version 2>&1 | sed -n 's/.*[Vv]ersion: //p'
    texture "blank" "7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7"
    texture "0 and 1" "0 0 1 1 0 0 1 1 0 1 1 1 1 1 1 1"
    texture "0 and 255" "0 0 255 255 0 0 255 255 0 255 255 255 255 255 255 255"
    texture "0 and 255, and a 1" "0 0 255 255 0 1 255 255 0 255 255 255 255 255 255 255"
}

unpack bookworm netpbm=2:11.01.00-2
look >"$here/seen"
unpack trixie netpbm=2:11.10.02-1
look >>"$here/seen"
as_before_on 'Netpbm 11.1.0' 'Netpbm 11.10.2' <<'END'
blank
Contrast  0.000e+00  0.000e+00  0.000e+00  0.000e+00  0.000e+00
Variance  1.000e+00  1.000e+00  1.000e+00  1.000e+00  1.000e+00
0 and 1
Contrast  2.500e-01  1.111e-01  1.667e-01  4.444e-01  2.431e-01
Variance  1.207e+00  1.201e+00  1.222e+00  1.222e+00  1.213e+00
0 and 255
Contrast  2.500e-01  1.111e-01  1.667e-01  4.444e-01  2.431e-01
Variance  1.207e+00  1.201e+00  1.222e+00  1.222e+00  1.213e+00
0 and 255, and a 1
Contrast  8.333e-01  2.222e-01  5.000e-01  1.556e+00  7.778e-01
Variance  1.667e+00  1.580e+00  1.743e+00  1.691e+00  1.670e+00
END
