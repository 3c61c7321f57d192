#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kernlab 0.9-32 (Debian 12) and 0.9-33 (Debian 13), a package of R: kernelPol(kernel, x, y, z, k)
# is the kernel matrix of x and y with each element times z and k of its two rows, as quadratic
# programs need it.
# Expected: the same shape for every kernel, a row for each of x and a column for each of y.
# What happens: that goes for rbfdot, laplacedot and anovadot; polydot, vanilladot, splinedot and
# tanhdot return the transpose.  With as many rows in y as in x nothing shows: another kernel, and
# the numbers are in each other's places.  Without y the matrix is symmetric and right.  The
# manual does not tell kernels apart, and there is no warning.
. "$(dirname "$0")/unpack.bash"

cat >"$here/pol.R" <<'END'
library(kernlab)
cat("kernlab", format(packageVersion("kernlab")), "\n")
x <- matrix(c(0, 1, 2, 3, 1, 0, 3, 2) / 4, 4)
y <- matrix(c(1, 2, 0, 3, 1, 2) / 4, 3)
z <- c(1, -1, 2, 1)
k <- c(1, 3, -2)
show <- function(name, kernel) {
    both <- outer(1:4, 1:3, Vectorize(function(i, j) z[i] * k[j] * kernel(x[i, ], y[j, ])[1]))
    got <- kernelPol(kernel, x, y, z, k)
    square <- kernelPol(kernel, x[1:3, ], y, z[1:3], k)
    cat(format(name, width = 12), "of 4 and 3 rows:", dim(got), ", of 3 and 3 rows:",
        if (max(abs(square - both[1:3, ])) < 1e-9) "as expected"
        else if (max(abs(t(square) - both[1:3, ])) < 1e-9) "transposed" else "else", "\n")
}
show("rbfdot", rbfdot(0.7))
show("laplacedot", laplacedot(0.7))
show("anovadot", anovadot(0.7, 2))
show("polydot", polydot(2, 1.5, 0.3))
show("vanilladot", vanilladot())
show("splinedot", splinedot())
show("tanhdot", tanhdot(0.5, 0.1))
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/pol.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-kernlab=0.9-32-1
look >"$here/seen"
unpack trixie r-cran-kernlab=0.9-33-1
look >>"$here/seen"
as_before_on 'kernlab 0.9.32' 'kernlab 0.9.33' <<'END'
rbfdot       of 4 and 3 rows: 4 3 , of 3 and 3 rows: as expected
laplacedot   of 4 and 3 rows: 4 3 , of 3 and 3 rows: as expected
anovadot     of 4 and 3 rows: 4 3 , of 3 and 3 rows: as expected
polydot      of 4 and 3 rows: 3 4 , of 3 and 3 rows: transposed
vanilladot   of 4 and 3 rows: 3 4 , of 3 and 3 rows: transposed
splinedot    of 4 and 3 rows: 3 4 , of 3 and 3 rows: transposed
tanhdot      of 4 and 3 rows: 3 4 , of 3 and 3 rows: transposed
END
