#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kernlab 0.9-32 (Debian 12) and 0.9-33 (Debian 13), a package of R: kernelMult(kernel, x, y, z) is
# the kernel matrix of x and y times z, block by block, without keeping the matrix; what a kernel
# machine scores new rows by.
# Expected: kernelMatrix(kernel, x, y) %*% z, whatever the kernel.
# What happens: where there is a y, anovadot(sigma, degree) raises each exponential to the degree,
# not their sum, which is another kernel if the degree is not 1.  Without y, of x and x, it is
# right, as are kernelMatrix() and kernelPol(), so that a machine is trained with one kernel and
# scores with another.  The other kernels are right.  No warning.
. "$(dirname "$0")/unpack.bash"

cat >"$here/mult.R" <<'END'
library(kernlab)
cat("kernlab", format(packageVersion("kernlab")), "\n")
x <- matrix(c(0, 1, 2, 3, 1, 0, 3, 2) / 4, 4)
y <- matrix(c(1, 2, 0, 3, 1, 2) / 4, 3)
show <- function(name, kernel) {
    line <- function(what, v) cat("  ", format(what, width = 24), sprintf(" %7.4f", v), "\n")
    cat(name, "\n")
    line("kernelMatrix(x, y) %*% z", kernelMatrix(kernel, x, y) %*% c(1, -1, 2))
    line("kernelMult(x, y, z)", kernelMult(kernel, x, y, c(1, -1, 2)))
    line("kernelMatrix(x) %*% z", kernelMatrix(kernel, x) %*% c(1, -1, 2, 1))
    line("kernelMult(x, , z)", kernelMult(kernel, x, NULL, c(1, -1, 2, 1)))
}
show("polynomial of degree 3", polydot(3, 1, 0.5))
show("ANOVA of degree 1", anovadot(2, 1))
show("ANOVA of degree 2", anovadot(2, 2))
show("ANOVA of degree 1, twice the sigma", anovadot(4, 1))
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/mult.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-kernlab=0.9-32-1
look >"$here/seen"
unpack trixie r-cran-kernlab=0.9-33-1
look >>"$here/seen"
as_before_on 'kernlab 0.9.32' 'kernlab 0.9.33' <<'END'
polynomial of degree 3
   kernelMatrix(x, y) %*% z   0.6353   0.1838   2.1904   1.0432
   kernelMult(x, y, z)        0.6353   0.1838   2.1904   1.0432
   kernelMatrix(x) %*% z      0.9470   0.7603   6.5559   6.0864
   kernelMult(x, , z)         0.9470   0.7603   6.5559   6.0864
ANOVA of degree 1
   kernelMatrix(x, y) %*% z   3.6475   2.5377   3.2540   2.3733
   kernelMult(x, y, z)        3.6475   2.5377   3.2540   2.3733
   kernelMatrix(x) %*% z      3.8683   3.3924   5.7709   5.5241
   kernelMult(x, , z)         3.8683   3.3924   5.7709   5.5241
ANOVA of degree 2
   kernelMatrix(x, y) %*% z   6.7239   3.0739   5.3973   2.6114
   kernelMult(x, y, z)        3.3364   1.8412   2.7043   1.7999
   kernelMatrix(x) %*% z      5.2850   3.5011  11.1295  10.2161
   kernelMult(x, , z)         5.2850   3.5011  11.1295  10.2161
ANOVA of degree 1, twice the sigma
   kernelMatrix(x, y) %*% z   3.3364   1.8412   2.7043   1.7999
   kernelMult(x, y, z)        3.3364   1.8412   2.7043   1.7999
   kernelMatrix(x) %*% z      2.7981   2.0618   5.4092   5.2636
   kernelMult(x, , z)         2.7981   2.0618   5.4092   5.2636
END
