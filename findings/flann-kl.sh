#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FLANN 1.9.2 (Debian 12 and 13): flann_find_nearest_neighbors() finds the rows p nearest to a query
# q by one of several distances; FLANN_DIST_KULLBACK_LEIBLER is the divergence of histograms.
# Expected: one of the two, sum q log(q / p) or sum p log(p / q), never below 0, and that
# FLANN_INDEX_LINEAR and FLANN_INDEX_KDTREE_SINGLE, both of them exact, find the same rows at the
# same distances.
# What happens: the linear index works out the divergence of the row from the query, the tree that
# of the query from the row, and the two have other nearest neighbours.  And a bin that is 0 on
# either side counts nothing.  So a row that has nothing in common with the query is at 0, like its
# equal, and a row of which half lies elsewhere is nearer than both, at -0.347.  Success is
# reported, and the manual only names the distance.
. "$(dirname "$0")/unpack.bash"

cat >"$here/divergence.c" <<'END'
#include <flann/flann.h>
#include <math.h>
#include <stdio.h>

enum { ROWS = 2, BINS = 4 };

static double divergence(const float *p, const float *q)
{
    double sum = 0;
    for (int j = 0; j < BINS; j++)
        sum += p[j] > 0 ? p[j] * log(p[j] / q[j]) : 0;
    return sum;
}

static void look(const char *name, float rows[ROWS][BINS], float *query)
{
    printf("%s\n", name);
    for (int i = 0; i < ROWS; i++)
        printf("  row %d: of the row from the query %.3f, of the query from the row %.3f\n", i,
               divergence(rows[i], query), divergence(query, rows[i]));
    flann_set_distance_type(FLANN_DIST_KULLBACK_LEIBLER, 0);
    for (int tree = 0; tree < 2; tree++) {
        struct FLANNParameters how = DEFAULT_FLANN_PARAMETERS;
        float away;
        int index;
        how.algorithm = tree ? FLANN_INDEX_KDTREE_SINGLE : FLANN_INDEX_LINEAR;
        how.checks = FLANN_CHECKS_UNLIMITED;
        const int rc = flann_find_nearest_neighbors_float(rows[0], ROWS, BINS, query, 1, &index,
                                                          &away, 1, &how);
        printf("  %s: success %d, row %d at %.3f\n", tree ? "tree" : "linear", !rc, index, away);
    }
}

int main(void)
{
    float query[] = { 0.5, 0.25, 0.125, 0.125 }, black[] = { 1, 0, 0, 0 };
    float rows[ROWS][BINS] = { { 0.75, 0.1875, 0.03125, 0.03125 }, { 0.25, 0.25, 0.375, 0.125 } };
    float half[ROWS][BINS] = { { 0.5, 0.25, 0.25, 0 }, { 1, 0, 0, 0 } };
    float apart[ROWS][BINS] = { { 0.75, 0.25, 0, 0 }, { 0, 0, 0, 1 } };
    printf("FLANN %s\n", FLANN_VERSION_);
    look("two rows", rows, query);
    look("half of row 0 is elsewhere, row 1 equals the query", half, black);
    look("row 1 has no bin in common with the query", apart, black);
    return 0;
}
END
look() {
    mkdir -p "$here/include"
    ln -sfn "$root/usr/include/flann" "$here/include/flann"
    gcc -I "$here/include" "$here/divergence.c" -o "$here/divergence" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libflann.so -lm
    inside "$here/divergence"
}

unpack bookworm libflann-dev=1.9.2+dfsg-1+deb12u1
look >"$here/seen"
unpack trixie libflann-dev=1.9.2+dfsg-2+b2
look >>"$here/seen"
as_before_on 'FLANN 1.9.2' 'FLANN 1.9.2' <<'END'
two rows
  row 0: of the row from the query 0.164, of the query from the row 0.216
  row 1: of the row from the query 0.239, of the query from the row 0.209
  linear: success 1, row 0 at 0.164
  tree: success 1, row 1 at 0.209
half of row 0 is elsewhere, row 1 equals the query
  row 0: of the row from the query inf, of the query from the row 0.693
  row 1: of the row from the query 0.000, of the query from the row 0.000
  linear: success 1, row 0 at -0.347
  tree: success 1, row 1 at 0.000
row 1 has no bin in common with the query
  row 0: of the row from the query inf, of the query from the row 0.288
  row 1: of the row from the query inf, of the query from the row inf
  linear: success 1, row 0 at -0.216
  tree: success 1, row 1 at 0.000
END
