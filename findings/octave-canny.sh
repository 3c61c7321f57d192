#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The image package 2.16.0 of Octave (Debian 13; 2.14.0 of Debian 12 does the same): edge(image,
# "canny", thresholds, sigma) blurs by a Gaussian and keeps the pixels where the gradient is at its
# greatest; "log" is the other detector that has a sigma.
# Expected: a light bar whose left and right sides are one column of grey each has its edges at
# these columns, whatever sigma is, and the edges of its mirror image are the mirror images.
# What happens: the Gaussian has 8 * ceil(sigma) weights, an even number without a middle one, which
# moves the image by half a pixel up and to the left.  The greatest gradient then lies between two
# pixels that have it alike, and rounding decides: here one side is found at its column and the
# other a column before, and in the mirror image it is the other way around.  With one weight more
# both are where they belong.  LoG is the same on both sides.  The manual has no word on it.
. "$(dirname "$0")/unpack.bash"

cat >"$here/canny.m" <<'END'
printf("image %s\n", regexp(which("edge"), 'image-([0-9.]+)', "tokens"){1}{1});
profile = zeros(1, 60);
profile([20, 41]) = 0.4;
profile(21:40) = 0.8;
bar = repmat(profile, 60, 1);
printf("a bar with grey sides at columns 20 and 41\n");
function columns = found(marked)
    [~, columns] = find(marked(20:40, :));
    columns = sprintf(" %d", unique(columns));
end
for sigma = 1:3
    printf("sigma %d\n  log%s, canny%s,", sigma, found(edge(bar, "log", [], sigma)),
           found(edge(bar, "canny", [], sigma)));
    printf(" of the mirror image, turned back,%s\n",
           found(fliplr(edge(fliplr(bar), "canny", [], sigma))));
    odd = fspecial("gaussian", [1, 8 * sigma + 1], sigma);
    blurred = imfilter(imfilter(bar, odd, "replicate"), odd', "replicate");
    gradient = abs(blurred(30, 3:end) - blurred(30, 1:end-2));
    peak = find(gradient(2:end-1) > gradient(1:end-2) & gradient(2:end-1) > gradient(3:end)) + 2;
    printf("  greatest gradients, one weight more:%s\n", sprintf(" %d", peak));
end
END

unpack trixie octave-image=2.16.0-2 octave=9.4.0-1
folders=$(find "$root" -path '*/octave/packages/image-*' -type d ! -name private \
               ! -name '@*' -printf "'%p',")
OCTAVE_HOME=$root/usr inside "$root/usr/bin/octave-cli" --no-history --norc --quiet --eval \
    "warning off; addpath(${folders%,}); source $here/canny.m" >"$here/seen" \
    2>"$here/errors" ||
    cat "$here/errors"
as_before <<'END'
image 2.16.0
a bar with grey sides at columns 20 and 41
sigma 1
  log 19 42, canny 20 40, of the mirror image, turned back, 21 41
  greatest gradients, one weight more: 20 41
sigma 2
  log 19 42, canny 20 40, of the mirror image, turned back, 21 41
  greatest gradients, one weight more: 20 41
sigma 3
  log 19 42, canny 20 40, of the mirror image, turned back, 21 41
  greatest gradients, one weight more: 20 41
END
