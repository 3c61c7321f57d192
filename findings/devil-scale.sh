#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# DevIL 1.7.8 (Debian 12 and 13): iluScale() with one of the filters ILU_BILINEAR, ILU_SCALE_BOX,
# ILU_SCALE_TRIANGLE, ILU_SCALE_BELL, ILU_SCALE_BSPLINE, ILU_SCALE_LANCZOS3 or ILU_SCALE_MITCHELL.
# Expected: at half the size a box averages 2 x 2 pixels, and a stroke of one pixel becomes
# a paler one; the other filters do likewise, each in its own way.
# What happens: filters are for enlarging only.  Where an image gets smaller, all of them pick
# single pixels, so strokes of one pixel vanish without a trace or stay as they are, depending on
# where they stand.  Scans made small with any of the filters are aliased.  Success is reported.
. "$(dirname "$0")/unpack.bash"

# An upright stroke of 200, one pixel thin, in column $1 of 8.
stroke() {
    echo "P2 8 8 255"
    for i in {0..63}; do
        echo $((i % 8 == $1 ? 200 : 0))
    done
}
stroke 3 >"$here/odd.pgm"
stroke 4 >"$here/even.pgm"
cat >"$here/scale.c" <<'END'
#include <IL/il.h>
#include <IL/ilu.h>
#include <stdio.h>

static void look(const char *file, const char *name, ILenum filter, ILuint size)
{
    ILuint image = ilGenImage();
    ilBindImage(image);
    const ILboolean read = ilLoadImage(file);
    iluImageParameter(ILU_FILTER, filter);
    const ILboolean done = iluScale(size, size, 1);
    printf("to %u x %u, %-18s read %d, done %d:", size, size, name, read, done);
    for (ILuint x = 0; x < size; x++)
        printf(" %d", ilGetData()[size + x]);
    printf("\n");
    ilDeleteImage(image);
}

#define LOOK(file, filter, size) look(file, #filter, filter, size)

int main(int n, char **files)
{
    ilInit();
    iluInit();
    for (int i = 1; i < n; i++) {
        printf("a stroke in an %s column\n", i == 1 ? "odd" : "even");
        LOOK(files[i], ILU_BILINEAR, 4);
        LOOK(files[i], ILU_SCALE_BOX, 4);
        LOOK(files[i], ILU_SCALE_TRIANGLE, 4);
        LOOK(files[i], ILU_SCALE_BELL, 4);
        LOOK(files[i], ILU_SCALE_BSPLINE, 4);
        LOOK(files[i], ILU_SCALE_LANCZOS3, 4);
        LOOK(files[i], ILU_SCALE_MITCHELL, 4);
    }
    LOOK(files[1], ILU_SCALE_TRIANGLE, 16);
    LOOK(files[1], ILU_SCALE_MITCHELL, 16);
    return 0;
}
END
unpack bookworm libdevil-dev=1.7.8-10+b3
gcc -idirafter "$root/usr/include" "$here/scale.c" -o "$here/scale" \
    -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libILU.so "$root"/usr/lib/*/libIL.so
inside "$here/scale" "$here/odd.pgm" "$here/even.pgm" >"$here/seen"
unpack trixie libdevil1c2=1.7.8-12
inside "$here/scale" "$here/odd.pgm" "$here/even.pgm" >>"$here/seen"
as_before_on 'a stroke in an odd column' 'a stroke in an odd column' <<'END'
to 4 x 4, ILU_BILINEAR       read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_BOX      read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_TRIANGLE read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_BELL     read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_BSPLINE  read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_LANCZOS3 read 1, done 1: 0 0 0 0
to 4 x 4, ILU_SCALE_MITCHELL read 1, done 1: 0 0 0 0
a stroke in an even column
to 4 x 4, ILU_BILINEAR       read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_BOX      read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_TRIANGLE read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_BELL     read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_BSPLINE  read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_LANCZOS3 read 1, done 1: 0 0 200 0
to 4 x 4, ILU_SCALE_MITCHELL read 1, done 1: 0 0 200 0
to 16 x 16, ILU_SCALE_TRIANGLE read 1, done 1: 0 0 0 0 0 100 200 100 0 0 0 0 0 0 0 0
to 16 x 16, ILU_SCALE_MITCHELL read 1, done 1: 0 0 0 0 11 107 178 107 11 0 0 0 0 0 0 0
END
