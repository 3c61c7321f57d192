#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# waveslim 1.8.4 (Debian 12) and 1.8.5 (Debian 13), a package of R: dwt() and modwt() transform by
# any wavelet that wave.filter() knows by name, idwt() and imodwt() go back; dwt.2d() does images.
# Expected: what comes back is what was put in, but for rounding, as from all of "haar", "d4", "la8"
# and so on, which are orthogonal, and by a second pair of filters from "bs3.1", a biorthogonal
# spline, for which wave.filter() holds such a pair.
# What happens: "bs3.1" and "w4" are taken for orthogonal and go back by the filters that they came
# by.  A lone pixel of 100 comes back as 62.5, with two others of 18.75, or as 31.25.  The second
# pair is used nowhere, and its low-pass filter sums up to 0, as a high-pass filter does.  No
# warning, and the manual tells no name from another.
. "$(dirname "$0")/unpack.bash"

cat >"$here/dual.R" <<'END'
suppressMessages(library(waveslim))
cat("waveslim", format(packageVersion("waveslim")), "\n")
x <- c(0, 0, 0, 100, 0, 0, 0, 0)
image <- outer(x, c(0, 1, 1, 0, 0, 0, 1, 0))
for (name in c("haar", "d4", "la8", "bs3.1", "w4")) {
    there_and_back <- list(dwt = idwt(dwt(x, name, 1)), modwt = imodwt(modwt(x, name, 1)))
    for (transform in names(there_and_back))
        cat(format(name, width = 6), format(transform, width = 6),
            sprintf("%7.3f", round(there_and_back[[transform]], 3) + 0), "\n")
    off <- max(abs(idwt.2d(dwt.2d(image, name, 1)) - image))
    cat(format(name, width = 6), "dwt.2d of strokes of 100: off by", sprintf("%.3f", off), "\n")
}
cat("sums of bs3.1's filters:", sapply(wave.filter("bs3.1")[c("lpf", "hpf", "dlpf", "dhpf")],
                                     function(f) sprintf("%.3f", abs(sum(f)))), "\n")
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/dual.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-waveslim=1.8.4-1
look >"$here/seen"
unpack trixie r-cran-waveslim=1.8.5-1
look >>"$here/seen"
as_before_on 'waveslim 1.8.4' 'waveslim 1.8.5' <<'END'
haar   dwt      0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
haar   modwt    0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
haar   dwt.2d of strokes of 100: off by 0.000
d4     dwt      0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
d4     modwt    0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
d4     dwt.2d of strokes of 100: off by 0.000
la8    dwt      0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
la8    modwt    0.000   0.000   0.000 100.000   0.000   0.000   0.000   0.000
la8    dwt.2d of strokes of 100: off by 0.000
bs3.1  dwt      0.000  18.750   0.000  62.500   0.000  18.750   0.000   0.000
bs3.1  modwt    0.000  18.750   0.000  62.500   0.000  18.750   0.000   0.000
bs3.1  dwt.2d of strokes of 100: off by 60.938
w4     dwt      0.000   0.000 -18.750  31.250   0.000   0.000   0.000   0.000
w4     modwt    0.000   0.000  -9.375  31.250  -9.375   0.000   0.000   0.000
w4     dwt.2d of strokes of 100: off by 90.234
sums of bs3.1's filters: 1.414 0.000 0.000 0.000
END
