#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# MLmetrics 1.1.1 (Debian 12) and 1.1.3 (Debian 13), a package of R: PRAUC() is the area under the
# curve of precision over recall, AUC() that under the ROC curve.
# Expected: 1 where all positive rows have higher scores than all others, as AUC() has it.
# What happens: the precision of the first threshold, at which no row is called positive, is 0 / 0,
# and the point is left out, and with it the area up to the recall of the next one.  So a faultless
# answer is worth 1 - 1 / (number of positive rows): 0 with one of them, 0.9 with ten.  Rows that
# share the highest score count as nothing, so that faultless answers of 0 and 1 get 0, however many
# there are, and one that puts a false row before the only positive one gets more.  No warning.
. "$(dirname "$0")/unpack.bash"

cat >"$here/prauc.R" <<'END'
suppressMessages(library(MLmetrics))
cat("MLmetrics", format(packageVersion("MLmetrics")), "\n")
average_precision <- function(score, positive) {
    ranked <- positive[order(-score)]
    sum((cumsum(ranked) / seq_along(ranked))[ranked == 1]) / sum(ranked)
}
show <- function(name, score, positive)
    cat(sprintf("%-48s AUC %.3f, PRAUC %.3f, average precision %.3f\n", name,
                AUC(score, positive), PRAUC(score, positive), average_precision(score, positive)))
for (n in c(1, 2, 10, 100))
    show(sprintf("faultless, %d positive of %d", n, 5 * n), (5 * n):1, rep(1:0, c(n, 4 * n)))
show("faultless, 0 or 1, 100 positive of 500", rep(1:0, c(100, 400)), rep(1:0, c(100, 400)))
show("one false at the top, 1 positive of 5", 5:1, c(0, 1, 0, 0, 0))
show("faultless, but one of 5 is at the end", 25:1, c(1, 1, 1, 1, rep(0, 20), 1))
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/prauc.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-mlmetrics=1.1.1-3
look >"$here/seen"
unpack trixie r-cran-mlmetrics=1.1.3-1
look >>"$here/seen"
as_before_on 'MLmetrics 1.1.1' 'MLmetrics 1.1.3' <<'END'
faultless, 1 positive of 5                       AUC 1.000, PRAUC 0.000, average precision 1.000
faultless, 2 positive of 10                      AUC 1.000, PRAUC 0.500, average precision 1.000
faultless, 10 positive of 50                     AUC 1.000, PRAUC 0.900, average precision 1.000
faultless, 100 positive of 500                   AUC 1.000, PRAUC 0.990, average precision 1.000
faultless, 0 or 1, 100 positive of 500           AUC 1.000, PRAUC 0.000, average precision 1.000
one false at the top, 1 positive of 5            AUC 0.750, PRAUC 0.250, average precision 0.500
faultless, but one of 5 is at the end            AUC 0.800, PRAUC 0.637, average precision 0.840
END
