#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# GD 2.3.3 (Debian 12 and 13): gdImageScale() resizes an image by the method that was chosen, one of
# which is GD_BOX.
# Expected: a box repeats pixels where it enlarges and averages them where it makes smaller, and in
# either case an image of one level stays an image of that level.
# What happens: enlarged by 2 or more, the last row and the last column are black; by 4, the last
# two.  Boxes are centred on the upper left corners of pixels, so those beyond the middle of the
# last one hold no pixel, and a sum of no weights is 0.  White digits on black do not show it, black
# ones on white get a frame on two sides.  Triangles, wider by half, do not.  A new image is
# returned as if all were well.
. "$(dirname "$0")/unpack.bash"

cat >"$here/box.c" <<'END'
#include <gd.h>
#include <stdio.h>

static void look(const char *name, gdInterpolationMethod method, int size)
{
    gdImagePtr image = gdImageCreateTrueColor(8, 8);
    gdImageFilledRectangle(image, 0, 0, 7, 7, gdTrueColor(120, 120, 120));
    gdImageSetInterpolationMethod(image, method);
    gdImagePtr scaled = gdImageScale(image, size, size);
    printf("%-8s %2d x %2d, column %d:", name, size, size, size / 2);
    int black = 0;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++)
            black += gdTrueColorGetGreen(gdImageGetTrueColorPixel(scaled, x, y)) == 0;
        if (y == 0 || y > size - 4)
            printf("%s %d", y ? "" : " 0:",
                   gdTrueColorGetGreen(gdImageGetTrueColorPixel(scaled, size / 2, y)));
        if (y == 0)
            printf(" ...");
    }
    printf("; black: %d of %d\n", black, size * size);
    gdImageDestroy(scaled);
    gdImageDestroy(image);
}

int main(void)
{
    printf("GD %s, all 120\n", gdVersionString());
    for (int size = 12; size <= 32; size += 4)
        look("box", GD_BOX, size);
    look("box", GD_BOX, 4);
    look("triangle", GD_TRIANGLE, 32);
    return 0;
}
END
look() {
    gcc -idirafter "$root/usr/include" "$here/box.c" -o "$here/box" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libgd.so
    inside "$here/box"
}

unpack bookworm libgd-dev=2.3.3-9
look >"$here/seen"
unpack trixie libgd-dev=2.3.3-14~deb13u1
look >>"$here/seen"
as_before_on 'GD 2.3.3, all 120' 'GD 2.3.3, all 120' <<'END'
box      12 x 12, column 6: 0: 120 ... 120 120 120; black: 0 of 144
box      16 x 16, column 8: 0: 120 ... 120 120 0; black: 31 of 256
box      20 x 20, column 10: 0: 120 ... 120 120 0; black: 39 of 400
box      24 x 24, column 12: 0: 120 ... 120 120 0; black: 47 of 576
box      28 x 28, column 14: 0: 120 ... 120 120 0; black: 55 of 784
box      32 x 32, column 16: 0: 120 ... 120 0 0; black: 124 of 1024
box       4 x  4, column 2: 0: 120 ... 120 120 120; black: 0 of 16
triangle 32 x 32, column 16: 0: 120 ... 120 120 120; black: 0 of 1024
END
