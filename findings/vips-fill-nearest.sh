#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libvips 8.14.1 (Debian 12) and 8.16.1 (Debian 13): vips_fill_nearest() gives every black pixel
# the value of the nearest pixel that is set, and its distance.  It is the only exact distance
# transform that libvips has.
# Expected: pixels that are set keep their values, at distance 0, as scipy.ndimage has it.
# What happens: only the first of them does.  All others are filled, too, each from the nearest
# *other* one: below, 200 becomes 100, at distance 3, and 50 becomes 200, at distance 3.16, with
# their own values all around them.  Pixels that were black are right.  So the strokes of a digit
# lie 1 away from themselves, and where two grey levels meet their values change.  Success is
# reported.
. "$(dirname "$0")/unpack.bash"

vips() { inside "$root/usr/bin/vips" "$@"; }
fill() {
    cd "$here"
    vips --version
    printf '%s\n' 0,0,0,0,0,0,0 0,100,0,0,200,0,0 0,0,0,0,0,0,0 0,0,0,0,0,0,0 0,0,0,0,0,50,0 >it.csv
    vips csvload it.csv it.v
    vips cast it.v bytes.v uchar
    vips fill_nearest bytes.v values.v --distance away.v
    vips csvsave values.v values.csv --separator ' '
    vips csvsave away.v away.csv --separator ' '
    cat values.csv
    sed -E 's/(\.[0-9]{2})[0-9]*/\1/g' away.csv
}

unpack bookworm libvips-tools=8.14.1-3+deb12u3
fill >"$here/seen"
unpack trixie libvips-tools=8.16.1-1+deb13u2
fill >>"$here/seen"
as_before_on 'vips-8.14.1' 'vips-8.16.1' <<'END'
100 100 100 200 200 200 200
100 100 100 200 100 200 200
100 100 100 200 200 200 200
100 100 100 200 50 50 50
100 100 50 50 50 200 50
1.41 1 1.41 1.41 1 1.41 2.23
1 0 1 1 3 1 2
1.41 1 1.41 1.41 1 1.41 2.23
2.23 2 2.23 2.23 1.41 1 1.41
3.16 3 3 2 1 3.16 1
END
