#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# GD 2.3.3 (Debian 12 and 13): gdImageScale() resizes an image by the method that was chosen, among
# them the Hanning and the Blackman window, (1 + cos pi x) / 2 for |x| <= 1 and much like it.
# Expected: enlarged, an upright stroke of one pixel is blurred, the same on its left as on its
# right, and nothing is left of it where the window ends, a pixel away.
# What happens: the windows do not end.  All pixels between those that a window's ends fall into are
# weighted, and the cosine rises again beyond 1.  Twice as large, a stroke of 180 has a second one
# of 60 on its left, with a gap between them; four times as large, one of 83.  Every digit has
# a ghost up on the left.  Hamming, Hermite and the triangle, which go by other formulas, have
# none.  A new image is returned as if all were well.
. "$(dirname "$0")/unpack.bash"

cat >"$here/ghost.c" <<'END'
#include <gd.h>
#include <stdio.h>

/* Row of an image of 8 x 8, enlarged, whose column 4 is 180 and all else 0. */
static void look(const char *name, gdInterpolationMethod method, int times)
{
    gdImagePtr image = gdImageCreateTrueColor(8, 8);
    gdImageFilledRectangle(image, 4, 0, 4, 7, gdTrueColor(180, 180, 180));
    gdImageSetInterpolationMethod(image, method);
    gdImagePtr scaled = gdImageScale(image, 8 * times, 8 * times);
    printf("%-8s x %d:", name, times);
    for (int x = 2 * times; x <= 6 * times; x++)
        printf(" %3d", gdTrueColorGetGreen(gdImageGetTrueColorPixel(scaled, x, 4 * times)));
    printf("\n");
    gdImageDestroy(scaled);
    gdImageDestroy(image);
}

int main(void)
{
    printf("GD %s\n", gdVersionString());
    for (int times = 2; times < 5; times++) {
        look("triangle", GD_TRIANGLE, times);
        look("Hermite", GD_HERMITE, times);
        look("Hamming", GD_HAMMING, times);
        look("Hanning", GD_HANNING, times);
        look("Blackman", GD_BLACKMAN, times);
    }
    return 0;
}
END
look() {
    gcc -idirafter "$root/usr/include" "$here/ghost.c" -o "$here/ghost" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libgd.so
    inside "$here/ghost"
}

unpack bookworm libgd-dev=2.3.3-9
look >"$here/seen"
unpack trixie libgd-dev=2.3.3-14~deb13u1
look >>"$here/seen"
as_before_on 'GD 2.3.3' 'GD 2.3.3' <<'END'
triangle x 2:   0   0   0  90 180  90   0   0   0
Hermite  x 2:   0   0   0  90 180  90   0   0   0
Hamming  x 2:   0   0  13  90 167  90   0   0   0
Hanning  x 2:   0  60   0  60 180  60   0   0   0
Blackman x 2:   0  60   0  60 180  60   0   0   0
triangle x 3:   0   0   0   0  60 120 180 120  60   0   0   0   0
Hermite  x 3:   0   0   0   0  47 133 180 133  47   0   0   0   0
Hamming  x 3:   0   0   0  13  53 127 167 127  53   0   0   0   0
Hanning  x 3:   0  77  36   0  26 108 180  77  36   0   0   0   0
Blackman x 3:   0  82  26   0  17 127 180  82  26   0   0   0   0
triangle x 4:   0   0   0   0   0  45  90 135 180 135  90  45   0   0   0   0   0
Hermite  x 4:   0   0   0   0   0  28  90 152 180 152  90  28   0   0   0   0   0
Hamming  x 4:   0   0   0   0  13  37  90 143 167 143  90  37   0   0   0   0   0
Hanning  x 4:   0  83  60  23   0  14  60 134 180  83  60  23   0   0   0   0   0
Blackman x 4:   0  86  60  13   0   7  60 154 180  86  60  13   0   0   0   0   0
END
