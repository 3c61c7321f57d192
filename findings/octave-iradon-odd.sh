#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The image package 2.16.0 of Octave (Debian 13; 2.14.0 of Debian 12 does the same): radon()
# projects an image at some angles, iradon() makes it again by filtered back-projection.
# Expected: what was at a pixel is there again, whatever the size of the image.
# What happens: that holds if the number of rows is even.  If it is odd all comes back one row
# higher than it was, since iradon() counts rows, but not columns, from another centre than radon()
# does.  So a digit of 29 x 29 differs twice as much from what comes back as a copy that is moved up
# by a row, and one of 28 x 28 half as much as such a copy.  The manual says nothing of it.
. "$(dirname "$0")/unpack.bash"

cat >"$here/iradon.m" <<'END'
printf("image %s\n", regexp(which("iradon"), 'image-([0-9.]+)', "tokens"){1}{1});
for side = [28, 29, 32, 33]
    printf("%d x %d: a point and where it comes back", side, side);
    for at = [10, 20; 16, 16; 20, 9]'
        point = zeros(side);
        point(at(1), at(2)) = 1;
        again = iradon(radon(point, 0:179), 0:179, "linear", "Ram-Lak", 1, side);
        [~, brightest] = max(again(:));
        [row, column] = ind2sub(size(again), brightest);
        printf(" (%d, %d): (%d, %d)", at, row, column);
    end
    seven = zeros(side);
    seven(6:9, 7:21) = 1;
    seven(10:23, 17:20) = 1;
    again = iradon(radon(seven, 0:179), 0:179, "linear", "Ram-Lak", 1, side);
    up = seven([2:end, 1], :);
    rms = @(difference) sqrt(mean(difference(:) .^ 2));
    printf("\n  what comes back differs from a seven by %.2f, from it one row up by %.2f\n",
           rms(seven - again), rms(up - again));
end
END

unpack trixie octave-image=2.16.0-2 octave=9.4.0-1
folders=$(find "$root" -path '*/octave/packages/image-*' -type d ! -name private \
               ! -name '@*' -printf "'%p',")
OCTAVE_HOME=$root/usr inside "$root/usr/bin/octave-cli" --no-history --norc --quiet --eval \
    "warning off; addpath(${folders%,}); source $here/iradon.m" >"$here/seen" \
    2>"$here/errors" ||
    cat "$here/errors"
as_before <<'END'
image 2.16.0
28 x 28: a point and where it comes back (10, 20): (10, 20) (16, 16): (16, 16) (20, 9): (20, 9)
  what comes back differs from a seven by 0.08, from it one row up by 0.17
29 x 29: a point and where it comes back (10, 20): (9, 20) (16, 16): (15, 16) (20, 9): (19, 9)
  what comes back differs from a seven by 0.17, from it one row up by 0.07
32 x 32: a point and where it comes back (10, 20): (10, 20) (16, 16): (16, 16) (20, 9): (20, 9)
  what comes back differs from a seven by 0.07, from it one row up by 0.15
33 x 33: a point and where it comes back (10, 20): (9, 20) (16, 16): (15, 16) (20, 9): (19, 9)
  what comes back differs from a seven by 0.14, from it one row up by 0.06
END
