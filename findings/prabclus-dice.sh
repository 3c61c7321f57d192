#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# prabclus 2.3.2 (Debian 12) and 2.3.4 (Debian 13), a package of R for clusters of columns of 0 and
# 1: dicedist() is 1 less the coincidence index of Dice, 2 a / (2 a + b + c) for a ones that two
# columns share and b and c that one of them has alone.
# Expected: 0 for two columns that are the same, 1 for two that share nothing; with the Jaccard
# distance j, from the same package, it is j / (2 - j), so that both have one order of pairs.
# What happens: the ones that are shared count a third time, below the line: 2 a / (3 a + b + c).
# Two columns that are the same are 1/3 apart from each other, though the diagonal says 0, and no
# two columns are nearer.  Cut at a height below 1/3 a tree keeps copies of one column apart;
# jaccard() and kulczynski() have them at 0.  The manual has this formula in words, with "present
# in at least one" for b + c, as Dice's.
. "$(dirname "$0")/unpack.bash"

cat >"$here/dice.R" <<'END'
suppressMessages(library(prabclus))
cat("prabclus", format(packageVersion("prabclus")), "\n")
columns <- cbind(c(1, 0, 1, 1), c(1, 0, 1, 1), c(0, 0, 1, 1), c(1, 1, 1, 1), c(0, 1, 0, 0))
dice <- dicedist(columns)
j <- jaccard(columns)
k <- kulczynski(columns)
cat("dicedist of the first column to itself:", dice[1, 1], "\n")
for (i in 2:5) {
    a <- sum(columns[, 1] * columns[, i])
    one <- sum(columns[, 1] != columns[, i])
    cat(sprintf("%s and %s: dicedist %.3f, by hand %.3f, jaccard %.3f, kulczynski %.3f\n",
                paste(columns[, 1], collapse = ""), paste(columns[, i], collapse = ""),
                dice[1, i], 1 - 2 * a / (2 * a + one), j[1, i], k[1, i]))
}
groups <- function(distance) cutree(hclust(as.dist(distance), "average"), h = 0.3)
cat("clusters of the five columns at 0.3: dicedist", groups(dice), ", jaccard", groups(j), "\n")
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/dice.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-prabclus=2.3-2-2
look >"$here/seen"
unpack trixie r-cran-prabclus=2.3-4-1
look >>"$here/seen"
as_before_on 'prabclus 2.3.2' 'prabclus 2.3.4' <<'END'
dicedist of the first column to itself: 0
1011 and 1011: dicedist 0.333, by hand 0.000, jaccard 0.000, kulczynski 0.000
1011 and 0011: dicedist 0.429, by hand 0.200, jaccard 0.333, kulczynski 0.167
1011 and 1111: dicedist 0.400, by hand 0.143, jaccard 0.250, kulczynski 0.125
1011 and 0100: dicedist 1.000, by hand 1.000, jaccard 1.000, kulczynski 1.000
clusters of the five columns at 0.3: dicedist 1 2 3 4 5 , jaccard 1 1 2 1 3
END
