#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# DevIL 1.7.8 (Debian 12 and 13): iluBlurAvg(1) replaces pixels by the mean of 3 x 3;
# iluBlurGaussian(), iluEdgeDetectS() and iluEdgeDetectP() convolve with other 3 x 3 kernels.
# Expected: a lone pixel of 180 becomes nine of 20, and its edges are as symmetrical as it is.
# What happens: in all of them the neighbour below on the left is taken twice and that below on the
# right never, so the answer to a lone pixel lacks its upper left corner and has double the upper
# right one.  Edges of a stroke depend on which way it slants.  What blurs also adds 1 everywhere,
# to an image of one level, too.  Success is reported, for grey and for colour.
. "$(dirname "$0")/unpack.bash"

# An image of 9 x 9, all of one level but for the pixel in the middle.
image() {
    echo "P2 9 9 255"
    for i in {1..81}; do
        echo $((i == 41 ? $2 : $1))
    done
}
image 0 180 >"$here/dot.pgm"
image 100 100 >"$here/flat.pgm"
cat >"$here/filters.c" <<'END'
#include <IL/il.h>
#include <IL/ilu.h>
#include <stdio.h>

static ILboolean blur(void)
{
    return iluBlurAvg(1);
}

static void look(const char *name, const char *file, ILboolean (*filter)(void))
{
    ILuint image = ilGenImage();
    ilBindImage(image);
    const ILboolean read = ilLoadImage(file), done = filter();
    printf("%s: read %d, done %d, error %x\n", name, read, done, (unsigned)ilGetError());
    for (int y = 2; y < 7; y++)
        for (int x = 2; x < 7; x++)
            printf("%4d%s", ilGetData()[y * 9 + x], x < 6 ? "" : "\n");
    ilDeleteImage(image);
}

int main(int n, char **files)
{
    ilInit();
    iluInit();
    if (n == 3) {
        look("iluBlurAvg(1) of a lone pixel", files[1], blur);
        look("iluEdgeDetectP() of a lone pixel", files[1], iluEdgeDetectP);
        look("iluBlurAvg(1) of one level", files[2], blur);
    }
    return 0;
}
END
unpack bookworm libdevil-dev=1.7.8-10+b3
gcc -idirafter "$root/usr/include" "$here/filters.c" -o "$here/filters" \
    -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libILU.so "$root"/usr/lib/*/libIL.so
inside "$here/filters" "$here/dot.pgm" "$here/flat.pgm" >"$here/seen"
unpack trixie libdevil1c2=1.7.8-12
inside "$here/filters" "$here/dot.pgm" "$here/flat.pgm" >>"$here/seen"
as_before_on 'iluBlurAvg(1) of a lone pixel: read 1, done 1, error 0' \
    'iluBlurAvg(1) of a lone pixel: read 1, done 1, error 0' <<'END'
   1   1   1   1   1
   1   1  21  41   1
   1  21  21  21   1
   1  21  21  21   1
   1   1   1   1   1
iluEdgeDetectP() of a lone pixel: read 1, done 1, error 0
   0   0   0   0   0
   0   0 180 255   0
   0 180   0 180   0
   0 254 180 254   0
   0   0   0   0   0
iluBlurAvg(1) of one level: read 1, done 1, error 0
 101 101 101 101 101
 101 101 101 101 101
 101 101 101 101 101
 101 101 101 101 101
 101 101 101 101 101
END
