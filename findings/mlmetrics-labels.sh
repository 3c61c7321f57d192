#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# MLmetrics 1.1.1 (Debian 12) and 1.1.3 (Debian 13), a package of R: MultiLogLoss(p, class) is the
# mean of -log(probability of the right class) over rows; p has a column for each class, class has
# numbers or a factor.
# Expected: column k is class k, or the k-th level of the factor; near 0 for answers that are sure
# and right, the same if all classes are numbered from 1 instead of from 0.
# What happens: classes are turned into text and the columns taken in the order of the text: 1, 10,
# 2, 3 and so on.  Of ten digits as 0 to 9 nothing shows; as 1 to 10, as R numbers them, nine
# of ten classes are looked up in another's column, and an answer that is right all over is worth
# the loss of one that is sure and wrong, worse than a guess.  A factor's own order of levels is
# lost in the same way.  No warning; a matrix of 0 and 1 instead of the classes is taken right.
. "$(dirname "$0")/unpack.bash"

cat >"$here/labels.R" <<'END'
suppressMessages(library(MLmetrics))
cat("MLmetrics", format(packageVersion("MLmetrics")), "\n")
show <- function(name, p, class, column)
    cat(sprintf("%-44s MultiLogLoss %6.3f, by hand %.3f\n", name, MultiLogLoss(p, class),
                -mean(log(p[cbind(seq_len(nrow(p)), column)]))))
for (n in 9:11) {
    k <- rep(1:n, 2)
    sure <- matrix(0.01 / (n - 1), 2 * n, n)
    sure[cbind(1:(2 * n), k)] <- 0.99
    show(sprintf("%d classes, right, from 0", n), sure, k - 1, k)
    show(sprintf("%d classes, right, from 1", n), sure, k, k)
}
show("11 classes, a guess, from 1", matrix(1 / 11, 22, 11), rep(1:11, 2), rep(1:11, 2))
answers <- matrix(c(.8, .1, .1, .1, .7, .2, .2, .2, .6), 3, byrow = TRUE)
size <- factor(c("small", "middle", "large"), levels = c("small", "middle", "large"))
show("factor of small, middle, large", answers, size, as.integer(size))
one_of <- diag(11)[rep(1:11, 2), ]
cat(sprintf("11 classes, right, as a matrix of 0 and 1: %.3f\n", MultiLogLoss(sure, one_of)))
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/labels.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-mlmetrics=1.1.1-3
look >"$here/seen"
unpack trixie r-cran-mlmetrics=1.1.3-1
look >>"$here/seen"
as_before_on 'MLmetrics 1.1.1' 'MLmetrics 1.1.3' <<'END'
9 classes, right, from 0                     MultiLogLoss  0.010, by hand 0.010
9 classes, right, from 1                     MultiLogLoss  0.010, by hand 0.010
10 classes, right, from 0                    MultiLogLoss  0.010, by hand 0.010
10 classes, right, from 1                    MultiLogLoss  6.123, by hand 0.010
11 classes, right, from 0                    MultiLogLoss  5.654, by hand 0.010
11 classes, right, from 1                    MultiLogLoss  6.281, by hand 0.010
11 classes, a guess, from 1                  MultiLogLoss  2.398, by hand 2.398
factor of small, middle, large               MultiLogLoss  1.423, by hand 0.364
11 classes, right, as a matrix of 0 and 1: 0.010
END
