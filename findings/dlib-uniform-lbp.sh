#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dlib 19.24 (Debian 12 and 13): make_uniform_lbp_image() gives every pixel its uniform local binary
# pattern, which it takes from Ahonen, Hadid and Pietikainen: of the 8 neighbours, those that are
# brighter.  The 58 patterns with at most two changes between bright and dark on the way around the
# pixel are numbered from 0 to 57; all others share 58.
# Expected: an edge is one such pattern whichever way it runs, and a digit that is turned by 90
# degrees has as many pixels of 58 as before.
# What happens: changes are counted from row to row, not around the pixel.  An edge above or below
# has a number of its own.  Upright edges are all 58, as noise is, while neighbours on the left and
# right alone, of four changes, have a number.  26 of the 58 patterns are lost and 26 others are in
# their places, so the sides of a 1 leave no trace in extract_uniform_lbp_descriptors() and those of
# a dash do.  Only the count of 59 is right.
. "$(dirname "$0")/unpack.bash"

cat >"$here/lbp.cc" <<'END'
#include <cstdio>
#include <dlib/image_processing/full_object_detection.h>
#include <dlib/image_transforms.h>
#include <dlib/revision.h>

using Image = dlib::array2d<unsigned char>;

/* The pattern of a pixel whose neighbours are bright where bits are set, clockwise from the one
   above on the left. */
static int pattern(int bits)
{
    static const int row[] = { 0, 0, 0, 1, 2, 2, 2, 1 }, column[] = { 0, 1, 2, 2, 2, 1, 0, 0 };
    Image image(3, 3), lbp;
    dlib::assign_all_pixels(image, 0);
    for (int i = 0; i < 8; i++)
        image[row[i]][column[i]] = bits >> i & 1 ? 200 : 0;
    dlib::make_uniform_lbp_image(image, lbp);
    return lbp[1][1];
}

/* A bar of 3 x 20 pixels in 24 x 24: how many pixels of 58 it has, but for the image's border. */
static int others(bool upright)
{
    Image image(24, 24), lbp;
    int sum = 0;
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 24; j++)
            (upright ? image[i][j] : image[j][i]) = i > 1 && i < 22 && j > 9 && j < 13 ? 200 : 0;
    dlib::make_uniform_lbp_image(image, lbp);
    for (int i = 1; i < 23; i++)
        for (int j = 1; j < 23; j++)
            sum += lbp[i][j] == 58;
    return sum;
}

int main()
{
    int lost = 0, taken = 0;
    for (int bits = 0; bits < 256; bits++) {
        const int changes = __builtin_popcount(bits ^ (bits >> 1 | (bits & 1) << 7));
        lost += changes <= 2 && pattern(bits) == 58;
        taken += changes > 2 && pattern(bits) != 58;
    }
    std::printf("dlib %d.%d\n", DLIB_MAJOR_VERSION, DLIB_MINOR_VERSION);
    std::printf("three bright neighbours above: %d, on the right: %d, below: %d, on the left: %d\n",
                pattern(0x07), pattern(0x1c), pattern(0x70), pattern(0xc1));
    std::printf("bright on the left and right: %d, above and below: %d\n", pattern(0x88),
                pattern(0x22));
    std::printf("at most two changes, but 58: %d; more changes, but not 58: %d\n", lost, taken);
    std::printf("pixels of 58: %d of an upright bar, %d of a lying one\n", others(true),
                others(false));
}
END
look() {
    mkdir -p "$here/include"
    ln -sfn "$root/usr/include/dlib" "$here/include/dlib"
    g++ -I "$here/include" "$here/lbp.cc" -o "$here/lbp" -Wl,--unresolved-symbols=ignore-all \
        "$root"/usr/lib/*/libdlib.so
    inside "$here/lbp"
}

unpack bookworm libdlib-dev=19.24+dfsg-1
look >"$here/seen"
unpack trixie libdlib-dev=19.24.6+dfsg-1
look >>"$here/seen"
as_before_on 'dlib 19.24' 'dlib 19.24' <<'END'
three bright neighbours above: 42, on the right: 58, below: 6, on the left: 58
bright on the left and right: 12, above and below: 58
at most two changes, but 58: 26; more changes, but not 58: 26
pixels of 58: 40 of an upright bar, 6 of a lying one
END
