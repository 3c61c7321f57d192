#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# FLANN 1.9.2 (Debian 12 and 13): flann_find_nearest_neighbors() finds the rows nearest to a query
# by one of several distances of histograms; FLANN_DIST_HIST_INTERSECT is the intersection of Swain
# and Ballard (1991), the sum of the lesser of each two bins.
# Expected: as with the other distances, a row that equals the query is found first, and one that
# has nothing in common with it last, whether the intersection is negated or taken from 1.
# What happens: the intersection itself is taken for the distance, so what is alike is far.  The row
# that has nothing in common with the query is its nearest neighbour, at 0, and its equal is the
# last of all, at 1: k nearest neighbours vote for the least likely class.  So it is with an
# exhaustive search and with trees.  Success is reported, and the manual only names the distance.
. "$(dirname "$0")/unpack.bash"

cat >"$here/neighbours.c" <<'END'
#include <flann/flann.h>
#include <stdio.h>

enum { ROWS = 4, BINS = 4 };

static void look(const char *name, enum flann_distance_t distance)
{
    static const char *const rows[ROWS] = { "disjoint", "unlike", "equal", "alike" };
    float set[ROWS * BINS] = { 0,    0,    0,    1,     0.125, 0.125, 0.5,  0.25,
                               0.5,  0.25, 0.25, 0,     0.375, 0.375, 0.25, 0 };
    float query[BINS] = { 0.5, 0.25, 0.25, 0 };
    for (int tree = 0; tree < 2; tree++) {
        struct FLANNParameters how = DEFAULT_FLANN_PARAMETERS;
        int index[ROWS];
        float away[ROWS];
        how.algorithm = tree ? FLANN_INDEX_KDTREE_SINGLE : FLANN_INDEX_LINEAR;
        how.checks = FLANN_CHECKS_UNLIMITED;
        flann_set_distance_type(distance, 0);
        printf("%s, %s, success %d:", name, tree ? "tree" : "exhaustive",
               !flann_find_nearest_neighbors_float(set, ROWS, BINS, query, 1, index, away, ROWS,
                                                   &how));
        for (int i = 0; i < ROWS; i++)
            printf(" %s %.3f", rows[index[i]], away[i]);
        printf("\n");
    }
}

int main(void)
{
    printf("FLANN %s\n", FLANN_VERSION_);
    look("Manhattan", FLANN_DIST_MANHATTAN);
    look("Hellinger", FLANN_DIST_HELLINGER);
    look("chi-square", FLANN_DIST_CHI_SQUARE);
    look("intersection", FLANN_DIST_HIST_INTERSECT);
    return 0;
}
END
look() {
    mkdir -p "$here/include"
    ln -sfn "$root/usr/include/flann" "$here/include/flann"
    gcc -I "$here/include" "$here/neighbours.c" -o "$here/neighbours" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libflann.so
    inside "$here/neighbours"
}

unpack bookworm libflann-dev=1.9.2+dfsg-1+deb12u1
look >"$here/seen"
unpack trixie libflann-dev=1.9.2+dfsg-2+b2
look >>"$here/seen"
as_before_on 'FLANN 1.9.2' 'FLANN 1.9.2' <<'END'
Manhattan, exhaustive, success 1: equal 0.000 alike 0.250 unlike 1.000 disjoint 2.000
Manhattan, tree, success 1: equal 0.000 alike 0.250 unlike 1.000 disjoint 2.000
Hellinger, exhaustive, success 1: equal 0.000 alike 0.022 unlike 0.439 disjoint 2.000
Hellinger, tree, success 1: equal 0.000 alike 0.022 unlike 0.439 disjoint 2.000
chi-square, exhaustive, success 1: equal 0.000 alike 0.043 unlike 0.600 disjoint 2.000
chi-square, tree, success 1: equal 0.000 alike 0.043 unlike 0.600 disjoint 2.000
intersection, exhaustive, success 1: disjoint 0.000 unlike 0.500 alike 0.875 equal 1.000
intersection, tree, success 1: disjoint 0.000 unlike 0.500 alike 0.875 equal 1.000
END
