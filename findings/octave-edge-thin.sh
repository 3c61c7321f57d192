#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The image package 2.16.0 of Octave (Debian 13; 2.14.0 of Debian 12 does the same): edge(image,
# "prewitt") or "sobel" marks pixels whose gradient is above a threshold, thinned to lines of one
# pixel unless "nothinning" is said.
# Expected: a line around a white square on black, the clearest edge that there is.
# What happens: a step between two levels has the same gradient on both of its sides, and what is
# kept must be greater than the neighbours on both sides.  So the two delete each other: Prewitt
# finds no edge at all on drawings of two levels with straight lines, Sobel nothing but corners.
# Blurred a little, or with a column of grey in between, the line is there.  A scanned page that
# was made black and white loses its straight strokes.  Kirsch, Roberts, LoG and Canny find the
# square, and so does "nothinning", with lines of two pixels.  The manual says only that edges are
# thinned.
. "$(dirname "$0")/unpack.bash"

cat >"$here/edge.m" <<'END'
printf("image %s\n", regexp(which("edge"), 'image-([0-9.]+)', "tokens"){1}{1});
square = zeros(40);
square(12:29, 12:29) = 1;
grey = square;
grey([11, 30], 11:30) = 0.5;
grey(11:30, [11, 30]) = 0.5;
digit = zeros(28);
digit(5:8, 6:22) = 1;
digit(9:24, 18:21) = 1;
images = {"square of 18 x 18", square; "the same, grey around it", grey;
          "a seven of two bars", digit};
for k = 1:rows(images)
    printf("%s\n  edges of one pixel:", images{k, 1});
    for method = {"prewitt", "sobel", "kirsch", "roberts", "log", "canny"}
        printf(" %s %d", method{1}, nnz(edge(images{k, 2}, method{1})));
    end
    printf("\n  nothinning:");
    for method = {"prewitt", "sobel", "kirsch", "roberts"}
        printf(" %s %d", method{1}, nnz(edge(images{k, 2}, method{1}, "nothinning")));
    end
    printf("\n");
end
END

unpack trixie octave-image=2.16.0-2 octave=9.4.0-1
folders=$(find "$root" -path '*/octave/packages/image-*' -type d ! -name private \
               ! -name '@*' -printf "'%p',")
OCTAVE_HOME=$root/usr inside "$root/usr/bin/octave-cli" --no-history --norc --quiet --eval \
    "warning off; addpath(${folders%,}); source $here/edge.m" >"$here/seen" \
    2>"$here/errors" ||
    cat "$here/errors"
as_before <<'END'
image 2.16.0
square of 18 x 18
  edges of one pixel: prewitt 0 sobel 4 kirsch 70 roberts 68 log 56 canny 72
  nothinning: prewitt 140 sobel 140 kirsch 138 roberts 72
the same, grey around it
  edges of one pixel: prewitt 72 sobel 72 kirsch 72 roberts 8 log 72 canny 70
  nothinning: prewitt 76 sobel 80 kirsch 145 roberts 144
a seven of two bars
  edges of one pixel: prewitt 2 sobel 8 kirsch 69 roberts 66 log 28 canny 73
  nothinning: prewitt 126 sobel 126 kirsch 70 roberts 66
END
