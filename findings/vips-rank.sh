#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libvips 8.14.1 (Debian 12) and 8.16.1 (Debian 13): vips_rank() gives the value at an index of a
# window's sorted values; in the middle, that is the median.
# Expected: the same of bytes as of floats, and as scipy.ndimage.rank_filter has it.
# What happens: of bytes, in windows of more than ten pixels, another value comes out wherever the
# index is neither the least nor the greatest.  Below, a window of 5 x 3 around the first column of
# 100 holds nine of them and six of 0: its median is 100, as floats have it, and bytes give 0.  So
# every edge moves by a pixel.  Smaller windows are right, and so is 8.17.3.  Success is reported.
. "$(dirname "$0")/unpack.bash"

vips() { inside "$root/usr/bin/vips" "$@"; }
median() {
    cd "$here"
    vips --version
    printf '%s\n' 0,0,0,100,100,100,100 0,0,0,100,100,100,100 0,0,0,100,100,100,100 >it.csv
    vips csvload it.csv floats.v
    vips cast floats.v bytes.v uchar
    for type in floats bytes; do
        vips rank $type.v medians.v 5 3 7
        vips csvsave medians.v medians.csv --separator ' '
        echo "$type:"
        cat medians.csv
    done
}

unpack bookworm libvips-tools=8.14.1-3+deb12u3
median >"$here/seen"
unpack trixie libvips-tools=8.16.1-1+deb13u2
median >>"$here/seen"
as_before_on 'vips-8.14.1' 'vips-8.16.1' <<'END'
floats:
0 0 0 100 100 100 100
0 0 0 100 100 100 100
0 0 0 100 100 100 100
bytes:
0 0 0 0 100 100 100
0 0 0 0 100 100 100
0 0 0 0 100 100 100
END
