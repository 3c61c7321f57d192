#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ImageMagick 6.9.11 (Debian 12) and 7.1.1 (Debian 13): `identify -verbose -features 1` gives the
# texture features of Haralick, Shanmugam and Dinstein (1973), from how often grey levels lie side
# by side.
# Expected: the frequencies of all pairs sum up to 1.  So an image of a single level has an angular
# second moment and an inverse difference moment of 1, the most that either can be, and entropy 0.
# What happens: pixels beyond the edge are taken for copies of those on it and counted, but the
# sum is divided by the number of pairs within the image.  The frequencies of 28 x 28 pixels sum up
# to 28/27 across and down and to (28/27)^2 on diagonals, so both moments exceed 1 and the entropy
# is negative; for smaller images it is worse.  All features take it over, except for the contrast
# across and down, and those of images of different sizes cannot be compared.
. "$(dirname "$0")/unpack.bash"

features() {
    printf 'P2 %d %d 255\n' "$1" "$1" >"$here/blank.pgm"
    seq $(($1 * $1)) | sed 's/.*/100/' >>"$here/blank.pgm"
    echo "$1 x $1 pixels of one level"
    inside "$root/usr/bin/$identify" -verbose -features 1 "$here/blank.pgm" |
        sed -nE '/Angular Second|Inverse Diff|^ *Entropy/{N;s/\n */ /p}'
}
look() {
    local coders colors
    coders=$(find "$root" -name pnm.so)
    colors=$(find "$root" -path '*/etc/*' -name colors.xml)
    export MAGICK_CODER_MODULE_PATH=${coders%/*} MAGICK_CONFIGURE_PATH=${colors%/*}
    inside "$root/usr/bin/$identify" -version | sed -n 's/ Q16.*//p'
    features 28
    features 4
}

unpack bookworm imagemagick-6.q16=8:6.9.11.60+dfsg-1.6+deb12u11
identify=identify-im6.q16
look >"$here/seen"
unpack trixie imagemagick-7.q16=8:7.1.1.43+dfsg1-1+deb13u14
identify=identify-im7.q16
look >>"$here/seen"
as_before_on 'Version: ImageMagick 6.9.11-60' 'Version: ImageMagick 7.1.1-43' <<'END'
28 x 28 pixels of one level
      Angular Second Moment: 1.07545, 1.07545, 1.15658, 1.15658, 1.11601
      Inverse Difference Moment: 1.03704, 1.03704, 1.07545, 1.07545, 1.05624
      Entropy: -0.0163792, -0.0163792, -0.0339718, -0.0339718, -0.0251755
4 x 4 pixels of one level
      Angular Second Moment: 1.77778, 1.77778, 3.16049, 3.16049, 2.46914
      Inverse Difference Moment: 1.33333, 1.33333, 1.77778, 1.77778, 1.55556
      Entropy: -0.166585, -0.166585, -0.444227, -0.444227, -0.305406
END
