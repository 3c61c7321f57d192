#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# proxy 0.4-27 (Debian 12 and 13), a package of R: dist(x, y, method) has some fifty distances, for
# which summary(pr_DB) shows formulas.  Those of histograms are, among others, "Soergel", the sum of
# |x_i - y_i| over the sum of max{x_i, y_i}, and "Wave", the sum of 1 - min(x_i, y_i) / max(x_i, y_i).
# Expected: what the formulas say: 0 of a row to itself, and Soergel never above 1; it is 1 less the
# fuzzy Jaccard index, which is there as well, as "fJaccard".
# What happens: the least and the greatest are looked for over both rows as a whole, not feature by
# feature.  So Wave is 1 - least / greatest value of all, for a row and itself, too, whatever the
# order of its values.  Soergel divides by one value instead of a sum and gets to 2.  Nearest
# neighbours by Wave are any row, and a threshold for Soergel means another thing for each pair.  No
# warning.
. "$(dirname "$0")/unpack.bash"

cat >"$here/wave.R" <<'END'
suppressMessages(library(proxy))
cat("proxy", format(packageVersion("proxy")), "\n")
for (method in c("Wave", "Soergel"))
    cat(method, "as documented:", pr_DB$get_entry(method)$formula, "\n")
query <- c(1, 2, 3, 4) / 10
rows <- rbind("itself" = query, "a little moved" = c(1, 2, 4, 3) / 10,
              "turned around" = c(4, 3, 2, 1) / 10, "flat" = rep(1, 4) / 4,
              "flat, one bin empty" = c(1, 1, 1, 0) / 3)
got <- function(method) as.vector(proxy::dist(rows, rbind(query), method = method))
less <- apply(rows, 1, function(row) sum(pmin(row, query)))
more <- apply(rows, 1, function(row) sum(pmax(row, query)))
by_hand <- apply(rows, 1, function(row) sum(1 - pmin(row, query) / pmax(row, query)))
cat(sprintf("%-20s Wave %.3f, by hand %.3f; Soergel %.3f, by hand %.3f, fJaccard %.3f\n",
            rownames(rows), got("Wave"), by_hand, got("Soergel"), (more - less) / more,
            got("fJaccard")), sep = "")
END
look() {
    EDITOR=vi PAGER=cat R_HOME=$root/usr/lib/R R_LIBS=$root/usr/lib/R/site-library \
        R_SHARE_DIR=$root/usr/share/R/share inside "$root/usr/lib/R/bin/exec/R" --no-echo \
        --vanilla --file="$here/wave.R" | sed '/Renviron/d; s/ *$//'
}

unpack bookworm r-cran-proxy=0.4-27-1
look >"$here/seen"
unpack trixie r-cran-proxy=0.4-27-1
look >>"$here/seen"
as_before_on 'proxy 0.4.27' 'proxy 0.4.27' <<'END'
Wave as documented: sum_i (1 - min(x_i, y_i) / max(x_i, y_i))
Soergel as documented: sum_i |x_i - y_i| / sum_i max{x_i, y_i}
itself               Wave 0.750, by hand 0.000; Soergel 0.000, by hand 0.000, fJaccard 0.000
a little moved       Wave 0.750, by hand 0.500; Soergel 0.500, by hand 0.182, fJaccard 0.182
turned around        Wave 0.750, by hand 2.167; Soergel 2.000, by hand 0.571, fJaccard 0.571
flat                 Wave 0.750, by hand 1.342; Soergel 1.000, by hand 0.333, fJaccard 0.333
flat, one bin empty  Wave 1.000, by hand 2.200; Soergel 2.000, by hand 0.571, fJaccard 0.571
END
