#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mclustcomp 0.3.3 (Debian 12 and 13), a package of R: mclustcomp(x, y, types = "f") compares two
# clusterings by the F-measure, for which the manual has Larsen and Aone (1999), and by others.
# Expected: sum over clusters i of x of (size of i) / n times the greatest F of i and a cluster j of
# y, F being 2 * (rows in both) / (size of i + size of j): 1 for the same clusters, less for others.
# What happens: it is worked out from the sizes of clusters alone, and where each row belongs is not
# looked at.  The same clusters get 2.85, and so does any other division into clusters of the same
# sizes, even one that tears all of them apart; everything in one cluster is the best of all with
# more than 4.  So the number of clusters that this measure chooses is always 1, whatever the rows.
# The adjusted Rand index, mutual information and so on, from the same call, are right.
. "$(dirname "$0")/unpack.bash"

cat >"$here/f.R" <<'END'
suppressWarnings(library(mclustcomp))
cat("mclustcomp", format(packageVersion("mclustcomp")), "\n")
by_hand <- function(x, y) {
    both <- table(x, y)
    f <- 2 * both / outer(rowSums(both), colSums(both), "+")
    sum(rowSums(both) / sum(both) * apply(f, 1, max))
}
x <- c(1, 1, 1, 2, 2, 3, 3, 3)
show <- function(name, y) {
    score <- suppressWarnings(mclustcomp(x, y, types = c("f", "adjrand", "nmi1")))
    value <- function(type) score$scores[score$types == type]
    cat(sprintf("%-28s f %.3f, by hand %.3f, adjrand %6.3f, nmi1 %.3f\n", name, value("f"),
                by_hand(x, y), value("adjrand"), value("nmi1")))
}
show("the same", x)
show("the same by other names", c(3, 3, 3, 1, 1, 2, 2, 2))
show("two of eight rows moved", c(1, 1, 2, 2, 2, 3, 3, 1))
show("all torn apart", c(1, 2, 3, 1, 2, 1, 2, 3))
show("the last two in one", c(1, 1, 1, 2, 2, 2, 2, 2))
show("all in one", rep(1, 8))
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/f.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-mclustcomp=0.3.3-2
look >"$here/seen"
unpack trixie r-cran-mclustcomp=0.3.3-2
look >>"$here/seen"
as_before_on 'mclustcomp 0.3.3' 'mclustcomp 0.3.3' <<'END'
the same                     f 2.850, by hand 1.000, adjrand  1.000, nmi1 1.000
the same by other names      f 2.850, by hand 1.000, adjrand  1.000, nmi1 1.000
two of eight rows moved      f 2.850, by hand 0.750, adjrand  0.238, nmi1 0.559
all torn apart               f 2.850, by hand 0.400, adjrand -0.333, nmi1 0.078
the last two in one          f 3.527, by hand 0.799, adjrand  0.556, nmi1 0.782
all in one                   f 4.073, by hand 0.509, adjrand  0.000, nmi1 0.000
END
