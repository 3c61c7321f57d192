#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CImg 3.2.1 (Debian 12) and 3.5.2 (Debian 13): variance(method) returns the variance of the pixels
# by one of four estimators: 0 is the second moment, 1 the unbiased one, 2 the least median of
# squares and 3 the least trimmed squares, both robust against outliers.
# Expected: 0 for an image of one level by any of them, and the same for levels that are all raised
# by a constant.
# What happens: 3 trims squares of the levels themselves, not of what they differ by from a mean.
# A blank image of 100 has a variance of 70103, and an image that is made brighter by 10 levels is
# thought 270 times as noisy.  Only levels around 0 are right, as those of a Laplacian are, on
# which variance_noise() works.  Nothing in the manual says so.
. "$(dirname "$0")/unpack.bash"

cat >"$here/variance.cc" <<'END'
#define cimg_display 0
#include <CImg.h>
#include <cstdio>

static void look(const char *name, const cimg_library::CImg<float> &image)
{
    std::printf("%-20s", name);
    for (unsigned method = 0; method < 4; method++)
        std::printf("  %u: %7.1f", method, image.variance(method));
    std::printf("\n");
}

int main()
{
    std::printf("CImg %d\n", cimg_version);
    cimg_library::CImg<float> image(28, 28, 1, 1, 100.F);
    look("all 100", image);
    cimg_forXY(image, x, y) image(x, y) = (float)((x + y) % 3 - 1);
    look("-1, 0, 1", image);
    look("0, 1, 2", image + 1);
    look("9, 10, 11", image + 10);
    image(3, 3) = 200;
    look("-1, 0, 1 and a 200", image);
    return 0;
}
END
look() {
    mkdir -p "$here/include"
    ln -sf "$root/usr/include/CImg.h" "$here/include/CImg.h"
    g++ -w -I "$here/include" "$here/variance.cc" -o "$here/variance" -pthread
    "$here/variance"
}

unpack bookworm cimg-dev=3.2.1+dfsg-1
look >"$here/seen"
unpack trixie cimg-dev=3.5.2+dfsg-1+deb13u2
look >>"$here/seen"
as_before_on 'CImg 321' 'CImg 352' <<'END'
all 100               0:     0.0  1:     0.0  2:     0.0  3: 70103.2
-1, 0, 1              0:     0.7  1:     0.7  2:     2.2  3:     2.3
0, 1, 2               0:     0.7  1:     0.7  2:     2.2  3:     2.3
9, 10, 11             0:     0.7  1:     0.7  2:     2.2  3:   612.0
-1, 0, 1 and a 200    0:    51.6  1:    51.7  2:     2.2  3:     2.3
END
